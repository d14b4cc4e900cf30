#include <algorithm>
#include <limits>

#include "libflow/src/row/value_format.hpp"
#include "operators/aggregate_operator.hpp"

// What event time does to groups: sliding windows put together from panes, and groups that the watermark closes.

namespace flow {
namespace {

/// Where the times stand in an encoded key that begins with a window: marker, marker, start, marker, end.
constexpr std::size_t window_start_at = 2;
constexpr std::size_t window_end_at = 11;
constexpr std::size_t window_bytes = 19;

std::int64_t read_time(std::string_view key, std::size_t at) {
  return row::int64_format::load(reinterpret_cast<const std::uint8_t*>(key.data()) + at);
}

/// An encoded key with another window in front.
void append_with_window(std::string_view key, std::int64_t start, std::int64_t end, byte_rows& out) {
  const auto at = out.bytes.size();
  out.bytes.insert(out.bytes.end(), key.begin(), key.end());
  row::int64_format::store(out.bytes.data() + at + window_start_at, start);
  row::int64_format::store(out.bytes.data() + at + window_end_at, end);
  out.offsets.push_back(static_cast<std::uint32_t>(out.bytes.size()));
}

bool starts_with_window(std::string_view key) {
  return key.size() >= window_bytes && key[0] == key_hash::present && key[1] == key_hash::present &&
         key[10] == key_hash::present;
}

}  // namespace

void aggregate_operator::add_panes(const aggregate_groups& panes, std::span<const std::uint32_t> ids,
                                   const std::function<bool(std::int64_t)>& wanted, aggregate_groups& windows) const {
  in_batches(ids, [&](std::span<const std::uint32_t> part) {
    const auto keys = panes.encoded_keys(part);
    byte_rows window_keys;
    group_ids sources;
    for (std::size_t i = 0; i < part.size(); ++i) {
      panes_->for_each_window(read_time(keys[i], window_start_at), [&](std::int64_t start, std::int64_t end) {
        if (!wanted(end)) return;
        append_with_window(keys[i], start, end, window_keys);
        sources.push_back(part[i]);
      });
    }
    const auto targets = windows.look_up(window_keys);
    add_pairs(panes, sources, targets, windows);
  });
}

void aggregate_operator::add_pairs(const aggregate_groups& panes, std::span<const std::uint32_t> pane_ids,
                                   std::span<const std::uint32_t> window_ids, aggregate_groups& windows) const {
  for (std::size_t from = 0; from < pane_ids.size(); from += batch_rows) {
    const auto count = std::min(batch_rows, pane_ids.size() - from);
    const auto states = panes.states(pane_ids.subspan(from, count));
    windows.merge(window_ids.subspan(from, count), std::span<const array>(states));
  }
}

/// The windows over touched panes that are still open, each from all its panes.
void aggregate_operator::emit_touched_windows(const group_ids& touched, emitter& out) {
  const auto keys = groups_.encoded_keys(touched);
  byte_rows window_keys;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    panes_->for_each_window(read_time(keys[i], window_start_at), [&](std::int64_t start, std::int64_t end) {
      if (!drops_late() || !emitted_mark_ || end > emitted_mark_->microseconds)
        append_with_window(keys[i], start, end, window_keys);
    });
  }
  aggregate_groups windows(layout_);
  windows.look_up(window_keys);
  const auto affected = windows.all();
  const auto affected_keys = windows.encoded_keys(affected);
  byte_rows pane_keys;
  group_ids targets;
  for (std::size_t i = 0; i < affected.size(); ++i) {
    panes_->for_each_pane(read_time(affected_keys[i], window_start_at), [&](std::int64_t start, std::int64_t end) {
      append_with_window(affected_keys[i], start, end, pane_keys);
      targets.push_back(affected[i]);
    });
  }
  group_ids pane_ids;
  if (on_demand()) {
    // Panes that are nowhere become empty groups here; the next drop of the cache takes them away.
    const auto ids = groups_.look_up(pane_keys);
    pane_ids.assign(ids.begin(), ids.end());
    take_in(groups_.inserted());
    add_pairs(groups_, pane_ids, targets, windows);
  } else {
    group_ids present_targets;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const auto id = groups_.find(pane_keys[i]);
      if (id == keyed_table::none) continue;
      pane_ids.push_back(id);
      present_targets.push_back(targets[i]);
    }
    add_pairs(groups_, pane_ids, present_targets, windows);
  }
  emit_groups(windows, affected, out);
}

