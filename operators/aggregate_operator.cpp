#include "operators/aggregate_operator.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <arrow/api.h>

#include "flow/types.hpp"
#include "operators/event_time.hpp"
#include "operators/gather.hpp"

namespace flow {
namespace {

/// A partial aggregation hands on what it has when it grows beyond either.
constexpr std::size_t partial_groups = 256 * 1024;
constexpr std::size_t partial_bytes = 64u << 20;

/// Rows of `keys` at `chosen`.
std::vector<array> gather_all(const std::vector<array>& keys, const std::vector<std::int32_t>& chosen) {
  std::vector<array> out;
  for (const auto& key : keys) out.push_back(gather_rows(key, chosen));
  return out;
}

/// What has changed is of interest only to results that name changes, and to state that is kept.
std::uint8_t kept_marks(const aggregate_plan& plan) {
  if (plan.stage == aggregate_stage::partial) return group_changes::unemitted;
  if (!plan.streaming) return 0;
  if (plan.mode == output_mode::update) return group_changes::unemitted | group_changes::unsaved;
  return group_changes::unsaved;
}

}  // namespace

aggregate_operator::aggregate_operator(std::shared_ptr<const aggregate_plan> plan,
                                       std::shared_ptr<const aggregate_layout> layout, schema_ptr output,
                                       const operator_context& place)
    : plan_(std::move(plan)),
      layout_(std::move(layout)),
      output_(std::move(output)),
      place_(place),
      groups_(layout_),
      changes_(kept_marks(*plan_)) {
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
  if (!partial()) changes_.touch(groups);
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
  changes_.touch(groups);
}

std::vector<array> aggregate_operator::key_columns(const arrow::RecordBatch& rows) const {
  std::vector<array> keys;
  keys.reserve(plan_->keys.size());
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
    if (!told && !call.filter && groups_.shows_rows(c, arguments)) {
      add_and_touch(c, into, arguments);
      told = true;
    } else {
      groups_.update(c, into, arguments);
    }
  }
  if (!told) changes_.touch(groups);
}

/// If many groups have rows between barriers, all are looked at in the end: telling the first row of each apart costs more.
void aggregate_operator::add_and_touch(std::size_t call, std::span<const std::uint32_t> groups,
                                       std::span<const array> arguments) {
  if (changes_.are_many(group_changes::unemitted) && shown_by_.value_or(call) == call) {
    shown_by_ = call;
    groups_.update(call, groups, arguments);
    return;
  }
  first_touched_.clear();
  groups_.update_and_tell(call, groups, arguments, first_touched_);
  changes_.touch(first_touched_);
}

void aggregate_operator::add_states(std::span<const array> states, std::span<const std::uint32_t> groups) {
  groups_.merge(groups, states);
}

/// Gives new groups their place in time, and their stored values.
void aggregate_operator::take_in(std::span<const std::uint32_t> inserted) {
  changes_.make_room(groups_.id_bound(), inserted);
  if (inserted.empty()) return;
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
    values.bytes.insert(values.bytes.end(), value.begin(), value.end());
    values.offsets.push_back(static_cast<std::uint32_t>(values.bytes.size()));
  }
  changes_.set_stored(found);
  groups_.merge(found, row_views(values));
}

/// Without keys there is one group whether or not there are rows.
void aggregate_operator::touch_global_group() {
  if (!owns_global_group() || (place_.continuous && groups_.size() != 0)) return;
  const auto groups = groups_.look_up(std::span<const array>(), 1);
  take_in(groups_.inserted());
  changes_.touch(groups);
}

// Groups out.

void aggregate_operator::emit_groups(const aggregate_groups& from, std::span<const std::uint32_t> groups, emitter& out) const {
  in_batches(groups, [&](std::span<const std::uint32_t> part) {
    auto columns = from.keys(part);
    columns.reserve(static_cast<std::size_t>(output_->num_fields()));
    for (auto& column : partial() ? from.states(part) : from.results(part)) columns.push_back(std::move(column));
    out.emit(arrow::RecordBatch::Make(output_, static_cast<std::int64_t>(part.size()), std::move(columns)));
  });
}

void aggregate_operator::emit_touched(emitter& out) {
  const auto& touched = changes_.take(group_changes::unemitted);
  if (panes_) {
    emit_touched_windows(touched, out);
  } else {
    emit_groups(groups_, touched, out);
  }
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
  const auto touched = take_linked();
  in_batches(touched, [&](std::span<const std::uint32_t> part) { emit_linked(part, out); });
  groups_.clear_values(touched);
  sent_ += touched.size();
}

/// Groups with rows since they were last sent, ascending: new ones have to be the last.
std::span<const std::uint32_t> aggregate_operator::take_linked() {
  if (shown_by_) {
    first_touched_.clear();
    groups_.append_shown(*std::exchange(shown_by_, {}), first_touched_);
    changes_.touch(first_touched_);
  }
  const auto& touched = changes_.take(group_changes::unemitted);
  if (std::is_sorted(touched.begin(), touched.end())) return touched;
  first_touched_ = touched;
  std::sort(first_touched_.begin(), first_touched_.end());
  return first_touched_;
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
    changes_.clear();
    groups_.reset();
    return;
  }
  if (plan_->mode == output_mode::complete) {
    emit_everything(out);
  } else if (plan_->mode == output_mode::update) {
    emit_touched(out);
    evict();
  }
  emitted_mark_ = mark_;
}

void aggregate_operator::snapshot(epoch, state_delta& delta) {
  if (!keeps_state()) return;
  const auto& changed = changes_.take(group_changes::unsaved);
  changes_.set_stored(changed);
  metrics_.rows_updated = static_cast<std::int64_t>(changed.size());
  if (!whole_pays(changed.size()) || !snapshot_whole(delta)) snapshot_changes(changed, delta);
  const auto hashes = layout_->partition_hashes(erased_);
  for (std::size_t i = 0; i < erased_.size(); ++i) delta.erase(hashes[i], erased_[i]);
  erased_ = {};
  evicted_to_.clear();
  if (on_demand() && groups_.bytes() > place_.state_cache_bytes) {
    groups_.reset();
    by_time_.clear();
    changes_.clear();
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
    changes_.set_stored(ids);
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
  out.rows_updated = std::max(out.rows_updated, static_cast<std::int64_t>(changes_.count(group_changes::unsaved)));
  out.rows_total = static_cast<std::int64_t>(on_demand() ? std::max<std::uint64_t>(view_->approximate_size(), groups_.size())
                                                         : groups_.size());
  out.memory_bytes = static_cast<std::int64_t>(groups_.bytes());
  return out;
}

}  // namespace flow
