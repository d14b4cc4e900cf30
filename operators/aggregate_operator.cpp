#include "operators/aggregate_operator.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <arrow/api.h>

#include "flow/types.hpp"
#include "libflow/src/row/value_format.hpp"
#include "operators/event_time.hpp"
#include "operators/gather.hpp"

namespace flow {
namespace {

constexpr std::size_t batch_rows = 16384;
/// A partial aggregation hands on what it has when it grows beyond either.
constexpr std::size_t partial_groups = 256 * 1024;
constexpr std::size_t partial_bytes = 64u << 20;

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

template <class F>
void in_batches(std::span<const std::uint32_t> groups, F visit) {
  for (std::size_t from = 0; from < groups.size(); from += batch_rows)
    visit(groups.subspan(from, std::min(batch_rows, groups.size() - from)));
}

/// Rows of `keys` at `chosen`.
std::vector<array> gather_all(const std::vector<array>& keys, const std::vector<std::int32_t>& chosen) {
  std::vector<array> out;
  for (const auto& key : keys) out.push_back(gather_rows(key, chosen));
  return out;
}

}  // namespace

aggregate_operator::aggregate_operator(std::shared_ptr<const aggregate_plan> plan,
                                       std::shared_ptr<const aggregate_layout> layout, schema_ptr output,
                                       const operator_context& place)
    : plan_(std::move(plan)), layout_(std::move(layout)), output_(std::move(output)), place_(place), groups_(layout_) {
  if (plan_->sliding) panes_.emplace(*plan_->sliding);
  if (partial() && plan_->receiver_keeps_groups && place_.state == state_store_kind::memory && layout_->hashed_as_stored())
    sender_.emplace(place_.instance, layout_->states.types());
}

/// A partial aggregation sees the watermark of its own input, which in continuous mode may run ahead of the merged one.
bool aggregate_operator::drops_late() const {
  return plan_->streaming && plan_->event_time && plan_->mode != output_mode::complete && !(partial() && place_.continuous);
}

bool aggregate_operator::owns_global_group() const {
  return plan_->keys.empty() && !partial() &&
         (place_.parallelism == 1 || owner_of(group_of(hash_bytes({})), place_.parallelism) == place_.instance);
}

// Rows in.

void aggregate_operator::begin_epoch(epoch e, const evaluation_context& context) {
  stream_operator::begin_epoch(e, context);
  metrics_ = {};
}

void aggregate_operator::process(int, const batch& rows, emitter& out) {
  if (rows->num_rows() == 0) return;
  if (plan_->stage == aggregate_stage::final && has_linked_groups(*rows)) return add_linked(rows);
  auto kept = rows;
  auto keys = key_columns(*kept);
  drop_late_rows(kept, keys);
  if (kept->num_rows() == 0) return;
  const auto groups = groups_.look_up(keys, kept->num_rows());
  if (!partial() || linked()) take_in(groups_.inserted());
  if (plan_->stage == aggregate_stage::final) {
    add_states(std::span<const array>(kept->columns()).subspan(plan_->keys.size()), groups);
  } else {
    add_rows(kept, groups);
  }
  if (!partial()) touch(groups);
  if (partial() && (groups_.size() >= partial_groups || groups_.bytes() >= partial_bytes)) {
    flush_partial(out);
    if (linked()) forget_keys();
  }
}

void aggregate_operator::add_linked(const batch& rows) {
  const auto groups = receiver_.resolve(*rows, [this](const byte_rows& keys) {
    const auto ids = groups_.look_up(keys);
    take_in(groups_.inserted());
    return ids;
  });
  add_states(group_receiver::states(*rows), groups);
  touch(groups);
}

std::vector<array> aggregate_operator::key_columns(const arrow::RecordBatch& rows) const {
  std::vector<array> keys;
  for (std::size_t k = 0; k < plan_->keys.size(); ++k) {
    keys.push_back(plan_->stage == aggregate_stage::final ? rows.column(static_cast<int>(k))
                                                          : evaluate_array(*plan_->keys[k].value, rows, context()));
  }
  return layout_->to_stored(std::move(keys));
}

/// Also drops rows without a pane: a null time is in no window.
void aggregate_operator::drop_late_rows(batch& rows, std::vector<array>& keys) {
  const bool late_matters = drops_late() && mark_;
  if (!late_matters && !panes_) return;
  const event_times ends(keys[0]);
  const auto last = late_matters ? mark_->microseconds : std::numeric_limits<std::int64_t>::min();
  std::vector<std::int32_t> kept;
  std::int64_t late = 0;
  for (std::int64_t i = 0; i < rows->num_rows(); ++i) {
    if (ends.is_null(i)) {
      if (panes_) continue;
    } else if (late_matters) {
      const auto time = panes_ ? panes_->last_end(ends[i] - panes_->pane()) : ends[i];
      if (time <= last) {
        ++late;
        continue;
      }
    }
    kept.push_back(static_cast<std::int32_t>(i));
  }
  metrics_.rows_dropped_by_watermark += late;
  if (static_cast<std::int64_t>(kept.size()) == rows->num_rows()) return;
  rows = gather_rows(rows, kept);
  keys = gather_all(keys, kept);
}

void aggregate_operator::add_rows(const batch& rows, std::span<const std::uint32_t> groups) {
  std::vector<array> arguments;
  bool told = !linked();  // Which groups had rows, if anybody wants to know.
  for (std::size_t c = 0; c < plan_->calls.size(); ++c) {
    const auto& call = plan_->calls[c];
    auto input = rows;
    std::vector<std::uint32_t> chosen_groups;
    auto into = groups;
    if (call.filter) {
      const auto chosen = select_rows(*call.filter, *rows, context());
      if (!chosen.all) {
        if (chosen.rows.empty()) continue;
        for (const auto i : chosen.rows) chosen_groups.push_back(groups[static_cast<std::size_t>(i)]);
        input = take_rows(rows, chosen);
        into = chosen_groups;
      }
    }
    arguments.clear();
    for (const auto& argument : call.function.arguments) arguments.push_back(evaluate_array(*argument, *input, context()));
    first_touched_.clear();
    if (!told && !call.filter && groups_.update_and_tell(c, into, arguments, first_touched_)) {
      touch(first_touched_);
      told = true;
    } else {
      groups_.update(c, into, arguments);
    }
  }
  if (!told) touch(groups);
}

void aggregate_operator::add_states(std::span<const array> states, std::span<const std::uint32_t> groups) {
  groups_.merge(groups, states);
}

/// Gives new groups their place in time, and their stored values.
void aggregate_operator::take_in(std::span<const std::uint32_t> inserted) {
  if (flags_.size() < groups_.id_bound()) flags_.resize(std::max(groups_.id_bound(), flags_.size() * 2));
  if (inserted.empty()) return;
  for (const auto g : inserted) flags_[g] = 0;
  if (keeps_state() && plan_->event_time) {
    byte_rows key;
    for (const auto g : inserted) {
      key.bytes.clear();
      key.offsets.resize(1);
      groups_.append_key(g, key);
      if (const auto time = key_time(key[0])) by_time_[*time].push_back(g);
    }
  }
  if (on_demand()) load(inserted);
}

void aggregate_operator::load(std::span<const std::uint32_t> groups) {
  const auto keys = groups_.encoded_keys(groups);
  const auto hashes = groups_.partition_hashes(groups, keys);
  group_ids found;
  byte_rows values;
  std::string value;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!view_->get(hashes[i], keys[i], value)) continue;
    found.push_back(groups[i]);
    flags_[groups[i]] |= stored;
    values.bytes.insert(values.bytes.end(), value.begin(), value.end());
    values.offsets.push_back(static_cast<std::uint32_t>(values.bytes.size()));
  }
  groups_.merge(found, row_views(values));
}

