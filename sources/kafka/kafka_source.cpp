#include "sources/kafka/kafka_source.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <numeric>
#include <set>

#include <arrow/type.h>

#include "flow/error.hpp"
#include "sources/kafka/kafka_reader.hpp"
#include "sources/kafka/range_plan.hpp"
#include "sources/kafka/start_offsets.hpp"

namespace flow {

namespace {

using steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_interval{1000};
constexpr std::chrono::milliseconds continuous_poll{100};
constexpr std::chrono::milliseconds low_end_patience{2000};
constexpr std::int64_t least_poll_ms = 10, most_poll_ms = 100;

class kafka_source final : public source {
 public:
  explicit kafka_source(kafka_settings settings)
      : settings_(std::move(settings)), schema_(kafka_schema(settings_.include_headers)), view_(settings_) {
    columns_.resize(static_cast<std::size_t>(schema_->num_fields()));
    std::iota(columns_.begin(), columns_.end(), 0);
  }

  schema_ptr schema() const override { return schema_; }
  void project(const std::vector<int>& columns) override;
  void set_continuous(bool continuous) override { continuous_ = continuous; }
  int reader_count() const override;

  void restore(const nlohmann::json& position) override;
  std::vector<source_split> discover(const read_limit& limit) override;
  void adopt(const std::vector<source_split>& planned) override;
  nlohmann::json position(const std::vector<split_position>& unfinished) const override;
  std::unique_ptr<split_reader> open(const source_split& what, const nlohmann::json& position) const override;

  duration poll_interval() const override;
  void on_discoverable(std::function<void()> callback) override;
  bool keeps_first_position() const override { return true; }
  nlohmann::json latest() const override;
  nlohmann::json metrics(const nlohmann::json& position) const override;

 private:
  const std::vector<topic_partition>& first_partitions() const;
  partition_offsets first_offsets() const;
  partition_offsets clamped(partition_offsets offsets, const std::string& option) const;
  void add_partitions(const std::vector<topic_partition>& found);
  void drop_partitions(const std::vector<topic_partition>& found);
  std::vector<source_split> discover_unbounded();
  std::vector<source_split> plan(const partition_offsets& until);
  partition_offsets look_for_ends();
  partition_offsets batch_ends() const;
  bool too_few(const partition_offsets& ends, timestamp now);
  void remember(const partition_offsets& ends);

