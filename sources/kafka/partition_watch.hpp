#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "sources/kafka/topic_view.hpp"

namespace flow {

/// Looks at the brokers about once a second in a thread of its own: which partitions there are, and where they end.
class partition_watch {
 public:
  using clock = std::chrono::steady_clock;

  /// @param known       partitions that are taken to be there at first.
  /// @param after_look  called by the watch's thread after each look that succeeded.
  partition_watch(const topic_view& view, const partition_offsets& known, std::chrono::milliseconds interval,
                  std::function<void()> after_look);
  ~partition_watch();

  /// The partitions found last; none before the first look.
  std::vector<topic_partition> partitions() const;
  /// Ends known so far.
  partition_offsets latest() const;
  /// How often a partition that was there was found to be gone: absent in two looks in a row. A number and not a state, since
  /// one made anew is there again before everybody has asked.
  std::uint64_t deletions(const topic_partition& what) const;
  /// The partition's end as of some moment after `since`, or none yet: then a look is made now.
  std::optional<std::int64_t> latest_since(const topic_partition& what, clock::time_point since) const;

 private:
  void run(const std::stop_token& stop);
  void look();

  const topic_view view_;
  const std::chrono::milliseconds interval_;
  const std::function<void()> after_look_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  mutable bool wanted_ = false;
  std::vector<topic_partition> partitions_;
  partition_offsets latest_;
  std::map<topic_partition, int> absences_;  ///< In a row.
  std::map<topic_partition, std::uint64_t> deletions_;
  clock::time_point looked_at_{};  ///< When the last look began.
  std::jthread thread_;            ///< Last: ends before what it uses.
};

}  // namespace flow