void aggregate_operator::touch(std::span<const std::uint32_t> groups) {
  constexpr std::uint8_t both = touched | dirty;
  for (const auto g : groups) {
    const auto flags = flags_[g];
    if ((flags & both) == both) continue;
    if ((flags & touched) == 0) touched_.push_back(g);
    if ((flags & dirty) == 0) dirty_.push_back(g);
    flags_[g] = static_cast<std::uint8_t>(flags | both);
  }
}

/// Without keys there is one group whether or not there are rows.
void aggregate_operator::touch_global_group() {
  if (!owns_global_group() || (place_.continuous && groups_.size() != 0)) return;
  const auto groups = groups_.look_up(std::span<const array>(), 1);
  take_in(groups_.inserted());
  touch(groups);
}

// Groups out.

void aggregate_operator::emit_groups(const aggregate_groups& from, std::span<const std::uint32_t> groups, emitter& out) const {
  in_batches(groups, [&](std::span<const std::uint32_t> part) {
    auto columns = from.keys(part);
    for (auto& column : partial() ? from.states(part) : from.results(part)) columns.push_back(std::move(column));
    out.emit(arrow::RecordBatch::Make(output_, static_cast<std::int64_t>(part.size()), std::move(columns)));
  });
}

void aggregate_operator::order(group_ids& groups, group_flag flag) const {
  if (groups.size() * 8 < groups_.id_bound()) return;
  groups.clear();
  for (std::uint32_t g = 0; g < groups_.id_bound(); ++g) {
    if ((flags_[g] & flag) != 0) groups.push_back(g);
  }
}