  const kafka_settings settings_;
  schema_ptr schema_;
  std::vector<int> columns_;
  const topic_view view_;
  bool continuous_ = false;
  mutable std::optional<std::vector<topic_partition>> first_;
  std::shared_ptr<kafka_services> services_;
  partition_offsets given_;  ///< What comes after everything given out.
  /// Continuous: whose unbounded split has been given out, and how often the partition had been deleted until then.
  std::map<topic_partition, std::uint64_t> open_;
  std::optional<partition_offsets> last_end_;  ///< Available-now: what there was at the first look.
  std::optional<timestamp> last_trigger_;
  std::optional<steady::time_point> looked_at_;
  std::map<topic_partition, steady::time_point> low_since_;  ///< Ends below what was read already.
  std::atomic<steady::time_point> found_at_{steady::now()};
  mutable std::mutex latest_mutex_;
  partition_offsets latest_;
};

void kafka_source::project(const std::vector<int>& columns) {
  const auto all = kafka_schema(settings_.include_headers);
  arrow::FieldVector fields;
  for (const int i : columns) fields.push_back(all->field(i));
  columns_ = columns;
  schema_ = arrow::schema(std::move(fields));
}

const std::vector<topic_partition>& kafka_source::first_partitions() const {
  if (first_) return *first_;
  auto found = view_.find_partitions();
  for (const auto& topic : found.missing) {
    throw error(errc::unreadable_input, "topic \"" + topic + "\" does not exist at kafka.bootstrap.servers=" +
                                            settings_.client.servers() + "; create it or correct its name");
  }
  for (const auto& wanted : settings_.what.partitions) {
    if (std::binary_search(found.partitions.begin(), found.partitions.end(), wanted)) continue;
    throw error(errc::unreadable_input, "option \"assign\" names partition " + std::to_string(wanted.partition) +
                                            " of topic \"" + wanted.topic + "\", which the topic does not have");
  }
  first_ = std::move(found.partitions);
  return *first_;
}

/// One reader for each partition there is at the start; partitions found later join the least busy ones.
int kafka_source::reader_count() const {
  const auto partitions = static_cast<int>(first_partitions().size());
  return std::max({partitions, continuous_ ? 0 : settings_.min_partitions, 1});
}

void kafka_source::restore(const nlohmann::json& position) {
  const auto partitions = position.is_null() ? first_partitions().size() : position.size();
  services_ = std::make_shared<kafka_services>(settings_, view_, continuous_, partitions);
  given_ = position.is_null() ? first_offsets() : partition_offsets_from(position);
  if (!settings_.streaming) return;
  services_->watch.emplace(view_, given_, look_interval, [all = services_.get()] { all->looked(); });
}

partition_offsets kafka_source::first_offsets() const {
  auto offsets = resolve_bound(settings_.start, first_partitions(), view_, "starting", settings_.start_at_latest_without_match);
  return std::holds_alternative<offset_of_each>(settings_.start) ? clamped(std::move(offsets), "startingOffsets") : offsets;
}

/// Offsets that were named may lie outside of what there is.
partition_offsets kafka_source::clamped(partition_offsets offsets, const std::string& option) const {
  const auto earliest = view_.offsets(first_partitions(), earliest_offset);
  const auto latest = view_.offsets(first_partitions(), latest_offset);
  for (auto& [what, offset] : offsets) {
    const auto inside = std::clamp(offset, earliest.at(what), std::max(latest.at(what), earliest.at(what)));
    if (inside == offset) continue;
    services_->losses.add("Option \"" + option + "\" says " + std::to_string(offset) + " for " + to_string(what) +
                          ", which has the offsets from " + std::to_string(earliest.at(what)) + " to " +
                          std::to_string(latest.at(what)) + "; read from " + std::to_string(inside));
    offset = inside;
  }
  return offsets;
}

std::vector<source_split> kafka_source::discover(const read_limit& limit) {
  if (continuous_) return discover_unbounded();
  if (!settings_.streaming) return plan(batch_ends());
  auto ends = limit.until_first_look && last_end_ ? *last_end_ : look_for_ends();
  if (limit.until_first_look) last_end_ = ends;
  remember(ends);
  if (!limit.ignore_rate_limits && !limit.until_first_look && too_few(ends, limit.now)) return {};
  if (settings_.max_offsets && !limit.ignore_rate_limits) ends = limited_ends(given_, ends, *settings_.max_offsets);
  auto splits = plan(ends);
  if (!splits.empty()) found_at_ = steady::now();
  return splits;
}

/// minOffsetsPerTrigger: the first trigger takes what there is, later ones wait for that many records or for maxTriggerDelay.
bool kafka_source::too_few(const partition_offsets& ends, timestamp now) {
  if (!settings_.min_offsets) return false;
  const bool overdue =
      !last_trigger_ || now.microseconds - last_trigger_->microseconds >= settings_.max_trigger_delay.microseconds;
  if (!overdue && records_between(given_, ends) < *settings_.min_offsets) return true;
  last_trigger_ = now;
  return false;
}

/// Ends of all partitions there are now, after taking in new ones and letting go of deleted ones.
partition_offsets kafka_source::look_for_ends() {
  if (!looked_at_ || steady::now() - *looked_at_ >= look_interval) {
    const auto found = view_.find_partitions();
    drop_partitions(found.partitions);
    add_partitions(found.partitions);
    looked_at_ = steady::now();
  }
  std::vector<topic_partition> known;
  for (const auto& [what, offset] : given_) known.push_back(what);
  auto ends = view_.offsets(known, latest_offset);
  for (auto& [what, end] : ends) {
    // A broker that has just come back may not know the end yet: what lasts is a loss.
    if (end >= given_.at(what)) {
      low_since_.erase(what);
    } else if (steady::now() - low_since_.try_emplace(what, steady::now()).first->second < low_end_patience) {
      end = given_.at(what);
    }
  }
  if (ends.size() < known.size()) looked_at_.reset();  // One was deleted: the next look tells.
  return ends;
}

/// Partitions found after the start are read from their beginning: nothing of them has been read yet.
void kafka_source::add_partitions(const std::vector<topic_partition>& found) {
  std::vector<topic_partition> fresh;
  for (const auto& each : found) {
    if (!given_.contains(each)) fresh.push_back(each);
  }
  if (fresh.empty()) return;
  for (const auto& [what, offset] : view_.offsets(fresh, earliest_offset)) {
    if (offset > 0) {
      services_->losses.add("The new partition " + to_string(what) + " begins at offset " + std::to_string(offset) +
                            " instead of 0");
    }
    given_[what] = offset;
  }
}

void kafka_source::drop_partitions(const std::vector<topic_partition>& found) {
  std::vector<topic_partition> gone;
  for (const auto& [what, offset] : given_) {
    if (!std::binary_search(found.begin(), found.end(), what)) gone.push_back(what);
  }
  if (gone.empty()) return;
  services_->losses.add("Partitions [" + to_string(gone) + "] are gone");
  for (const auto& each : gone) given_.erase(each);
}

partition_offsets kafka_source::batch_ends() const {
  auto ends = resolve_bound(settings_.end, first_partitions(), view_, "ending", true);
  return std::holds_alternative<offset_of_each>(settings_.end) ? clamped(std::move(ends), "endingOffsets") : ends;
}

std::vector<source_split> kafka_source::plan(const partition_offsets& until) {
  std::vector<source_split> splits;
  for (const auto& range : cut_ranges(given_, until, settings_.min_partitions)) {
    splits.push_back(kafka_range{range.what, range.begin, range.end}.to_split());
  }
  for (const auto& [what, end] : until) {
    const auto begin = given_.find(what);
    if (begin == given_.end()) continue;
    if (end < begin->second) {
      services_->losses.add("Partition " + to_string(what) + " ends at offset " + std::to_string(end) +
                            ", but was read up to " + std::to_string(begin->second) + ": its topic was made anew or truncated");
    }
    begin->second = end;
  }
  return splits;
}

std::vector<source_split> kafka_source::discover_unbounded() {
  if (const auto found = services_->watch->partitions(); !found.empty()) {
    // A topic that was deleted and made anew is read from its beginning, once its old reader has ended.
    std::erase_if(open_, [this](const auto& each) {
      if (services_->watch->deletions(each.first) == each.second) return false;
      given_.erase(each.first);
      return true;
    });
    add_partitions(found);
  }
  std::vector<source_split> splits;
  for (const auto& [what, offset] : given_) {
    if (open_.try_emplace(what, services_->watch->deletions(what)).second)
      splits.push_back(kafka_range{what, offset}.to_split());
  }
  return splits;
}

void kafka_source::adopt(const std::vector<source_split>& planned) {
  for (const auto& split : planned) {
    const auto range = kafka_range::from(split);
    auto& given = given_[range.what];
    given = std::max(given, range.bounded() ? range.end : range.begin);
  }
}

nlohmann::json kafka_source::position(const std::vector<split_position>& unfinished) const {
  auto offsets = given_;
  std::set<topic_partition> seen;
  for (const auto& each : unfinished) {
    const auto range = kafka_range::from(each.what);
    const auto next = each.position.is_null() ? range.begin : each.position.at("next").get<std::int64_t>();
    auto& offset = offsets[range.what];
    offset = range.bounded() || !seen.insert(range.what).second ? std::min(offset, next) : next;
  }
  return to_json(offsets);
}

std::unique_ptr<split_reader> kafka_source::open(const source_split& what, const nlohmann::json& position) const {
  return std::make_unique<kafka_reader>(services_, kafka_range::from(what), position, schema_, columns_, !settings_.streaming);
}

/// Idle topics are asked less often.
duration kafka_source::poll_interval() const {
  if (continuous_) return milliseconds(continuous_poll.count());
  const auto quiet = std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - found_at_.load()).count();
  return milliseconds(std::clamp<std::int64_t>(quiet / 10, least_poll_ms, most_poll_ms));
}

/// The engine asks after restore().
void kafka_source::on_discoverable(std::function<void()> callback) {
  if (!continuous_) return;
  const std::lock_guard lock(services_->callback_mutex);
  services_->on_look = std::move(callback);
}

void kafka_source::remember(const partition_offsets& ends) {
  const std::lock_guard lock(latest_mutex_);
  latest_ = ends;
}

nlohmann::json kafka_source::latest() const {
  if (!services_ || !services_->watch) return nullptr;
  const std::lock_guard lock(latest_mutex_);
  const auto ends = latest_.empty() ? services_->watch->latest() : latest_;
  return ends.empty() ? nlohmann::json() : to_json(ends);
}

/// Spark's names and, as there, numbers as text.
nlohmann::json kafka_source::metrics(const nlohmann::json& position) const {
  nlohmann::json metrics;
  const auto ends = latest();
  const auto read = position.is_object() ? partition_offsets_from(position) : partition_offsets();
  std::vector<std::int64_t> behind;
  for (const auto& [what, end] : ends.is_null() ? partition_offsets() : partition_offsets_from(ends)) {
    // Records may have come since the last look.
    if (const auto next = read.find(what); next != read.end()) behind.push_back(std::max<std::int64_t>(end - next->second, 0));
  }
  if (!behind.empty()) {
    const auto sum = std::accumulate(behind.begin(), behind.end(), std::int64_t{0});
    metrics["minOffsetsBehindLatest"] = std::to_string(*std::min_element(behind.begin(), behind.end()));
    metrics["maxOffsetsBehindLatest"] = std::to_string(*std::max_element(behind.begin(), behind.end()));
    metrics["avgOffsetsBehindLatest"] = nlohmann::json(static_cast<double>(sum) / static_cast<double>(behind.size())).dump();
  }
  if (const auto losses = services_->losses.count(); losses > 0) {
    metrics["dataLoss"] = std::to_string(losses);
    metrics["lastDataLoss"] = services_->losses.last();
  }
  return metrics;
}

class kafka_provider final : public source_provider {
 public:
  explicit kafka_provider(kafka_settings settings) : settings_(std::move(settings)) {}

  std::string description() const override { return "KafkaV2[" + settings_.what.description() + "]"; }
  nlohmann::json signature() const override { return {{"source", "kafka"}, {"what", settings_.what.description()}}; }
  schema_ptr schema() const override { return kafka_schema(settings_.include_headers); }
  std::unique_ptr<source> make(bool streaming) const override {
    auto settings = settings_;
    settings.streaming = streaming;
    return std::make_unique<kafka_source>(std::move(settings));
  }

 private:
  kafka_settings settings_;
};

}  // namespace

source_provider_ptr make_kafka_provider(const source_request& request) {
  return std::make_shared<kafka_provider>(read_kafka_settings(request));
}

}  // namespace flow
