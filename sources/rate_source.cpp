#include "sources/rate_source.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <arrow/api.h>

#include "flow/clock.hpp"
#include "flow/error.hpp"

namespace flow {
namespace {

constexpr std::int64_t second = 1'000'000;

const schema_ptr& rate_schema() {
  static const schema_ptr schema = arrow::schema(
      {arrow::field("timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")), arrow::field("value", arrow::int64())});
  return schema;
}

struct rate_settings {
  rate_plan plan;
  std::int64_t partitions = 1;
};

schema_ptr chosen(const std::vector<int>& columns) {
  arrow::FieldVector fields;
  for (const int i : columns) fields.push_back(rate_schema()->field(i));
  return arrow::schema(std::move(fields));
}

/// The values begin, begin + step, ... below end: of an endless split, those whose time has come.
class rate_reader final : public split_reader {
 public:
  rate_reader(const rate_plan& plan, std::int64_t start, const source_split& split, const nlohmann::json& position,
              std::vector<int> columns)
      : plan_(plan),
        start_(start),
        bounded_(split.bounded),
        next_(split.description.at("begin").get<std::int64_t>()),
        end_(split.description.at("end").get<std::int64_t>()),
        step_(split.description.at("step").get<std::int64_t>()),
        columns_(std::move(columns)),
        schema_(chosen(columns_)) {
    if (!position.is_null()) next_ = position.at("next").get<std::int64_t>();
  }

  read_status read(const read_budget& budget, batch& out) override {
    out = nullptr;
    if (next_ >= end_) return read_status::end;
    const auto limit = bounded_ ? end_ : std::min(end_, plan_.rows_at(system_now().microseconds - start_));
    if (next_ >= limit) return read_status::idle;
    const auto rows =
        std::min({budget.rows, std::max<std::int64_t>(budget.bytes / 16, 1), (limit - next_ + step_ - 1) / step_});
    arrow::ArrayVector arrays;
    for (const int column : columns_) arrays.push_back(column == 0 ? times(rows) : values(rows));
    out = arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
    next_ += rows * step_;
    return read_status::rows;
  }

  nlohmann::json position() const override { return {{"next", next_}}; }

 private:
  array times(std::int64_t rows) const {
    arrow::TimestampBuilder builder(rate_schema()->field(0)->type(), arrow::default_memory_pool());
    if (!builder.Reserve(rows).ok()) throw error(errc::query_failed, "no memory for rate rows");
    // Spark's timestamps are whole milliseconds.
    for (std::int64_t i = 0; i < rows; ++i) builder.UnsafeAppend((start_ + plan_.time_of(next_ + i * step_)) / 1000 * 1000);
    return builder.Finish().ValueOrDie();
  }
  array values(std::int64_t rows) const {
    arrow::Int64Builder builder;
    if (!builder.Reserve(rows).ok()) throw error(errc::query_failed, "no memory for rate rows");
    for (std::int64_t i = 0; i < rows; ++i) builder.UnsafeAppend(next_ + i * step_);
    return builder.Finish().ValueOrDie();
  }

  rate_plan plan_;
  std::int64_t start_;
  bool bounded_;
  std::int64_t next_, end_, step_;
  std::vector<int> columns_;
  schema_ptr schema_;
};

class rate_source final : public source {
 public:
  rate_source(rate_settings settings) : settings_(settings), schema_(rate_schema()) {}

  schema_ptr schema() const override { return schema_; }
  void project(const std::vector<int>& columns) override {
    columns_ = columns;
    schema_ = chosen(columns);
  }
  void set_continuous(bool continuous) override { continuous_ = continuous; }

  void restore(const nlohmann::json& position) override {
    if (position.is_null()) {
      start_ = system_now().microseconds / 1000 * 1000;
      return;
    }
    start_ = position.at("start").get<std::int64_t>();
    planned_ = position.at("planned").get<std::int64_t>();
    for (const auto& one : position.at("unfinished")) {
      source_split split{one.at("id").get<std::string>(), one.at("split"), one.at("bounded").get<bool>()};
      if (!one.at("position").is_null()) split.description["begin"] = one.at("position").at("next");
      unfinished_.push_back(std::move(split));
    }
  }

  std::vector<source_split> discover(const read_limit& limit) override {
    // Endless splits of a continuous run end, for a micro-batch, where the next epoch's values begin.
    const auto now = limit.now.microseconds > 0 ? limit.now.microseconds : system_now().microseconds;
    const auto reached = std::max(planned_, settings_.plan.rows_at(now - start_));
    std::vector<source_split> out;
    bool endless = false, cut = false;
    for (auto& split : unfinished_) {
      if (!split.bounded && !continuous_) {
        bound(split, reached);
        cut = true;
      }
      endless = endless || !split.bounded;
      if (split.bounded && split.description["begin"] >= split.description["end"]) continue;
      out.push_back(std::move(split));
    }
    unfinished_.clear();
    unbounded_given_ = unbounded_given_ || endless;
    if (cut) planned_ = reached;
    if (continuous_) {
      if (!unbounded_given_) add_splits(out, planned_, std::numeric_limits<std::int64_t>::max(), false);
      unbounded_given_ = true;
    } else if (reached > planned_) {
      add_splits(out, planned_, reached, true);
      planned_ = reached;
    }
    return out;
  }

