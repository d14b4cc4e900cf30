#include <algorithm>

#include "checkpoint/lmdb_checkpoint_store.hpp"
#include "flow/error.hpp"
#include "flow/failpoint.hpp"

namespace flow {

void lmdb_checkpoint_store::refuse_damaged(epoch number) const {
  const auto kept = retained_.find(number.value);
  if (kept != retained_.end() && !kept->second.state) {
    throw error(errc::checkpoint_corrupt,
                kept->second.damage + "; roll back to an older epoch, or restore the file from a copy");
  }
}

state_lists lmdb_checkpoint_store::add_runs(const lmdb_transaction& t, const epoch_record& record,
                                            const std::vector<instance_delta>& deltas, std::uint64_t& next_id,
                                            key_registry& known) const {
  std::map<std::string, std::vector<const instance_delta*>> by_uid;
  for (const auto& d : deltas) {
    if (d.delta && !d.delta->empty()) by_uid[d.uid].push_back(&d);
  }
  auto lists = current_;
  delta_writer writer(t, next_id, known, settings_.segment_bytes);
  for (auto& [uid, parts] : by_uid) {
    std::sort(parts.begin(), parts.end(), [](const auto* a, const auto* b) { return a->instance < b->instance; });
    auto added = std::make_shared<run>();
    added->first_epoch = added->last_epoch = record.number.value;
    for (const auto* part : parts) writer.write(*part, record.number.value, *added);
    auto& list = lists[uid];
    auto longer = list ? std::make_shared<run_list>(*list) : std::make_shared<run_list>();
    longer->parallelism = parts.front()->parallelism;
    // What all instances hold takes the place of all there was.
    const bool whole = std::all_of(parts.begin(), parts.end(), [](const auto* part) { return part->delta->whole(); });
    if (whole && parts.size() == longer->parallelism) longer->runs.clear();
    longer->runs.insert(longer->runs.begin(), std::move(added));
    list = std::move(longer);
  }
  return lists;
}

std::vector<std::uint64_t> lmdb_checkpoint_store::epochs_to_drop(std::uint64_t newest) const {
  std::vector<std::uint64_t> dropped;
  auto kept = retained_.size() + 1;
  for (const auto& [number, record] : retained_) {
    const bool needed_by_sink = sink_committed_ && number >= sink_committed_->value;
    if (kept <= static_cast<std::size_t>(settings_.epochs_retained) || needed_by_sink || number >= newest) break;
    dropped.push_back(number);
    --kept;
  }
  return dropped;
}

void lmdb_checkpoint_store::erase_plans(const lmdb_transaction& t, const std::function<bool(std::uint64_t)>& which) const {
  std::vector<std::string> keys;
  t.each(table::plans, [&](std::string_view key, std::string_view) {
    if (which(from_big_endian(key))) keys.emplace_back(key);
    return true;
  });
  for (const auto& key : keys) t.erase(table::plans, key);
}

void lmdb_checkpoint_store::commit(const epoch_record& record, const std::vector<instance_delta>& deltas) {
  const std::scoped_lock guard(mutex_);
  const auto number = record.number.value;
  if (number <= newest_number().value) {
    throw error(errc::illegal_state, "epoch " + std::to_string(number) + " cannot be committed after epoch " +
                                         std::to_string(newest_number().value) + " in " + dir_.string());
  }
  refuse_damaged(newest_number());
  failpoint("checkpoint.commit.before");
  auto bytes = unsaved_bytes();
  for (const auto& d : deltas) bytes += d.delta ? d.delta->stored_bytes() : 0;
  const auto dropped = epochs_to_drop(number);
  const auto cleared = std::min(cleared_at_once, garbage_.size());
  state_lists lists;
  std::uint64_t next_id = 0;
  key_registry known;
  write("commit epoch " + std::to_string(number) + " to", bytes, [&](const lmdb_transaction& t) {
    next_id = next_segment_;
    for (const auto& segment : unsaved_) t.put(table::segments, big_endian(segment.id), segment.bytes);
    known = known_keys_;
    lists = add_runs(t, record, deltas, next_id, known);
    const auto key = big_endian(number);
    t.put(table::epochs, key, seal(key, to_json(record, lists)));
    erase_plans(t, [&](std::uint64_t planned) { return planned <= number; });
    for (const auto old : dropped) t.erase(table::epochs, big_endian(old));
    for (std::size_t i = 0; i < cleared; ++i) t.erase(table::segments, big_endian(garbage_[i]));
    failpoint("checkpoint.commit.segments");
  });
  next_segment_ = next_id;
  known_keys_ = std::move(known);
  unsaved_.clear();
  garbage_.erase(garbage_.begin(), garbage_.begin() + static_cast<std::ptrdiff_t>(cleared));
  const auto before = std::exchange(current_, std::move(lists));
  retained_[number].state = current_;
  abandon_merges();
  collect_garbage(dropped);
  std::vector<run_ptr> replaced;
  for (const auto& [uid, list] : before) replaced.insert(replaced.end(), list->runs.begin(), list->runs.end());
  discard_unreferenced(replaced);
  ++counters_.commits;
  counters_.bytes_written += bytes;
  publish(record.number);
  failpoint("checkpoint.commit.after");
}

std::unordered_set<const run*> lmdb_checkpoint_store::referenced_runs() const {
  std::unordered_set<const run*> referenced;
  const auto add = [&](const state_lists& lists) {
    for (const auto& [uid, list] : lists) {
      for (const auto& r : list->runs) referenced.insert(r.get());
    }
  };
  for (const auto& [number, kept] : retained_) {
    if (kept.state) add(*kept.state);
  }
  add(current_);
  return referenced;
}

/// Forgets these epochs, whose records are gone, and notes the segments that only they referred to.
void lmdb_checkpoint_store::collect_garbage(const std::vector<std::uint64_t>& dropped) {
  std::vector<run_ptr> candidates;
  for (const auto number : dropped) {
    const auto old = std::move(retained_.extract(number).mapped());
    if (!old.state) continue;
    for (const auto& [uid, list] : *old.state) candidates.insert(candidates.end(), list->runs.begin(), list->runs.end());
  }
  discard_unreferenced(candidates);
}

void lmdb_checkpoint_store::discard_unreferenced(const std::vector<run_ptr>& candidates) {
  if (candidates.empty()) return;
  const auto referenced = referenced_runs();
  auto seen = referenced;
  std::vector<std::uint64_t> keys;
  for (const auto& r : candidates) {
    if (!seen.insert(r.get()).second) continue;
    garbage_.insert(garbage_.end(), r->segments.begin(), r->segments.end());
    keys.insert(keys.end(), r->keys.begin(), r->keys.end());
  }
  if (!keys.empty()) discard_keys(keys, referenced);
}

/// Several runs may share a segment of keys.
void lmdb_checkpoint_store::discard_keys(const std::vector<std::uint64_t>& candidates,
                                         const std::unordered_set<const run*>& referenced) {
  std::unordered_set<std::uint64_t> seen{0};
  for (const auto* r : referenced) seen.insert(r->keys.begin(), r->keys.end());
  std::unordered_set<std::uint64_t> discarded;
  for (const auto id : candidates) {
    if (seen.insert(id).second) discarded.insert(id);
  }
  garbage_.insert(garbage_.end(), discarded.begin(), discarded.end());
  for (auto& [instance, known] : known_keys_) {
    std::erase_if(known, [&](const stored_keys& stored) {
      return std::any_of(stored.pieces.begin(), stored.pieces.end(), [&](const auto& p) { return discarded.contains(p.id); });
    });
  }
}

/// Those whose runs have been replaced as a whole.
void lmdb_checkpoint_store::abandon_merges() {
  std::erase_if(jobs_, [this](const compaction_job& job) {
    const auto& runs = current_.at(job.uid())->runs;
    if (std::find(runs.begin(), runs.end(), job.inputs().front()) != runs.end()) return false;
    const auto& written = job.result().segments;
    garbage_.insert(garbage_.end(), written.begin(), written.end());
    return true;
  });
}

void lmdb_checkpoint_store::publish(epoch number) {
  static const auto nothing = std::make_shared<const run_list>();
  std::erase_if(watchers_, [&](const watcher& w) {
    const auto mailbox = w.mailbox.lock();
    if (!mailbox) return true;
    const auto list = current_.find(w.uid);
    mailbox->publish(number, list == current_.end() ? nothing : list->second);
    return false;
  });
}

void lmdb_checkpoint_store::sink_committed(epoch number) {
  const std::scoped_lock guard(mutex_);
  sink_committed_ = number;
  sink_record_due_ = true;
}

std::optional<epoch> lmdb_checkpoint_store::last_sink_committed() const {
  const std::scoped_lock guard(mutex_);
  return sink_committed_;
}

void lmdb_checkpoint_store::roll_back_to(epoch number, bool keep_next_plan) {
  const std::scoped_lock guard(mutex_);
  if (number.value != 0 && !retained_.contains(number.value)) {
    std::string known;
    for (const auto& [each, kept] : retained_) known += (known.empty() ? "" : ", ") + std::to_string(each);
    throw error(errc::checkpoint_mismatch, "the checkpoint " + dir_.string() + " cannot go back to epoch " +
                                               std::to_string(number.value) + ": it holds " + (known.empty() ? "none" : known) +
                                               "; raise minBatchesToRetain to keep more");
  }
  refuse_damaged(number);
  if (sink_committed_ && *sink_committed_ > number) {
    sink_committed_ = number;
    sink_record_due_ = true;
  }
  write("roll back", 0, [&](const lmdb_transaction& t) {
    for (auto later = retained_.upper_bound(number.value); later != retained_.end(); ++later) {
      t.erase(table::epochs, big_endian(later->first));
    }
    erase_plans(
        t, [&](std::uint64_t planned) { return planned > number.value && !(keep_next_plan && planned == number.value + 1); });
  });
  jobs_.clear();
  unsaved_.clear();
  known_keys_.clear();
  load_epochs();
  clear_orphans();
}

}  // namespace flow