void aggregate_operator::forget_touched() {
  for (const auto g : touched_) flags_[g] &= static_cast<std::uint8_t>(~touched);
  touched_.clear();
}

void aggregate_operator::emit_touched(emitter& out) {
  order(touched_, touched);
  if (panes_) {
    emit_touched_windows(out);
  } else {
    emit_groups(groups_, touched_, out);
  }
  forget_touched();
}

void aggregate_operator::emit_everything(emitter& out) {
  if (panes_) {
    aggregate_groups windows(layout_);
    const auto every = [](std::int64_t) { return true; };
    add_panes(groups_, groups_.all(), every, windows);
    if (on_demand())
      scan_stored(
          {}, [](std::string_view) { return true; },
          [&](aggregate_groups& panes, const group_ids& ids) { add_panes(panes, ids, every, windows); });
    emit_groups(windows, windows.all(), out);
    return;
  }
  emit_groups(groups_, groups_.all(), out);
  if (on_demand())
    scan_stored(
        {}, [](std::string_view) { return true; },
        [&](aggregate_groups& from, const group_ids& ids) { emit_groups(from, ids, out); });
}

void aggregate_operator::flush_partial(emitter& out) {
  if (linked()) return flush_linked(out);
  if (groups_.size() == 0) return;
  emit_groups(groups_, groups_.all(), out);
  if (groups_.bytes() >= partial_bytes) {
    groups_.reset();
  } else {
    groups_.clear();
  }
}

void aggregate_operator::flush_linked(emitter& out) {
  if (touched_.empty()) return;
  order(touched_, touched);
  // Few are in the order they came in; new ones have to be the last.
  if (!std::is_sorted(touched_.begin(), touched_.end())) std::sort(touched_.begin(), touched_.end());
  in_batches(touched_, [&](std::span<const std::uint32_t> part) { emit_linked(part, out); });
  groups_.clear_values(touched_);
  sent_ += touched_.size();
  forget_touched();
  dirty_.clear();
}

