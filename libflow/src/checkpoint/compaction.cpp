#include "checkpoint/compaction.hpp"

#include <algorithm>

#include "flow/error.hpp"
#include "state/operator_state.hpp"

namespace flow {

std::optional<merge_choice> choose_merge(std::span<const run_ptr> runs) {
  constexpr std::size_t fewest = 4;
  constexpr std::uint64_t page = 4096;  // Smaller runs cost the same.
  const auto size = [&](std::size_t i) { return std::max(runs[i]->bytes, page); };
  for (std::size_t begin = 0; begin + fewest <= runs.size(); ++begin) {
    auto total = size(begin);
    auto end = begin + 1;
    while (end < runs.size() && size(end) <= 2 * total) total += size(end++);
    if (end - begin >= fewest) return merge_choice{begin, end - begin};
  }
  return std::nullopt;
}

compaction_job::compaction_job(std::string uid, std::vector<run_ptr> inputs, bool bottom, std::uint32_t parallelism,
                               std::size_t segment_bytes)
    : uid_(std::move(uid)),
      inputs_(std::move(inputs)),
      bottom_(bottom),
      parallelism_(parallelism),
      segment_bytes_(segment_bytes) {
  result_.first_epoch = inputs_.back()->first_epoch;
  result_.last_epoch = inputs_.front()->last_epoch;
  for (const auto& r : inputs_) input_bytes_ += r->bytes;
}

segment_origin compaction_job::origin() const {
  return {result_.first_epoch, result_.last_epoch, group_range::of(instance_, parallelism_)};
}

bool compaction_job::uses(const run_ptr& r) const { return std::find(inputs_.begin(), inputs_.end(), r) != inputs_.end(); }

std::vector<lane> compaction_job::load(const run& source, const lmdb_transaction& transaction,
                                       const std::filesystem::path& file) const {
  const auto groups = origin().groups;
  std::vector<lane> lanes;
  for (std::size_t i = 0; i < source.segments.size(); ++i) {
    const auto id = source.segments[i];
    const auto name = segment_name(uid_, id, source.first_epoch, source.last_epoch, file);
    const auto view = view_segment(source, i, name, [&](std::uint64_t wanted) {
      const auto bytes = transaction.get(table::segments, big_endian(wanted));
      if (!bytes) throw error(errc::checkpoint_corrupt, name + " is missing; restore the checkpoint from a copy");
      return *bytes;
    });
    if (view.origin().groups.intersects(groups)) add_to_lanes(lanes, {id, view, checked_.contains(id)});
  }
  return lanes;
}

void compaction_job::take(const segment_entry& entry, std::size_t& budget) {
  constexpr std::size_t entry_cost = 16;
  const auto cost = entry_cost + entry.key.size() + entry.value.size();
  budget -= std::min(budget, cost);
  if (entry.erased && bottom_) return;
  if (origin().groups.contains(entry.group)) builder_.add(entry);
}

compaction_job::progress compaction_job::step(const lmdb_transaction& transaction, const std::filesystem::path& file,
                                              std::size_t& budget) {
  if (instance_done_) {
    instance_done_ = false;
    last_key_.reset();
    ++instance_;
  }
  if (instance_ == parallelism_) return progress::finished;
  std::vector<std::vector<lane>> loaded;
  for (const auto& r : inputs_) loaded.push_back(load(*r, transaction, file));
  merge_cursor cursor([&](segment_slot& slot) {
    slot.view.verify(segment_name(uid_, slot.id, slot.view.origin().first_epoch, slot.view.origin().last_epoch, file));
    slot.checked = true;
    checked_.insert(slot.id);
  });
  for (auto& lanes : loaded) {
    for (auto& l : lanes) cursor.add(l);
  }
  for (cursor.seek(last_key_.value_or(""), last_key_.has_value()); cursor.valid(); cursor.next()) {
    const auto& entry = cursor.entry();
    take(entry, budget);
    const bool full = builder_.bytes() >= segment_bytes_;
    if (!full && budget > 0) continue;
    last_key_ = std::string(entry.key);
    return full ? progress::segment_ready : progress::paused;
  }
  instance_done_ = true;
  return builder_.empty() ? progress::paused : progress::segment_ready;
}

void compaction_job::written(std::uint64_t id) {
  result_.segments.push_back(id);
  result_.entries += builder_.entries();
  result_.bytes += builder_.bytes();
  builder_.clear();
}

}  // namespace flow
