#include "tests/actors/test_plans.hpp"

#include <atomic>
#include <map>
#include <set>

#include <unistd.h>

#include "flow/operator_factory.hpp"
#include "flow/row_codec.hpp"

namespace flow::test {

namespace {

/// The bytes and hash by which the state of a BIGINT key is filed, as the exchange hashes it.
std::string encode(std::int64_t key) {
  const row_codec codec({arrow::int64()});
  arrow::Int64Builder builder;
  (void)builder.Append(key);
  const std::vector<array> columns{builder.Finish().ValueOrDie()};
  byte_rows bytes;
  codec.encode(columns, 1, bytes);
  return std::string(bytes[0]);
}

std::int64_t decode(std::string_view key) {
  const row_codec codec({arrow::int64()});
  const std::vector<std::string_view> rows{key};
  return static_cast<const arrow::Int64Array&>(*codec.decode(rows)[0]).Value(0);
}

class totals : public stream_operator {
 public:
  void process(int, const batch& rows, emitter&) override {
    for (const auto& row : read_batch(*rows)) {
      totals_[row.key] += row.value;
      touched_.insert(row.key);
    }
  }
  void on_barrier(epoch, emitter& out) override {
    std::vector<event> changed;
    for (const auto key : touched_) changed.push_back({key, totals_[key], 0});
    if (!changed.empty()) out.emit(make_batch(changed));
  }
  void snapshot(epoch, state_delta& delta) override {
    for (const auto key : touched_) {
      const auto bytes = encode(key);
      delta.put(hash_bytes(bytes), bytes, std::to_string(totals_[key]));
    }
    touched_.clear();
  }
  void restore(const state_view& view) override {
    view.scan([&](std::string_view key, std::string_view value) {
      totals_[decode(key)] = std::stoll(std::string(value));
      return true;
    });
  }
  operator_metrics metrics() const override {
    operator_metrics m;
    m.rows_total = static_cast<std::int64_t>(totals_.size());
    m.rows_updated = static_cast<std::int64_t>(touched_.size());
    return m;
  }

 private:
  std::map<std::int64_t, std::int64_t> totals_;
  std::set<std::int64_t> touched_;
};

/// Holds rows until event time has passed them. Key of the state: the row's key and time; equal ones are counted.
class hold : public stream_operator {
 public:
  void process(int, const batch& rows, emitter&) override {
    for (const auto& row : read_batch(*rows)) {
      if (late_ && row.millisecond * 1000 <= late_->microseconds) {
        ++dropped_;
      } else {
        held_[row.key].insert(row);
        touched_.insert(row.key);
      }
    }
  }
  void on_watermark(timestamp mark, emitter& out) override {
    late_ = mark;
    std::vector<event> ripe;
    for (auto& [key, rows] : held_) {
      std::erase_if(rows, [&](const event& row) {
        if (row.millisecond * 1000 > mark.microseconds) return false;
        ripe.push_back(row);
        touched_.insert(row.key);
        return true;
      });
    }
    if (!ripe.empty()) out.emit(make_batch(ripe));
  }
  void on_barrier(epoch, emitter&) override {}
  void snapshot(epoch, state_delta& delta) override {
    dropped_ = 0;
    for (const auto key : touched_) {
      const auto bytes = encode(key);
      std::string value;
      for (const auto& row : held_[key]) value += std::to_string(row.value) + " " + std::to_string(row.millisecond) + " ";
      if (value.empty()) {
        delta.erase(hash_bytes(bytes), bytes);
      } else {
        delta.put(hash_bytes(bytes), bytes, value);
      }
    }
    touched_.clear();
  }
  void restore(const state_view& view) override {
    view.scan([&](std::string_view key, std::string_view value) {
      std::istringstream in{std::string(value)};
      event row{decode(key), 0, 0};
      while (in >> row.value >> row.millisecond) held_[row.key].insert(row);
      return true;
    });
  }
  void restore_watermark(timestamp mark) override { late_ = mark; }
  operator_metrics metrics() const override {
    operator_metrics m;
    m.rows_dropped_by_watermark = dropped_;
    return m;
  }