void aggregate_operator::emit_linked(std::span<const std::uint32_t> groups, emitter& out) {
  const auto first_new = std::lower_bound(groups.begin(), groups.end(), sender_->known());
  const auto added = groups.subspan(static_cast<std::size_t>(first_new - groups.begin()));
  const auto keys = groups_.encoded_keys(added);
  for (const auto hash : groups_.partition_hashes(added, keys)) key_groups_.push_back(group_of(hash).value);
  out.emit(sender_->make(groups, key_groups_, groups_.states(groups), keys));
}

void aggregate_operator::forget_keys() {
  if (groups_.bytes() >= partial_bytes) {
    groups_.reset();
  } else {
    groups_.clear();
  }
  key_groups_.clear();
  sender_->forget();
}

void aggregate_operator::forget_stale_keys() {
  constexpr std::size_t few = 4096, worth = 4;
  if (groups_.size() > few && sent_ * worth < groups_.size()) forget_keys();
  sent_ = 0;
}

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
void aggregate_operator::emit_touched_windows(emitter& out) {
  const auto keys = groups_.encoded_keys(touched_);
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

// Time.

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
    if ((flags_[g] & stored) != 0) groups_.append_key(g, erased_);
    flags_[g] = 0;
  }
  metrics_.rows_removed += static_cast<std::int64_t>(groups.size());
  groups_.erase(groups);
}

void aggregate_operator::scan_stored(std::string_view from, const std::function<bool(std::string_view)>& wanted,
                                     const stored_visitor& visit) const {
  byte_rows keys, values;
  const auto hand_over = [&] {
    if (keys.size() == 0) return;
    aggregate_groups part(layout_);
    const auto ids = part.look_up(keys);
    part.merge(ids, row_views(values));
    visit(part, group_ids(ids.begin(), ids.end()));
    keys = {};
    values = {};
  };
  view_->scan(from, {}, [&](std::string_view key, std::string_view value) {
    if (!wanted(key)) return false;
    if (groups_.find(key) != keyed_table::none) return true;
    keys.bytes.insert(keys.bytes.end(), key.begin(), key.end());
    keys.offsets.push_back(static_cast<std::uint32_t>(keys.bytes.size()));
    values.bytes.insert(values.bytes.end(), value.begin(), value.end());
    values.offsets.push_back(static_cast<std::uint32_t>(values.bytes.size()));
    if (keys.size() == batch_rows) hand_over();
    return true;
  });
  hand_over();
}

// Epochs.

void aggregate_operator::on_idle(emitter& out) {
  if (partial()) {
    flush_partial(out);
  } else if (place_.continuous && plan_->streaming && plan_->mode == output_mode::update) {
    emit_touched(out);
  }
}

void aggregate_operator::on_barrier(epoch, emitter& out) {
  if (partial()) {
    flush_partial(out);
    if (linked()) forget_stale_keys();
    return;
  }
  touch_global_group();
  if (!plan_->streaming) {
    emit_everything(out);
    forget_touched();
    dirty_.clear();
    groups_.reset();
    return;
  }
  if (plan_->mode == output_mode::complete) {
    emit_everything(out);
    forget_touched();
  } else if (plan_->mode == output_mode::update) {
    emit_touched(out);
    evict();
  } else {
    forget_touched();
  }
  emitted_mark_ = mark_;
}

void aggregate_operator::snapshot(epoch, state_delta& delta) {
  if (!keeps_state()) return;
  group_ids changed;
  order(dirty_, dirty);
  for (const auto g : dirty_) {
    if ((flags_[g] & dirty) == 0) continue;
    flags_[g] = static_cast<std::uint8_t>((flags_[g] & ~dirty) | stored);
    changed.push_back(g);
  }
  dirty_.clear();
  metrics_.rows_updated = static_cast<std::int64_t>(changed.size());
  if (!whole_pays(changed.size()) || !snapshot_whole(delta)) snapshot_changes(changed, delta);
  const auto hashes = layout_->partition_hashes(erased_);
  for (std::size_t i = 0; i < erased_.size(); ++i) delta.erase(hashes[i], erased_[i]);
  erased_ = {};
  evicted_to_.clear();
  if (on_demand() && groups_.bytes() > place_.state_cache_bytes) {
    groups_.reset();
    by_time_.clear();
    flags_.clear();
    touched_.clear();
  }
}

