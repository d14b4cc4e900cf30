#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "flow/aggregate_function.hpp"
#include "flow/operator_factory.hpp"
#include "flow/row_codec.hpp"
#include "operators/keyed_table.hpp"

namespace flow {

/// What is fixed about the groups of one aggregation. Inside, the key that carries event time (or the pane) stands first,
/// whatever its place in the plan, so that encoded keys sort by time.
class aggregate_layout {
 public:
  explicit aggregate_layout(const aggregate_plan& plan);

  /// Plan order to the order inside, and back.
  std::vector<array> to_stored(std::vector<array> keys) const;
  std::vector<array> to_plan(std::vector<array> keys) const;
  /// The hash that decides the key group of each encoded key: of the keys in plan order, as the exchange hashes them, the
  /// sliding window left out because the panes of one window must meet.
  std::vector<std::uint64_t> partition_hashes(const byte_rows& keys) const;
  /// Whether partition_hashes() are hash_bytes() of the encoded keys.
  bool hashed_as_stored() const { return hashed_as_stored_; }

  std::vector<data_type> key_types;  ///< As inside.
  row_codec keys;
  row_codec states;
  std::vector<aggregate_binding> functions;

 private:
  std::vector<int> plan_position_;  ///< Of each key inside.
  int sliding_ = -1;                ///< Plan position of the sliding key.
  bool hashed_as_stored_ = true;
};

/// Groups and their running values: a keyed_table and one accumulator per call, all indexed by group id.
class aggregate_groups {
 public:
  explicit aggregate_groups(std::shared_ptr<const aggregate_layout> layout);

  /// The groups of rows with these keys (columns in the order inside); new ones are empty and listed in inserted(). The result
  /// is valid until the next lookup.
  std::span<const std::uint32_t> look_up(std::span<const array> keys, std::int64_t rows);
  std::span<const std::uint32_t> look_up(const byte_rows& keys);
  std::span<const std::uint32_t> inserted() const { return table_.inserted(); }
  std::uint32_t find(std::string_view key) const { return table_.find(key); }

  void update(std::size_t call, std::span<const std::uint32_t> groups, std::span<const array> arguments) {
    accumulators_[call]->update(groups, arguments);
  }
  /// What an accumulator knows of which groups have had rows (accumulator::shows_rows).
  bool shows_rows(std::size_t call, std::span<const array> arguments) const {
    return accumulators_[call]->shows_rows(arguments);
  }
  void update_and_tell(std::size_t call, std::span<const std::uint32_t> groups, std::span<const array> arguments,
                       std::vector<std::uint32_t>& first) {
    accumulators_[call]->update_and_tell(groups, arguments, first);
  }
  void append_shown(std::size_t call, std::vector<std::uint32_t>& out) const { accumulators_[call]->append_shown(out); }
  /// Adds state columns, of all calls one behind the other.
  void merge(std::span<const std::uint32_t> groups, std::span<const array> states);
  /// Adds encoded state rows.
  void merge(std::span<const std::uint32_t> groups, std::span<const std::string_view> states);

  void append_key(std::uint32_t group, byte_rows& out) const { table_.append_key(group, out); }
  byte_rows encoded_keys(std::span<const std::uint32_t> groups) const;
  byte_rows encoded_states(std::span<const std::uint32_t> groups) const;
  std::vector<std::uint64_t> partition_hashes(std::span<const std::uint32_t> groups, const byte_rows& keys) const;
  /// Columns in plan order.
  std::vector<array> keys(std::span<const std::uint32_t> groups) const;
  std::vector<array> states(std::span<const std::uint32_t> groups) const;
  std::vector<array> results(std::span<const std::uint32_t> groups) const;

  void erase(std::span<const std::uint32_t> groups);
  void clear();
  /// Empties these groups; they stay.
  void clear_values(std::span<const std::uint32_t> groups);
  /// Gives the memory back too.
  void reset();

  std::vector<std::uint32_t> all() const;
  std::size_t size() const { return table_.size(); }
  std::size_t id_bound() const { return table_.id_bound(); }
  std::size_t bytes() const;
  const aggregate_layout& layout() const { return *layout_; }

 private:
  void make_accumulators();
  void make_room();

  std::shared_ptr<const aggregate_layout> layout_;
  keyed_table table_;
  std::vector<std::unique_ptr<accumulator>> accumulators_;
  std::vector<std::uint32_t> ids_;
  std::size_t room_ = 0;  ///< Groups the accumulators have.
};

/// Views of all rows.
std::vector<std::string_view> row_views(const byte_rows& rows);

}  // namespace flow
