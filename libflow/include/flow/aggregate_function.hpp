#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "flow/batch.hpp"
#include "flow/bound_expression.hpp"
#include "flow/types.hpp"

namespace flow {

/// The running values of one aggregate for all groups: arrays indexed by dense group id, updated a batch at a time.
/// A group's value can leave as state columns (to be snapshotted, or sent by a partial aggregation) and come back by merge().
/// Single-threaded.
class accumulator {
 public:
  virtual ~accumulator() = default;

  /// Groups [0, count) exist from now on; new ones are empty.
  virtual void resize(std::size_t count) = 0;
  /// Adds row i of `arguments` to group `groups[i]`. Arguments are arrays of groups.size() rows.
  virtual void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) = 0;
  /// Whether each group that is given these rows shows it in its value, as a count does.
  virtual bool shows_rows(std::span<const array> /*arguments*/) const { return false; }
  /// update() for rows that show: also appends those of `groups` that had none before, each once.
  virtual void update_and_tell(std::span<const std::uint32_t> groups, std::span<const array> arguments,
                               std::vector<std::uint32_t>& /*first*/) {
    update(groups, arguments);
  }
  /// Appends all groups that show rows, ascending.
  virtual void append_shown(std::vector<std::uint32_t>& /*out*/) const {}
  /// Adds row i of state columns (as made by state()) to group `groups[i]`.
  virtual void merge(std::span<const std::uint32_t> groups, std::span<const array> state) = 0;
  /// The state columns of these groups, in their order: arrays of state_types().
  virtual std::vector<array> state(std::span<const std::uint32_t> groups) const = 0;
  /// The aggregate's result for these groups.
  virtual array finish(std::span<const std::uint32_t> groups) const = 0;
  /// Empties these groups so that their ids can serve other keys.
  virtual void clear(std::span<const std::uint32_t> groups) = 0;
  /// Bytes held.
  virtual std::size_t bytes() const = 0;
};

/// One key of WITHIN GROUP (ORDER BY ...).
struct order_key {
  bound_ptr value;
  bool descending = false;
  bool nulls_first = true;
};

/// What stands around the arguments of an aggregate call.
struct aggregate_options {
  bool distinct = false;
  bool ignore_nulls = false;
  bool respect_nulls = false;  ///< RESPECT NULLS was written.
  std::vector<order_key> order;
};

/// What binding an aggregate call chose.
struct aggregate_binding {
  std::vector<bound_ptr> arguments;    ///< Converted as the accumulator takes them.
  data_type type;                      ///< Of the result.
  std::vector<data_type> state_types;  ///< Of the state columns.
  std::function<std::unique_ptr<accumulator>()> make;
  /// False for first/last/collect_list: a partial aggregation then may not reorder rows between sources, but may still
  /// run, since Spark promises no order either.
  bool order_free = true;
};

}  // namespace flow