/// All there is takes the place of everything written before, so nothing has to be merged: cheaper than changes once they are
/// many, or have become many. Not for state so large that writing it at once would hold the query up.
bool aggregate_operator::whole_pays(std::size_t changed) {
  constexpr std::size_t fewest = 64, most = 1u << 20;
  const bool forgets = plan_->event_time && plan_->mode != output_mode::complete;
  const auto size = groups_.size();
  if (on_demand() || place_.state != state_store_kind::memory || panes_ || forgets || values_differ_) return false;
  if (size < fewest || size > most || changed == 0) return false;
  return 2 * changed >= size || changed + changed_since_whole_ >= size;
}

bool aggregate_operator::snapshot_whole(state_delta& delta) {
  order_.extend(groups_);
  std::vector<state_delta::column> columns;
  std::size_t value_size = 0;
  for (const auto& list : order_.lists()) {
    auto& column = columns.emplace_back(state_delta::column{list.keys, {}});
    in_batches(list.groups, [&](std::span<const std::uint32_t> part) {
      const auto states = groups_.encoded_states(part);
      if (value_size == 0) value_size = states[0].size();
      for (std::size_t i = 0; i < states.size(); ++i) values_differ_ = values_differ_ || states[i].size() != value_size;
      column.values.insert(column.values.end(), states.bytes.begin(), states.bytes.end());
    });
  }
  if (values_differ_ || value_size == 0) return false;
  delta.put_whole(std::move(columns), static_cast<std::uint32_t>(value_size));
  changed_since_whole_ = 0;
  return true;
}

void aggregate_operator::snapshot_changes(const group_ids& changed, state_delta& delta) {
  changed_since_whole_ += changed.size();
  in_batches(changed, [&](std::span<const std::uint32_t> part) {
    const auto keys = groups_.encoded_keys(part);
    const auto states = groups_.encoded_states(part);
    const auto hashes = groups_.partition_hashes(part, keys);
    delta.reserve(delta.entries().size() + part.size(), delta.bytes() + keys.bytes.size() + states.bytes.size());
    for (std::size_t i = 0; i < part.size(); ++i) delta.put(hashes[i], keys[i], states[i]);
  });
}

void aggregate_operator::restore(const state_view& view) {
  view_ = &view;
  if (!keeps_state() || on_demand()) return;
  byte_rows keys, values;
  const auto add = [&] {
    const auto ids = groups_.look_up(keys);
    take_in(groups_.inserted());
    groups_.merge(ids, row_views(values));
    for (const auto g : ids) flags_[g] |= stored;
    keys = {};
    values = {};
  };
  view.scan([&](std::string_view key, std::string_view value) {
    keys.bytes.insert(keys.bytes.end(), key.begin(), key.end());
    keys.offsets.push_back(static_cast<std::uint32_t>(keys.bytes.size()));
    values.bytes.insert(values.bytes.end(), value.begin(), value.end());
    values.offsets.push_back(static_cast<std::uint32_t>(values.bytes.size()));
    if (keys.size() == batch_rows) add();
    return true;
  });
  if (keys.size() > 0) add();
}

void aggregate_operator::restore_watermark(timestamp mark) {
  mark_ = mark;
  emitted_mark_ = mark;
}

operator_metrics aggregate_operator::metrics() const {
  auto out = metrics_;
  out.rows_updated = std::max(out.rows_updated, static_cast<std::int64_t>(dirty_.size()));
  out.rows_total = static_cast<std::int64_t>(on_demand() ? std::max<std::uint64_t>(view_->approximate_size(), groups_.size())
                                                         : groups_.size());
  out.memory_bytes = static_cast<std::int64_t>(groups_.bytes());
  return out;
}

}  // namespace flow
