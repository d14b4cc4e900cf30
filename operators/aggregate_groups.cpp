#include "operators/aggregate_groups.hpp"

#include <algorithm>
#include <numeric>

#include <arrow/api.h>

namespace flow {
namespace {

std::vector<data_type> state_types(const aggregate_plan& plan) {
  std::vector<data_type> out;
  for (const auto& call : plan.calls) out.insert(out.end(), call.function.state_types.begin(), call.function.state_types.end());
  return out;
}

/// Plan positions of the keys as they stand inside.
std::vector<int> stored_order(const aggregate_plan& plan) {
  std::vector<int> order(plan.keys.size());
  std::iota(order.begin(), order.end(), 0);
  const int leading = plan.sliding ? plan.sliding->key : plan.event_time ? plan.event_time->key : 0;
  if (leading > 0) std::rotate(order.begin(), order.begin() + leading, order.begin() + leading + 1);
  return order;
}

std::vector<data_type> stored_types(const aggregate_plan& plan) {
  std::vector<data_type> out;
  for (const int position : stored_order(plan)) out.push_back(plan.keys[static_cast<std::size_t>(position)].value->type());
  return out;
}

}  // namespace

std::vector<std::string_view> row_views(const byte_rows& rows) {
  std::vector<std::string_view> out;
  out.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) out.push_back(rows[i]);
  return out;
}

aggregate_layout::aggregate_layout(const aggregate_plan& plan)
    : key_types(stored_types(plan)), keys(key_types), states(state_types(plan)), plan_position_(stored_order(plan)) {
  for (const auto& call : plan.calls) functions.push_back(call.function);
  if (plan.sliding) sliding_ = plan.sliding->key;
  hashed_as_stored_ = sliding_ < 0 && std::is_sorted(plan_position_.begin(), plan_position_.end());
}

std::vector<array> aggregate_layout::to_stored(std::vector<array> plan_keys) const {
  std::vector<array> out;
  for (const int position : plan_position_) out.push_back(std::move(plan_keys[static_cast<std::size_t>(position)]));
  return out;
}

std::vector<array> aggregate_layout::to_plan(std::vector<array> stored) const {
  std::vector<array> out(stored.size());
  for (std::size_t i = 0; i < stored.size(); ++i) out[static_cast<std::size_t>(plan_position_[i])] = std::move(stored[i]);
  return out;
}

std::vector<std::uint64_t> aggregate_layout::partition_hashes(const byte_rows& rows) const {
  std::vector<std::uint64_t> out(rows.size());
  byte_rows reordered;
  if (!hashed_as_stored_) {
    auto columns = to_plan(keys.decode(row_views(rows)));
    if (sliding_ >= 0) columns.erase(columns.begin() + sliding_);
    std::vector<data_type> column_types;
    for (const auto& column : columns) column_types.push_back(column->type());
    row_codec(std::move(column_types)).encode(columns, static_cast<std::int64_t>(rows.size()), reordered);
  }
  const auto& hashed = hashed_as_stored_ ? rows : reordered;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = hash_bytes(hashed[i]);
  return out;
}

aggregate_groups::aggregate_groups(std::shared_ptr<const aggregate_layout> layout) : layout_(std::move(layout)) {
  make_accumulators();
}

void aggregate_groups::make_accumulators() {
  accumulators_.clear();
  for (const auto& function : layout_->functions) accumulators_.push_back(function.make());
  room_ = 0;
}

/// Accumulators grow in steps, so that resize() is no cost per batch.
void aggregate_groups::make_room() {
  if (table_.id_bound() <= room_) return;
  room_ = std::max(table_.id_bound(), room_ + room_ / 2 + 16);
  for (const auto& a : accumulators_) a->resize(room_);
}

