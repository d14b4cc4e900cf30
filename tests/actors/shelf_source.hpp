#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "flow/error.hpp"
#include "flow/source.hpp"

namespace flow::test {

struct event {
  std::int64_t key = 0;
  std::int64_t value = 0;
  std::int64_t millisecond = 0;  ///< Event time.

  friend auto operator<=>(const event&, const event&) = default;
};

/// key BIGINT, value BIGINT, ts TIMESTAMP
const schema_ptr& event_schema();
batch make_batch(const std::vector<event>& rows);
std::vector<event> read_batch(const arrow::RecordBatch& rows);

/// Batches on a shelf, in partitions: what a replayable broker would hold. Outlives the queries that read it.
class shelf {
 public:
  explicit shelf(std::size_t partitions) : partitions_(partitions) {}

  void put(std::size_t partition, const std::vector<event>& rows);
  std::size_t partitions() const { return partitions_.size(); }
  std::size_t size(std::size_t partition) const;
  batch at(std::size_t partition, std::size_t index) const;
  /// `call` runs after each put, until `owner` dies.
  void subscribe(std::weak_ptr<void> owner, std::function<void()> call);

  std::atomic<std::int64_t> reads{0};     ///< Batches read by anyone.
  std::atomic<int> fail_reads_after{-1};  ///< Throw at the read after so many; -1: never.
  std::atomic<int> looks_away{0};         ///< So many looks find nobody who answers.
  std::atomic<int> restart_reads{0};      ///< So many reads say that the query must start again.

 private:
  mutable std::mutex mutex_;
  std::vector<std::vector<batch>> partitions_;
  std::vector<std::pair<std::weak_ptr<void>, std::function<void()>>> listeners_;
};

struct shelf_options {
  std::size_t batches_per_epoch = 1000000;  ///< Per partition.
  int readers = 0;
  bool blocking = false;
  bool fail_discover = false;
};

/// @returns a provider of sources over `from`.
source_provider_ptr shelf_provider(std::shared_ptr<shelf> from, shelf_options options = {});

}  // namespace flow::test
