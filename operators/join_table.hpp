#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "flow/batch.hpp"
#include "flow/bound_expression.hpp"
#include "operators/gather.hpp"

namespace flow {

/// Finds the rows of a bounded table by their key columns. Rows with a null among their keys are never found. Without key
/// columns every row is found. Immutable once built: may be shared by threads.
class join_table {
 public:
  join_table(const schema_ptr& schema, const std::vector<batch>& parts, const std::vector<bound_ptr>& keys);
  ~join_table();

  const batch& rows() const { return rows_; }
  /// For each of `count` probing rows the first table row with equal keys, or `no_row`.
  void probe(std::span<const array> keys, std::int64_t count, std::vector<std::int32_t>& first) const;
  /// The next row with the same keys, or `no_row`.
  std::int32_t next(std::int32_t row) const { return next_[static_cast<std::size_t>(row)]; }
  /// Whether no two rows have equal keys.
  bool unique() const { return unique_; }

  /// Maps keys to the first row of each.
  class index;

 private:
  batch rows_;
  std::unique_ptr<index> index_;  ///< Null without key columns.
  std::vector<std::int32_t> next_;
  bool unique_ = true;
};

}  // namespace flow
