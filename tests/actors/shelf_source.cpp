#include "tests/actors/shelf_source.hpp"

#include <arrow/api.h>

#include "flow/servers_away.hpp"

namespace flow::test {

const schema_ptr& event_schema() {
  static const schema_ptr schema = arrow::schema({arrow::field("key", arrow::int64()), arrow::field("value", arrow::int64()),
                                                  arrow::field("ts", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))});
  return schema;
}

batch make_batch(const std::vector<event>& rows) {
  arrow::Int64Builder keys, values;
  arrow::TimestampBuilder times(event_schema()->field(2)->type(), arrow::default_memory_pool());
  for (const auto& row : rows) {
    (void)keys.Append(row.key);
    (void)values.Append(row.value);
    (void)times.Append(row.millisecond * 1000);
  }
  return arrow::RecordBatch::Make(event_schema(), static_cast<std::int64_t>(rows.size()),
                                  {keys.Finish().ValueOrDie(), values.Finish().ValueOrDie(), times.Finish().ValueOrDie()});
}

std::vector<event> read_batch(const arrow::RecordBatch& rows) {
  const auto& keys = static_cast<const arrow::Int64Array&>(*rows.column(0));
  const auto& values = static_cast<const arrow::Int64Array&>(*rows.column(1));
  const auto& times = static_cast<const arrow::TimestampArray&>(*rows.column(2));
  std::vector<event> out;
  for (std::int64_t i = 0; i < rows.num_rows(); ++i) out.push_back({keys.Value(i), values.Value(i), times.Value(i) / 1000});
  return out;
}

void shelf::put(std::size_t partition, const std::vector<event>& rows) {
  std::vector<std::pair<std::weak_ptr<void>, std::function<void()>>> listeners;
  {
    const std::lock_guard lock(mutex_);
    partitions_[partition].push_back(make_batch(rows));
    std::erase_if(listeners_, [](const auto& each) { return each.first.expired(); });
    listeners = listeners_;
  }
  for (const auto& [owner, call] : listeners) {
    if (const auto alive = owner.lock()) call();
  }
}

std::size_t shelf::size(std::size_t partition) const {
  const std::lock_guard lock(mutex_);
  return partitions_[partition].size();
}

batch shelf::at(std::size_t partition, std::size_t index) const {
  const std::lock_guard lock(mutex_);
  return partitions_[partition][index];
}

void shelf::subscribe(std::weak_ptr<void> owner, std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  listeners_.emplace_back(std::move(owner), std::move(call));
}

namespace {

class shelf_reader : public split_reader {
 public:
  shelf_reader(std::shared_ptr<shelf> from, const source_split& what, const nlohmann::json& position)
      : shelf_(std::move(from)),
        partition_(what.description.at("partition")),
        next_(position.is_null() ? what.description.at("begin").get<std::size_t>() : position.get<std::size_t>()),
        end_(what.bounded ? what.description.at("end").get<std::size_t>() : SIZE_MAX) {}

  read_status read(const read_budget&, batch& out) override {
    if (next_ >= end_) return read_status::end;
    if (next_ >= shelf_->size(partition_)) return read_status::idle;
    const auto done = shelf_->reads.fetch_add(1);
    if (shelf_->restart_reads > 0 && shelf_->restart_reads.fetch_sub(1) > 0) {
      throw error(errc::restart_required, "the shelf was moved");
    }
    if (const int limit = shelf_->fail_reads_after; limit >= 0 && done >= limit) {
      throw error(errc::unreadable_input, "the shelf broke");
    }
    out = shelf_->at(partition_, next_++);
    return read_status::rows;
  }
  nlohmann::json position() const override { return next_; }
  void on_available(std::function<void()> callback) override { shelf_->subscribe(alive_, std::move(callback)); }

 private:
  std::shared_ptr<shelf> shelf_;
  std::size_t partition_, next_, end_;
  std::shared_ptr<void> alive_ = std::make_shared<int>(0);
};

class shelf_source : public source {
 public:
  shelf_source(std::shared_ptr<shelf> from, const shelf_options& options)
      : shelf_(std::move(from)), options_(options), given_(shelf_->partitions(), 0), out_(shelf_->partitions(), false) {}

  schema_ptr schema() const override { return event_schema(); }
  void restore(const nlohmann::json& position) override {
    if (!position.is_null()) given_ = position.get<std::vector<std::size_t>>();
  }
  std::vector<source_split> discover(const read_limit& limit) override {
    if (options_.fail_discover) throw error(errc::unreadable_input, "the shelf cannot be listed");
    if (shelf_->looks_away > 0 && shelf_->looks_away.fetch_sub(1) > 0) {
      throw servers_away(errc::unreadable_input, "nobody is at the shelf");
    }
    std::vector<source_split> splits;
    for (std::size_t p = 0; p < given_.size(); ++p) {
      if (continuous_) {
        if (!out_[p]) splits.push_back({"partition-" + std::to_string(p), {{"partition", p}, {"begin", given_[p]}}, false});
        out_[p] = true;
        continue;
      }
      auto end = shelf_->size(p);
      if (!limit.ignore_rate_limits) end = std::min(end, given_[p] + options_.batches_per_epoch);
      if (end == given_[p]) continue;
      splits.push_back({"partition-" + std::to_string(p), {{"partition", p}, {"begin", given_[p]}, {"end", end}}, true});
      given_[p] = end;
    }
    return splits;
  }
  void adopt(const std::vector<source_split>& planned) override {
    for (const auto& each : planned) given_[each.description.at("partition").get<std::size_t>()] = each.description.at("end");
  }
  nlohmann::json position(const std::vector<split_position>& unfinished) const override {
    auto reached = given_;
    for (const auto& each : unfinished) {
      const auto p = each.what.description.at("partition").get<std::size_t>();
      reached[p] =
          each.position.is_null() ? each.what.description.at("begin").get<std::size_t>() : each.position.get<std::size_t>();
    }
    return reached;
  }
  std::unique_ptr<split_reader> open(const source_split& what, const nlohmann::json& position) const override {
    return std::make_unique<shelf_reader>(shelf_, what, position);
  }
  void set_continuous(bool continuous) override { continuous_ = continuous; }
  void project(const std::vector<int>&) override {}
  int reader_count() const override { return options_.readers; }
  bool blocking() const override { return options_.blocking; }
  duration poll_interval() const override { return {0}; }
  void on_discoverable(std::function<void()> callback) override { shelf_->subscribe(alive_, std::move(callback)); }

 private:
  std::shared_ptr<shelf> shelf_;
  shelf_options options_;
  std::vector<std::size_t> given_;
  std::vector<bool> out_;
  bool continuous_ = false;
  std::shared_ptr<void> alive_ = std::make_shared<int>(0);
};

class provider : public source_provider {
 public:
  provider(std::shared_ptr<shelf> from, shelf_options options) : shelf_(std::move(from)), options_(options) {}
  std::string description() const override { return "ShelfSource"; }
  nlohmann::json signature() const override { return "shelf"; }
  schema_ptr schema() const override { return event_schema(); }
  std::unique_ptr<source> make(bool) const override { return std::make_unique<shelf_source>(shelf_, options_); }

 private:
  std::shared_ptr<shelf> shelf_;
  shelf_options options_;
};

}  // namespace

source_provider_ptr shelf_provider(std::shared_ptr<shelf> from, shelf_options options) {
  return std::make_shared<provider>(std::move(from), options);
}

}  // namespace flow::test
