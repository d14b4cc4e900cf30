#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flow/aggregate_function.hpp"
#include "flow/bound_expression.hpp"

namespace flow {

enum class function_kind {
  scalar,     ///< Row by row.
  aggregate,  ///< Over a group.
  generator,  ///< A row becomes many rows: explode and its like.
  window,     ///< window(time, size [, slide [, start]]): replaced by the analyzer.
};

/// A scalar function's implementation: all arguments' values for a batch -> result values. A scalar datum stands for a
/// constant column; at least one result row per batch row unless all arguments are scalars.
using scalar_kernel =
    std::function<arrow::Datum(std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&)>;

/// What binding a scalar call chose: arguments already converted, the result's type and the kernel.
struct scalar_binding {
  std::vector<bound_ptr> arguments;
  data_type type;
  scalar_kernel kernel;
  bool deterministic = true;
};

/// One entry of the catalogue. The documentation and SHOW FUNCTIONS are made from these.
struct function_entry {
  std::string name;  ///< Lower case; operators by their symbol.
  function_kind kind = function_kind::scalar;
  std::string usage;        ///< "substring(str, pos [, len])".
  std::string description;  ///< One line.
  /// Scalar: chooses overload and conversions. @throws error{type_mismatch} saying what is accepted.
  std::function<scalar_binding(std::vector<bound_ptr> arguments)> bind_scalar;
  /// Aggregate: the accumulator for these argument types. @throws error{type_mismatch}.
  std::function<aggregate_binding(std::vector<bound_ptr> arguments, const aggregate_options&)> bind_aggregate;
};

/// All functions known, by name. Built once, constant afterwards.
class function_catalog {
 public:
  static const function_catalog& builtin();

  /// Null when there is none. Case-insensitive.
  const function_entry* find(std::string_view name) const;
  /// All entries in order of name.
  std::span<const function_entry> entries() const;
  /// find() or @throws error{unknown_function} with the nearest name.
  const function_entry& at(std::string_view name) const;

  void add(function_entry entry);
  void seal();

 private:
  std::vector<function_entry> entries_;
};

}  // namespace flow
