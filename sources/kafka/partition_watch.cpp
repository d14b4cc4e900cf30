#include "sources/kafka/partition_watch.hpp"

#include <algorithm>

#include "flow/error.hpp"

namespace flow {

namespace {

constexpr int absences_of_a_gone_one = 2;

}  // namespace

partition_watch::partition_watch(const topic_view& view, const partition_offsets& known, std::chrono::milliseconds interval,
                                 std::function<void()> after_look)
    : view_(view.glance()), interval_(interval), after_look_(std::move(after_look)) {
  for (const auto& [what, offset] : known) absences_[what] = 0;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

partition_watch::~partition_watch() {
  thread_.request_stop();
  thread_.join();
}

std::vector<topic_partition> partition_watch::partitions() const {
  const std::lock_guard lock(mutex_);
  return partitions_;
}

partition_offsets partition_watch::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

std::uint64_t partition_watch::deletions(const topic_partition& what) const {
  const std::lock_guard lock(mutex_);
  const auto found = deletions_.find(what);
  return found == deletions_.end() ? 0 : found->second;
}

std::optional<std::int64_t> partition_watch::latest_since(const topic_partition& what, clock::time_point since) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = latest_.find(what); looked_at_ >= since && found != latest_.end()) return found->second;
    wanted_ = true;
  }
  changed_.notify_one();
  return std::nullopt;
}

void partition_watch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      look();
      after_look_();
    } catch (const error&) {
      // Brokers that are away come back; what is wrong for good, readers and discover() find out for themselves.
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, interval_, [this] { return wanted_; });
    wanted_ = false;
  }
}

void partition_watch::look() {
  const auto began = clock::now();
  const auto found = view_.find_partitions();
  auto latest = view_.offsets(found.partitions, latest_offset);
  const std::lock_guard lock(mutex_);
  for (const auto& before : partitions_) absences_.try_emplace(before, 0);
  for (auto& [what, absences] : absences_) {
    absences = std::binary_search(found.partitions.begin(), found.partitions.end(), what) ? 0 : absences + 1;
    if (absences == absences_of_a_gone_one) ++deletions_[what];
  }
  partitions_ = found.partitions;
  latest_ = std::move(latest);
  looked_at_ = began;
}

}  // namespace flow