  void adopt(const std::vector<source_split>& planned) override {
    for (const auto& split : planned) {
      if (split.bounded)
        planned_ = std::max(planned_, split.description.at("epoch_end").get<std::int64_t>());
      else
        unbounded_given_ = true;
      std::erase_if(unfinished_, [&](const source_split& one) { return one.id == split.id; });
    }
  }

  nlohmann::json position(const std::vector<split_position>& unfinished) const override {
    auto rest = nlohmann::json::array();
    const auto add = [&](const source_split& split, const nlohmann::json& reached) {
      rest.push_back({{"id", split.id}, {"split", split.description}, {"bounded", split.bounded}, {"position", reached}});
    };
    for (const auto& one : unfinished) add(one.what, one.position);
    for (const auto& split : unfinished_) add(split, nullptr);
    return {{"start", start_}, {"planned", planned_}, {"unfinished", std::move(rest)}};
  }

  std::unique_ptr<split_reader> open(const source_split& what, const nlohmann::json& position) const override {
    return std::make_unique<rate_reader>(settings_.plan, what.description.at("start").get<std::int64_t>(), what, position,
                                         columns_);
  }

  nlohmann::json latest() const override { return {{"value", settings_.plan.rows_at(system_now().microseconds - start_) - 1}}; }

 private:
  void add_splits(std::vector<source_split>& out, std::int64_t begin, std::int64_t end, bool bounded) const {
    for (std::int64_t i = 0; i < settings_.partitions && i < end - begin; ++i) {
      const nlohmann::json description = {
          {"start", start_}, {"begin", begin + i}, {"end", end}, {"epoch_end", end}, {"step", settings_.partitions}};
      out.push_back({"rate-" + std::to_string(begin + i) + (bounded ? "" : "-endless"), description, bounded});
    }
  }

  static void bound(source_split& split, std::int64_t end) {
    split.bounded = true;
    split.description["end"] = end;
    split.description["epoch_end"] = end;
    split.id = "rate-" + std::to_string(split.description["begin"].get<std::int64_t>());
  }

  rate_settings settings_;
  schema_ptr schema_;
  std::vector<int> columns_{0, 1};
  bool continuous_ = false;
  bool unbounded_given_ = false;
  std::int64_t start_ = 0;
  std::int64_t planned_ = 0;  ///< Values below this were given out in bounded splits.
  std::vector<source_split> unfinished_;
};

class rate_provider final : public source_provider {
 public:
  explicit rate_provider(rate_settings settings) : settings_(settings) {}
  std::string description() const override {
    return "RateSource[rowsPerSecond=" + std::to_string(settings_.plan.rows_per_second) +
           ", numPartitions=" + std::to_string(settings_.partitions) + "]";
  }
  nlohmann::json signature() const override { return {{"source", "rate"}}; }
  schema_ptr schema() const override { return rate_schema(); }
  std::unique_ptr<source> make(bool) const override { return std::make_unique<rate_source>(settings_); }

 private:
  rate_settings settings_;
};

}  // namespace

std::int64_t rate_plan::rows_at(std::int64_t elapsed) const {
  if (elapsed <= 0) return 0;
  const auto at_full_rate = [this](std::int64_t micros) {
    return static_cast<std::int64_t>(static_cast<__int128_t>(micros) * rows_per_second / second);
  };
  if (ramp_up_micros == 0) return at_full_rate(elapsed);
  const auto ramp = std::min(elapsed, ramp_up_micros);
  const auto ramped =
      static_cast<std::int64_t>(static_cast<__int128_t>(ramp) * ramp * rows_per_second / second / ramp_up_micros / 2);
  return elapsed <= ramp_up_micros ? ramped : ramped + at_full_rate(elapsed - ramp_up_micros);
}

std::int64_t rate_plan::time_of(std::int64_t value) const {
  if (ramp_up_micros == 0)
    return static_cast<std::int64_t>((static_cast<__int128_t>(value + 1) * second + rows_per_second - 1) / rows_per_second);
  std::int64_t low = 0, high = ramp_up_micros +
                               static_cast<std::int64_t>((static_cast<__int128_t>(value + 1) * second) / rows_per_second) +
                               second;
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (rows_at(middle) > value)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

source_provider_ptr make_rate_provider(const source_request& request) {
  rate_settings settings;
  const auto most = std::numeric_limits<std::int32_t>::max();
  settings.plan.rows_per_second = request.options.integer("rowsPerSecond", 1, 1, most);
  settings.plan.ramp_up_micros = request.options.span("rampUpTime", duration{}).microseconds;
  settings.partitions = request.options.integer("numPartitions", 1, 1, 1024);
  request.options.finish("format \"rate\"");
  if (request.schema != nullptr)
    throw error(errc::invalid_argument, "format \"rate\" has the fixed columns timestamp and value; take .schema(...) away");
  if (!request.streaming) throw error(errc::invalid_argument, "format \"rate\" is a stream without end: use read_stream()");
  return std::make_shared<rate_provider>(settings);
}

}  // namespace flow
