#include <algorithm>
#include <span>

#include "checkpoint/lmdb_checkpoint_store.hpp"
#include "flow/failpoint.hpp"

namespace flow {

bool lmdb_checkpoint_store::is_busy(const std::string& uid, const run_ptr& r) const {
  const bool merging =
      std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& job) { return job.uid() == uid && job.uses(r); });
  return merging || std::any_of(unsaved_.begin(), unsaved_.end(), [&](const auto& segment) {
           return std::find(r->segments.begin(), r->segments.end(), segment.id) != r->segments.end();
         });
}

std::uint64_t lmdb_checkpoint_store::unsaved_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& segment : unsaved_) bytes += segment.bytes.size();
  return bytes;
}

/// Small merges go before a large one under way, so that runs do not pile up meanwhile.
bool lmdb_checkpoint_store::start_merge() {
  for (const auto& [uid, list] : current_) {
    const auto& runs = list->runs;
    for (std::size_t begin = 0; begin < runs.size();) {
      auto end = begin;
      while (end < runs.size() && !is_busy(uid, runs[end])) ++end;
      if (const auto choice = choose_merge(std::span(runs).subspan(begin, end - begin))) {
        const auto first = runs.begin() + static_cast<std::ptrdiff_t>(begin + choice->begin);
        std::vector<run_ptr> inputs(first, first + static_cast<std::ptrdiff_t>(choice->count));
        const bool bottom = inputs.back() == runs.back();
        compaction_job job(uid, std::move(inputs), bottom, list->parallelism, settings_.segment_bytes);
        if (jobs_.empty() || 4 * job.input_bytes() <= jobs_.back().input_bytes()) {
          jobs_.push_back(std::move(job));
          return true;
        }
      }
      begin = std::max(end, begin + 1);
    }
  }
  return false;
}

void lmdb_checkpoint_store::store_merged(compaction_job& job) {
  const auto id = next_segment_++;
  const auto& segment = job.segment();
  const bool small = 2 * job.input_bytes() <= settings_.segment_bytes && unsaved_bytes() <= settings_.segment_bytes;
  counters_.bytes_written += segment.bytes();
  if (small) {
    unsaved_.push_back({id, segment.build(job.origin())});
  } else {
    write("write merged state to", segment.bytes(), [&](const lmdb_transaction& t) {
      segment.write(t.reserve(table::segments, big_endian(id), segment.bytes()), job.origin());
    });
  }
  job.written(id);
}

void lmdb_checkpoint_store::finish_merge() {
  const auto job = std::move(jobs_.back());
  jobs_.pop_back();
  auto& list = current_.at(job.uid());
  auto shorter = std::make_shared<run_list>(*list);
  const auto first = std::find(shorter->runs.begin(), shorter->runs.end(), job.inputs().front());
  const auto at = shorter->runs.erase(first, first + static_cast<std::ptrdiff_t>(job.inputs().size()));
  if (!job.result().segments.empty()) shorter->runs.insert(at, std::make_shared<const run>(job.result()));
  list = std::move(shorter);
  discard_unreferenced(job.inputs());
  ++counters_.compactions;
  failpoint("checkpoint.compact.after");
}

void lmdb_checkpoint_store::step_merge(std::size_t& budget) {
  auto& job = jobs_.back();
  const auto done = read([&](const lmdb_transaction& t) { return job.step(t, environment_->file(), budget); });
  if (done == compaction_job::progress::segment_ready) store_merged(job);
  if (done == compaction_job::progress::finished) finish_merge();
}

bool lmdb_checkpoint_store::compact(std::size_t budget) {
  const std::scoped_lock guard(mutex_);
  if (!retained_.empty() && !retained_.rbegin()->second.state) return false;
  if (garbage_.size() > cleared_at_once) {
    write("clear away old state in", 0, [&](const lmdb_transaction& t) {
      for (std::size_t i = 0; i < cleared_at_once; ++i) t.erase(table::segments, big_endian(garbage_[i]));
    });
    garbage_.erase(garbage_.begin(), garbage_.begin() + static_cast<std::ptrdiff_t>(cleared_at_once));
    return true;
  }
  bool worked = false;
  while (budget > 0) {
    if (start_merge()) failpoint("checkpoint.compact.before");
    if (jobs_.empty()) return worked;
    step_merge(budget);
    worked = true;
  }
  return true;
}

}  // namespace flow
