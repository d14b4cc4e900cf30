#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <arrow/datum.h>

#include "flow/batch.hpp"
#include "flow/expression.hpp"
#include "flow/time.hpp"
#include "flow/types.hpp"

namespace flow {

/// What an evaluation may know besides the rows. Nothing here is read from a clock: the engine sets `now` once per
/// epoch, so that current_timestamp() is the same when an epoch is run again.
struct evaluation_context {
  timestamp now{};
  std::int64_t batch_id = 0;
};

/// An expression bound to a schema: names are column positions, types are known, conversions are explicit.
/// Evaluated a batch at a time; holds no state between batches, so one object may be shared by threads.
class bound_expression {
 public:
  virtual ~bound_expression() = default;

  /// The result for every row: an array of rows.num_rows() values of `type()`, or a scalar when it is the same for all.
  /// @throws error{evaluation_failed} where Spark fails at run time too.
  virtual arrow::Datum evaluate(const arrow::RecordBatch& rows, const evaluation_context& context) const = 0;
  /// The same as an array, also where `evaluate` gives a scalar.
  virtual array evaluate_to_array(const arrow::RecordBatch& rows, const evaluation_context& context) const;

  const data_type& type() const noexcept { return type_; }
  /// Positions of the input columns this reads, ascending.
  virtual void add_inputs(std::vector<int>& columns) const = 0;
  /// SQL-like text with resolved positions and conversions, for explain().
  virtual std::string to_string() const = 0;
  /// The value when it does not depend on any row (for constant folding), else null.
  virtual std::shared_ptr<arrow::Scalar> constant() const { return nullptr; }
  /// Whether evaluating twice gives the same (false for rand(), uuid()): keeps the optimizer from moving it.
  virtual bool deterministic() const { return true; }

 protected:
  explicit bound_expression(data_type type) : type_(std::move(type)) {}

 private:
  data_type type_;
};

using bound_ptr = std::shared_ptr<const bound_expression>;

/// The column at `index` of the input.
bound_ptr bind_column(int index, const data_type& type, std::string name);
bound_ptr bind_literal(std::shared_ptr<arrow::Scalar> value);
/// A conversion with Spark's meaning (ANSI off): what cannot be converted is null. @throws error{type_mismatch} where Spark
/// has no such cast.
bound_ptr bind_cast(bound_ptr operand, const data_type& type, bool try_cast = false);
/// The call of a scalar function of the catalogue, arguments coerced. `call` (may be null) is used in messages.
/// @throws error{unknown_function}, error{type_mismatch}.
bound_ptr bind_call(const std::string& name, std::vector<bound_ptr> arguments, const expression* call = nullptr);
/// A struct's member.
bound_ptr bind_member(bound_ptr structure, int member);

/// A name that binding may look up: one output column of the input relation.
struct input_column {
  std::string name;
  std::vector<std::string> qualifiers;  ///< Relation names it answers to: {"events"}; maybe empty.
  data_type type;
};

/// Binds a scalar expression (no aggregate, no generator, no star) over columns in scope.
/// @throws error{unknown_column, ambiguous_column, unknown_function, type_mismatch}.
bound_ptr bind(const expression& e, std::span<const input_column> scope);
/// The same over a plain schema.
bound_ptr bind(const expression& e, const arrow::Schema& schema);

/// The result as an array even when `evaluate` gave a scalar.
array evaluate_array(const bound_expression& e, const arrow::RecordBatch& rows, const evaluation_context& context);
/// The rows for which `predicate` is true (null counts as false): a selection as ascending row numbers.
/// Sets `all` instead when every row qualifies.
struct selection {
  bool all = false;
  std::vector<std::int32_t> rows;
};
selection select_rows(const bound_expression& predicate, const arrow::RecordBatch& rows, const evaluation_context& context);
/// The selected rows, columns gathered.
batch take_rows(const batch& rows, const selection& chosen);

}  // namespace flow
