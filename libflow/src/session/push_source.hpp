#pragma once

#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "flow/session.hpp"
#include "flow/source.hpp"

namespace flow {

/// What the handles of one push_input and the sources that read it share: rows in order of arrival, each with a number.
/// Rows stay until every reading query has made them durable, and one commit longer, so that a query may go back an epoch.
/// Rows do not outlive the process: a query restarted in another one goes on with what is pushed there. Row numbers are those
/// of one channel, so positions and splits name theirs.
struct push_input::channel {
  /// One query's source: what it has made durable, and whom to wake.
  struct consumer {
    std::int64_t released = 0;   ///< Rows before it are not needed any more.
    std::int64_t committed = 0;  ///< Rows before it are durable.
    std::function<void()> on_discoverable;
    std::list<std::function<void()>> on_available;
  };
  using consumer_ref = std::list<consumer>::iterator;

  channel(schema_ptr row_schema, std::int64_t capacity_rows);

  void push(const batch& rows);
  bool try_push(const batch& rows);
  void close();
  /// Adds rows to several channels before anyone is told.
  static void push_together(std::span<const std::pair<channel*, batch>> rows);

  consumer_ref attach();
  void detach(consumer_ref who);
  /// Rows before `next` were durable when the query started.
  void begin_at(consumer_ref who, std::int64_t next);
  void commit(consumer_ref who, std::int64_t next);
  std::int64_t first_row() const;
  std::int64_t end_row() const;
  /// Rows [from, to) as far as they are there and the budget goes; null if there are none.
  batch read(std::int64_t from, std::int64_t to, const read_budget& budget) const;

  const std::string id;  ///< Of no other channel in any process.
  const schema_ptr schema;
  const std::int64_t capacity;

  mutable std::mutex mutex;
  std::condition_variable room;
  std::list<consumer> consumers;

 private:
  struct numbered {
    std::int64_t first;
    batch rows;
  };

  void check_open() const;
  bool has_room(std::int64_t count) const;
  void append(const batch& rows);
  std::vector<std::function<void()>> callbacks() const;
  void drop_released();

  std::deque<numbered> rows_;
  std::int64_t end_ = 0;
  bool closed_ = false;
};

/// Reads a channel: ranges of row numbers in micro-batches (one discover() takes all there is), one endless split otherwise.
class push_source_provider final : public source_provider {
 public:
  explicit push_source_provider(std::shared_ptr<push_input::channel> channel) : channel_(std::move(channel)) {}

  std::string description() const override;
  nlohmann::json signature() const override;
  schema_ptr schema() const override { return channel_->schema; }
  std::unique_ptr<source> make(bool streaming) const override;

 private:
  std::shared_ptr<push_input::channel> channel_;
};

}  // namespace flow