std::optional<std::int64_t> aggregate_operator::key_time(std::string_view key) const {
  if (panes_ || plan_->event_time->window) {
    if (!starts_with_window(key)) return {};
    return panes_ ? panes_->last_end(read_time(key, window_start_at)) : read_time(key, window_end_at);
  }
  if (key.empty() || key[0] != key_hash::present) return {};
  return read_time(key, 1);
}

void aggregate_operator::on_watermark(timestamp mark, emitter& out) {
  if (partial()) {
    flush_partial(out);
    mark_ = mark;
    return;
  }
  if (place_.continuous && plan_->mode == output_mode::update && plan_->streaming) emit_touched(out);
  if (!mark_ || mark > *mark_) mark_ = mark;
  if (!keeps_state() || !plan_->event_time || plan_->mode == output_mode::complete) return;
  if (plan_->mode == output_mode::append) emit_closed(out);
  // In micro-batch update, what this epoch touched is emitted at the barrier first, closed or not.
  if (plan_->mode == output_mode::append || place_.continuous) {
    evict();
    emitted_mark_ = mark_;
  }
}

void aggregate_operator::emit_closed(emitter& out) {
  if (panes_) {
    emit_closed_windows(out);
    return;
  }
  if (on_demand()) evict_stored([&](aggregate_groups& from, const group_ids& ids) { emit_groups(from, ids, out); });
  const auto end = by_time_.upper_bound(mark_->microseconds);
  for (auto at = by_time_.begin(); at != end; ++at) emit_groups(groups_, at->second, out);
}

/// Windows that ended since the last emission, put together from their panes.
void aggregate_operator::emit_closed_windows(emitter& out) {
  const auto wanted = [this](std::int64_t end) {
    return end <= mark_->microseconds && (!emitted_mark_ || end > emitted_mark_->microseconds);
  };
  // A pane is in a closed window only if its last window ends less than a window's length later.
  const auto reach = mark_->microseconds + panes_->size();
  group_ids candidates;
  for (auto at = by_time_.begin(); at != by_time_.end() && at->first <= reach; ++at)
    candidates.insert(candidates.end(), at->second.begin(), at->second.end());
  aggregate_groups windows(layout_);
  add_panes(groups_, candidates, wanted, windows);
  if (on_demand())
    scan_stored(
        evicted_to_,
        [&](std::string_view key) { return key_time(key).value_or(std::numeric_limits<std::int64_t>::max()) <= reach; },
        [&](aggregate_groups& panes, const group_ids& ids) { add_panes(panes, ids, wanted, windows); });
  emit_groups(windows, windows.all(), out);
}

/// Forgets what the watermark has closed.
void aggregate_operator::evict() {
  if (!mark_ || !plan_->event_time) return;
  // Append has been through the stored groups to emit them; panes and update have not.
  if (on_demand() && (panes_ || plan_->mode != output_mode::append)) evict_stored(nullptr);
  const auto end = by_time_.upper_bound(mark_->microseconds);
  for (auto at = by_time_.begin(); at != end; ++at) remove(at->second);
  by_time_.erase(by_time_.begin(), end);
}

/// Marks closed groups that are only in the view for erasure; `visit`, if any, sees them before.
void aggregate_operator::evict_stored(const stored_visitor& visit) {
  const auto closed = [this](std::string_view key) {
    const auto time = key_time(key);
    return time && *time <= mark_->microseconds;
  };
  std::string next;
  view_->scan(evicted_to_, {}, [&](std::string_view key, std::string_view) {
    if (!closed(key)) return false;
    next.assign(key);
    if (groups_.find(key) != keyed_table::none) return true;
    erased_.bytes.insert(erased_.bytes.end(), key.begin(), key.end());
    erased_.offsets.push_back(static_cast<std::uint32_t>(erased_.bytes.size()));
    ++metrics_.rows_removed;
    return true;
  });
  if (visit) scan_stored(evicted_to_, closed, visit);
  if (!next.empty()) evicted_to_ = next + '\0';
}

void aggregate_operator::remove(const group_ids& groups) {
  for (const auto g : groups) {
    if (changes_.is_stored(g)) groups_.append_key(g, erased_);
    changes_.forget(g);
  }
  metrics_.rows_removed += static_cast<std::int64_t>(groups.size());
  groups_.erase(groups);
}

}  // namespace flow
