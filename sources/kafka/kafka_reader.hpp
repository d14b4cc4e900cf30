#pragma once

#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "flow/source.hpp"
#include "sources/kafka/fetcher.hpp"
#include "sources/kafka/loss_report.hpp"
#include "sources/kafka/partition_watch.hpp"
#include "sources/kafka/record_columns.hpp"
#include "sources/kafka/topic_view.hpp"

namespace flow {

/// What the readers of one source have in common with it.
struct kafka_services {
  kafka_services(const kafka_settings& settings, const topic_view& asked, bool continuous, std::size_t partitions)
      : poll_timeout(settings.poll_timeout),
        view(asked),
        losses(settings.fail_on_data_loss),
        fetch(settings, continuous, partitions) {}

  /// After each look of the watch, in its thread.
  void looked() {
    fetch.nudge();
    const std::lock_guard lock(callback_mutex);
    if (on_look) on_look();
  }

  const std::chrono::milliseconds poll_timeout;
  const topic_view view;
  loss_report losses;
  fetcher fetch;
  std::mutex callback_mutex;
  std::function<void()> on_look;
  std::optional<partition_watch> watch;  ///< Streams only. After `fetch`, which it nudges.
};

/// Where a split of a partition begins and ends. `end` of an unbounded one is beyond every offset.
struct kafka_range {
  static constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();

  topic_partition what;
  std::int64_t begin = 0, end = endless;

  bool bounded() const { return end != endless; }
  source_split to_split() const;
  static kafka_range from(const source_split& split);
};

/// Reads one range of a partition, or the partition for ever.
class kafka_reader final : public split_reader {
 public:
  /// @param waits  true: read() waits for records (bounded runs without an engine); false: on_available's callback tells of
  /// them.
  kafka_reader(std::shared_ptr<kafka_services> services, kafka_range range, const nlohmann::json& position, schema_ptr schema,
               const std::vector<int>& columns, bool waits);
  ~kafka_reader() override;

  read_status read(const read_budget& budget, batch& out) override;
  nlohmann::json position() const override { return {{"next", next_}}; }
  void on_available(std::function<void()> callback) override { callback_ = std::move(callback); }
  bool caught_up(std::chrono::steady_clock::time_point since) const override;

 private:
  void fill(const read_budget& budget);
  bool wait_is_over();
  void take(rdkafka_message message);
  void on_failure(const rd_kafka_message_t& event);
  void skip_lost_records();
  void tell_of_room();
  bool done() const { return next_ >= range_.end || gone_; }

  std::shared_ptr<kafka_services> services_;
  kafka_range range_;
  std::int64_t next_;
  const bool waits_;
  record_columns columns_;
  std::function<void()> callback_;
  std::unique_ptr<partition_feed> feed_;
  std::int64_t messages_taken_ = 0, bytes_taken_ = 0;  ///< Since room was told of.
  std::uint64_t deletions_ = 0;                        ///< Of the partition, before it was opened.
  bool gone_ = false;                                  ///< Deleted, and reported.
  std::optional<std::chrono::steady_clock::time_point> waiting_since_;
};

}  // namespace flow