 private:
  std::map<std::int64_t, std::multiset<event>> held_;
  std::set<std::int64_t> touched_;
  watermark late_;
  std::int64_t dropped_ = 0;
};

class probe : public stream_operator {
 public:
  probe(std::function<void()> at_rows, std::function<void()> at_barrier)
      : at_rows_(std::move(at_rows)), at_barrier_(std::move(at_barrier)) {}
  void process(int, const batch& rows, emitter& out) override {
    if (at_rows_) at_rows_();
    out.emit(rows);
  }
  void on_barrier(epoch, emitter&) override {
    if (at_barrier_) at_barrier_();
  }

 private:
  std::function<void()> at_rows_, at_barrier_;
};

operator_spec stateful(std::string uid, std::function<std::unique_ptr<stream_operator>(const operator_context&)> make) {
  operator_spec spec;
  spec.uid = spec.kind = std::move(uid);
  spec.stateful = true;
  spec.signature = "test";
  spec.output = event_schema();
  spec.make = std::move(make);
  return spec;
}

physical_plan sources_only(std::vector<source_provider_ptr> sources) {
  physical_plan plan;
  plan.output = event_schema();
  for (auto& each : sources) {
    const auto i = static_cast<int>(plan.sources.size());
    plan.sources.push_back({std::move(each), {0, 1, 2}, "source-" + std::to_string(i)});
    physical_stage stage;
    stage.id = i;
    stage.source = i;
    stage.output = event_schema();
    plan.stages.push_back(std::move(stage));
  }
  return plan;
}

/// A stage behind hash exchanges from all sources.
physical_plan keyed(physical_plan plan, operator_spec op) {
  physical_stage stage;
  stage.id = static_cast<int>(plan.stages.size());
  for (const auto& each : plan.stages) stage.inputs.push_back({each.id, exchange_kind::hash, {0}, 0});
  stage.chain.push_back(std::move(op));
  stage.output = event_schema();
  plan.stages.push_back(std::move(stage));
  return plan;
}

}  // namespace

physical_plan pass_plan(std::vector<source_provider_ptr> sources) {
  auto plan = sources_only(std::move(sources));
  if (plan.stages.size() == 1) return plan;
  physical_stage merge;
  merge.id = static_cast<int>(plan.stages.size());
  for (const auto& each : plan.stages) merge.inputs.push_back({each.id, exchange_kind::forward, {}, 0});
  merge.output = event_schema();
  plan.stages.push_back(std::move(merge));
  return plan;
}

physical_plan total_plan(std::vector<source_provider_ptr> sources) {
  return keyed(sources_only(std::move(sources)),
               stateful("totals", [](const operator_context&) { return std::make_unique<totals>(); }));
}

physical_plan hold_plan(std::vector<source_provider_ptr> sources, duration delay) {
  auto plan = sources_only(std::move(sources));
  for (auto& stage : plan.stages) {
    stage.chain.push_back(make_watermark(event_schema(), stage.id, 2, delay));
    plan.watermarks.push_back({"ts", delay});
  }
  auto op = stateful("hold", [](const operator_context&) { return std::make_unique<hold>(); });
  op.wants_no_data_epochs = true;
  return keyed(std::move(plan), std::move(op));
}

physical_plan probe_plan(source_provider_ptr from, std::function<void()> at_rows, std::function<void()> at_barrier) {
  auto op = stateful("probe", [=](const operator_context&) { return std::make_unique<probe>(at_rows, at_barrier); });
  op.stateful = false;
  return keyed(sources_only({std::move(from)}), std::move(op));
}

std::map<std::int64_t, std::int64_t> latest_by_key(const std::vector<event>& rows) {
  std::map<std::int64_t, std::int64_t> latest;
  for (const auto& row : rows) latest[row.key] = row.value;
  return latest;
}

scratch_dir::scratch_dir() {
  static std::atomic<int> count{0};
  path_ = std::filesystem::temp_directory_path() /
          ("flow-actors-test-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
  std::filesystem::remove_all(path_);
}

scratch_dir::~scratch_dir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

session_options pool_of(int threads, bool busy_polling) {
  session_options options;
  options.threads = threads;
  options.busy_polling = busy_polling;
  return options;
}

query_settings settings_for(const std::string& checkpoint, flow::trigger when, int parallelism) {
  query_settings settings;
  settings.checkpoint_dir = checkpoint;
  settings.trigger = when;
  settings.parallelism = parallelism;
  settings.mode = output_mode::update;
  settings.idle_timeout = milliseconds(50);
  return settings;
}

}  // namespace flow::test