std::span<const std::uint32_t> aggregate_groups::look_up(std::span<const array> columns, std::int64_t rows) {
  if (columns.empty()) {
    byte_rows one;
    one.offsets.push_back(0);
    table_.find_or_insert(one, ids_);
    ids_.assign(static_cast<std::size_t>(rows), ids_[0]);
  } else if (columns.size() != 1 || !table_.find_or_insert_column(*columns[0], ids_)) {
    byte_rows encoded;
    layout_->keys.encode(columns, rows, encoded);
    table_.find_or_insert(encoded, ids_);
  }
  make_room();
  return ids_;
}

std::span<const std::uint32_t> aggregate_groups::look_up(const byte_rows& rows) {
  table_.find_or_insert(rows, ids_);
  make_room();
  return ids_;
}

void aggregate_groups::merge(std::span<const std::uint32_t> groups, std::span<const array> columns) {
  std::size_t first = 0;
  for (std::size_t c = 0; c < accumulators_.size(); ++c) {
    const auto width = layout_->functions[c].state_types.size();
    accumulators_[c]->merge(groups, columns.subspan(first, width));
    first += width;
  }
}

void aggregate_groups::merge(std::span<const std::uint32_t> groups, std::span<const std::string_view> rows) {
  const auto columns = layout_->states.decode(rows);
  merge(groups, std::span<const array>(columns));
}

byte_rows aggregate_groups::encoded_keys(std::span<const std::uint32_t> groups) const {
  byte_rows out;
  out.offsets.reserve(groups.size() + 1);
  for (const auto g : groups) table_.append_key(g, out);
  return out;
}

byte_rows aggregate_groups::encoded_states(std::span<const std::uint32_t> groups) const {
  byte_rows out;
  layout_->states.encode(states(groups), static_cast<std::int64_t>(groups.size()), out);
  return out;
}

std::vector<std::uint64_t> aggregate_groups::partition_hashes(std::span<const std::uint32_t> groups,
                                                              const byte_rows& rows) const {
  if (!layout_->hashed_as_stored()) return layout_->partition_hashes(rows);
  std::vector<std::uint64_t> out;
  out.reserve(groups.size());
  for (const auto g : groups) out.push_back(table_.hash(g));
  return out;
}

std::vector<array> aggregate_groups::keys(std::span<const std::uint32_t> groups) const {
  const auto& key_types = layout_->key_types;
  if (key_types.size() == 1 && (key_types[0]->id() == arrow::Type::STRING || key_types[0]->id() == arrow::Type::BINARY))
    return {table_.text_keys(key_types[0], groups)};
  const auto rows = encoded_keys(groups);
  return layout_->to_plan(layout_->keys.decode(row_views(rows)));
}

std::vector<array> aggregate_groups::states(std::span<const std::uint32_t> groups) const {
  std::vector<array> out;
  for (const auto& a : accumulators_) {
    for (auto& column : a->state(groups)) out.push_back(std::move(column));
  }
  return out;
}

std::vector<array> aggregate_groups::results(std::span<const std::uint32_t> groups) const {
  std::vector<array> out;
  out.reserve(accumulators_.size());
  for (const auto& a : accumulators_) out.push_back(a->finish(groups));
  return out;
}

void aggregate_groups::erase(std::span<const std::uint32_t> groups) {
  for (const auto& a : accumulators_) a->clear(groups);
  table_.erase(groups);
}

void aggregate_groups::clear() {
  const auto groups = all();
  for (const auto& a : accumulators_) a->clear(groups);
  table_.clear();
}

void aggregate_groups::clear_values(std::span<const std::uint32_t> groups) {
  for (const auto& a : accumulators_) a->clear(groups);
}

void aggregate_groups::reset() {
  table_ = keyed_table();
  make_accumulators();
}

std::vector<std::uint32_t> aggregate_groups::all() const {
  std::vector<std::uint32_t> out;
  out.reserve(table_.size());
  for (std::uint32_t id = 0; id < table_.id_bound(); ++id) {
    if (table_.holds(id)) out.push_back(id);
  }
  return out;
}

std::size_t aggregate_groups::bytes() const {
  auto total = table_.bytes();
  for (const auto& a : accumulators_) total += a->bytes();
  return total;
}

}  // namespace flow
