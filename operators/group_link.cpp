#include "operators/group_link.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

#include <arrow/api.h>

#include "libflow/src/batch/column_buffer.hpp"
#include "operators/arrow_status.hpp"

namespace flow {
namespace {

constexpr int group_column = 0, key_group_column = 1, first_state = 2;
constexpr const char* sender_name = "flow.sender";
constexpr const char* generation_name = "flow.generation";
constexpr const char* key_name = "key";

/// An array of numbers that `fill` writes.
template <class T, class Fill>
array numbers(const data_type& type, std::size_t count, Fill fill) {
  auto values = allocate(static_cast<std::int64_t>(count * sizeof(T)));
  auto* out = reinterpret_cast<T*>(values->mutable_data());
  for (std::size_t i = 0; i < count; ++i) out[i] = fill(i);
  return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<std::int64_t>(count), {nullptr, std::move(values)}, 0));
}

/// `keys` behind as many nulls as make `rows` in all.
array key_column(const byte_rows& keys, std::size_t rows) {
  arrow::BinaryBuilder builder;
  expect_ok(builder.Reserve(static_cast<std::int64_t>(rows)), "cannot allocate keys");
  expect_ok(builder.ReserveData(static_cast<std::int64_t>(keys.bytes.size())), "cannot allocate keys");
  for (std::size_t i = keys.size(); i < rows; ++i) builder.UnsafeAppendNull();
  for (std::size_t i = 0; i < keys.size(); ++i) builder.UnsafeAppend(keys[i]);
  return expect_value(builder.Finish(), "cannot allocate keys");
}

std::uint64_t number_of(const arrow::RecordBatch& rows, const char* name) {
  const auto text = expect_value(rows.schema()->metadata()->Get(name), "rows of groups without a sender");
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::span<const std::uint32_t> groups_of(const arrow::RecordBatch& rows) {
  return {rows.column_data(group_column)->GetValues<std::uint32_t>(1), static_cast<std::size_t>(rows.num_rows())};
}

/// Null when all keys are known.
array keys_of(const arrow::RecordBatch& rows) {
  const int last = rows.num_columns() - 1;
  return rows.schema()->field(last)->name() == key_name ? rows.column(last) : nullptr;
}

}  // namespace

bool has_linked_groups(const arrow::RecordBatch& rows) {
  const auto& metadata = rows.schema()->metadata();
  return metadata != nullptr && metadata->Contains(sender_name);
}

std::span<const std::uint16_t> linked_key_groups(const arrow::RecordBatch& rows) {
  return {rows.column_data(key_group_column)->GetValues<std::uint16_t>(1), static_cast<std::size_t>(rows.num_rows())};
}

group_sender::group_sender(std::uint32_t instance, const std::vector<data_type>& state_types) : instance_(instance) {
  fields_ = {arrow::field("group", arrow::uint32(), false), arrow::field("key_group", arrow::uint16(), false)};
  for (const auto& type : state_types) fields_.push_back(arrow::field("state", type));
  make_schemas();
}

void group_sender::make_schemas() {
  const auto metadata =
      arrow::key_value_metadata({sender_name, generation_name}, {std::to_string(instance_), std::to_string(generation_)});
  known_schema_ = arrow::schema(fields_, metadata);
  auto with_key = fields_;
  with_key.push_back(arrow::field(key_name, arrow::binary()));
  new_schema_ = arrow::schema(std::move(with_key), metadata);
}

batch group_sender::make(std::span<const std::uint32_t> groups, std::span<const std::uint16_t> key_groups,
                         std::vector<array> states, const byte_rows& new_keys) {
  std::vector<array> columns{
      numbers<std::uint32_t>(arrow::uint32(), groups.size(), [&](std::size_t i) { return groups[i]; }),
      numbers<std::uint16_t>(arrow::uint16(), groups.size(), [&](std::size_t i) { return key_groups[groups[i]]; })};
  for (auto& state : states) columns.push_back(std::move(state));
  const auto rows = static_cast<std::int64_t>(groups.size());
  if (new_keys.size() == 0) return arrow::RecordBatch::Make(known_schema_, rows, std::move(columns));
  columns.push_back(key_column(new_keys, groups.size()));
  known_ = groups.back() + 1;
  return arrow::RecordBatch::Make(new_schema_, rows, std::move(columns));
}

void group_sender::forget() {
  ++generation_;
  known_ = 0;
  make_schemas();
}

std::span<const array> group_receiver::states(const arrow::RecordBatch& rows) {
  const std::span<const array> columns(rows.columns());
  return columns.subspan(first_state, columns.size() - first_state - (keys_of(rows) ? 1 : 0));
}

group_receiver::link& group_receiver::link_of(const arrow::RecordBatch& rows) {
  const auto sender = number_of(rows, sender_name), generation = number_of(rows, generation_name);
  if (sender >= links_.size()) links_.resize(sender + 1);
  auto& known = links_[sender];
  if (known.generation != generation) known = {generation, {}};
  return known;
}

byte_rows group_receiver::new_keys(const arrow::RecordBatch& rows) {
  byte_rows out;
  const auto column = keys_of(rows);
  if (!column) return out;
  const auto& keys = static_cast<const arrow::BinaryArray&>(*column);
  for (std::int64_t i = 0; i < keys.length(); ++i) {
    if (keys.IsNull(i)) continue;
    const auto key = keys.GetView(i);
    out.bytes.insert(out.bytes.end(), key.begin(), key.end());
    out.offsets.push_back(static_cast<std::uint32_t>(out.bytes.size()));
  }
  return out;
}

void group_receiver::learn(const arrow::RecordBatch& rows, std::span<const std::uint32_t> ids, link& known) {
  const auto column = keys_of(rows);
  const auto groups = groups_of(rows);
  for (std::size_t i = 0, next = 0; i < groups.size(); ++i) {
    if (column->IsNull(static_cast<std::int64_t>(i))) continue;
    if (groups[i] >= known.ids.size()) known.ids.resize(std::max<std::size_t>(groups[i] + 1, known.ids.size() * 2));
    known.ids[groups[i]] = ids[next++];
  }
}

std::span<const std::uint32_t> group_receiver::translate(const arrow::RecordBatch& rows, const link& known) {
  const auto groups = groups_of(rows);
  ids_.resize(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) ids_[i] = known.ids[groups[i]];
  return ids_;
}

}  // namespace flow
