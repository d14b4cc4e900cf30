#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flow/operator_factory.hpp"
#include "operators/aggregate_groups.hpp"
#include "operators/group_changes.hpp"
#include "operators/group_link.hpp"
#include "operators/key_order.hpp"
#include "operators/sliding_panes.hpp"

namespace flow {

/// Hash aggregation by key (make_aggregate in flow/operator_factory.hpp): rows or partial states in, groups out as the output
/// mode says.
///
/// Groups live in `groups_`. With state in memory that is all of them; with state in LMDB it is those touched lately, the rest
/// are read from the view when their key comes, or in a range when event time closes them.
/// Rows, results and snapshots are in aggregate_operator.cpp, event time in aggregate_time.cpp.
class aggregate_operator : public stream_operator {
 public:
  aggregate_operator(std::shared_ptr<const aggregate_plan> plan, std::shared_ptr<const aggregate_layout> layout,
                     schema_ptr output, const operator_context& place);

  void begin_epoch(epoch e, const evaluation_context& context) override;
  void process(int port, const batch& rows, emitter& out) override;
  void on_watermark(timestamp mark, emitter& out) override;
  void on_idle(emitter& out) override;
  void on_barrier(epoch e, emitter& out) override;
  void snapshot(epoch e, state_delta& delta) override;
  void restore(const state_view& view) override;
  void restore_watermark(timestamp mark) override;
  operator_metrics metrics() const override;

 private:
  using group_ids = std::vector<std::uint32_t>;
  /// Takes groups read from the view.
  using stored_visitor = std::function<void(aggregate_groups&, const group_ids&)>;

  static constexpr std::size_t batch_rows = 16384;
  template <class F>
  static void in_batches(std::span<const std::uint32_t> groups, F visit) {
    for (std::size_t from = 0; from < groups.size(); from += batch_rows)
      visit(groups.subspan(from, std::min(batch_rows, groups.size() - from)));
  }

  bool partial() const { return plan_->stage == aggregate_stage::partial; }
  bool keeps_state() const { return !partial() && plan_->streaming; }
  bool on_demand() const { return keeps_state() && place_.state == state_store_kind::lmdb && view_ != nullptr; }
  /// A partial aggregation that keeps its keys over barriers, since the final one knows them by its numbers.
  bool linked() const { return sender_.has_value(); }
  bool drops_late() const;
  bool owns_global_group() const;

  // Rows in.
  std::vector<array> key_columns(const arrow::RecordBatch& rows) const;
  void drop_late_rows(batch& rows, std::vector<array>& keys);
  void add_rows(const batch& rows, std::span<const std::uint32_t> groups);
  void add_and_touch(std::size_t call, std::span<const std::uint32_t> groups, std::span<const array> arguments);
  void add_states(std::span<const array> states, std::span<const std::uint32_t> groups);
  void add_linked(const batch& rows);
  void take_in(std::span<const std::uint32_t> inserted);
  void load(std::span<const std::uint32_t> groups);
  void touch_global_group();

  // State out.
  /// Whether to hand over all there is rather than what changed.
  bool whole_pays(std::size_t changed);
  /// False, with nothing done, if values differ in size.
  bool snapshot_whole(state_delta& delta);
  void snapshot_changes(const group_ids& changed, state_delta& delta);

  // Groups out.
  void emit_groups(const aggregate_groups& from, std::span<const std::uint32_t> groups, emitter& out) const;
  void emit_touched(emitter& out);
  void emit_everything(emitter& out);
  void emit_touched_windows(const group_ids& touched, emitter& out);
  void flush_partial(emitter& out);
  void flush_linked(emitter& out);
  std::span<const std::uint32_t> take_linked();
  void emit_linked(std::span<const std::uint32_t> groups, emitter& out);
  /// Keys that did not come again since the last barrier are not worth their memory.
  void forget_stale_keys();
  void forget_keys();
  /// Adds panes to the windows of `out` they belong to, those whose end `wanted` accepts.
  void add_panes(const aggregate_groups& panes, std::span<const std::uint32_t> ids,
                 const std::function<bool(std::int64_t)>& wanted, aggregate_groups& windows) const;
  void add_pairs(const aggregate_groups& panes, std::span<const std::uint32_t> pane_ids,
                 std::span<const std::uint32_t> window_ids, aggregate_groups& windows) const;

  // Time.
  /// When a key is closed: the window's end, the time, or the end of a pane's last window. Unset for null.
  std::optional<std::int64_t> key_time(std::string_view key) const;
  void emit_closed(emitter& out);
  void emit_closed_windows(emitter& out);
  void evict();
  void evict_stored(const stored_visitor& visit);
  void remove(const group_ids& groups);

  /// Visits entries of the view that are not in `groups_`, in batches as groups of their own, while `wanted` holds.
  void scan_stored(std::string_view from, const std::function<bool(std::string_view)>& wanted,
                   const stored_visitor& visit) const;

  std::shared_ptr<const aggregate_plan> plan_;
  std::shared_ptr<const aggregate_layout> layout_;
  schema_ptr output_;
  operator_context place_;
  std::optional<sliding_panes> panes_;
  const state_view* view_ = nullptr;

  aggregate_groups groups_;
  group_changes changes_;
  group_ids first_touched_;              ///< By the rows at hand.
  std::optional<std::size_t> shown_by_;  ///< The call whose values show which groups have had rows that touched none.
  std::map<std::int64_t, group_ids> by_time_;
  std::optional<group_sender> sender_;
  std::vector<std::uint16_t> key_groups_;  ///< Of a linked partial aggregation, by group id.
  std::size_t sent_ = 0;                   ///< Rows of it since the last barrier.
  group_receiver receiver_;
  key_order order_;
  bool values_differ_ = false;           ///< In size: no use in trying again.
  std::size_t changed_since_whole_ = 0;  ///< Entries handed over as changes.
  byte_rows erased_;                     ///< Keys to be erased by the next snapshot.
  std::string evicted_to_;               ///< Keys of the view before this are erased since the last snapshot.
  watermark mark_;                       ///< The last one told: rows are late by it.
  watermark emitted_mark_;               ///< The one the last results were emitted under.
  operator_metrics metrics_;
};

}  // namespace flow
