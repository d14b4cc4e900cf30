#pragma once

#include <string>
#include <vector>

#include "plan/resolved_plan.hpp"
#include "types/ascii.hpp"

namespace flow::plan {

/// What a name path leads to: a column and the members below it.
struct resolved_name {
  const resolved_column* column = nullptr;  ///< Null: no column answers.
  std::size_t consumed = 0;                 ///< Path elements used up by qualifier and column.
};

/// Looks a path up: first as qualifier.column, then as column.member. @throws error{ambiguous_column}.
resolved_name find_name(const std::vector<std::string>& path, const resolved_columns& columns);

/// The expression with each name replaced by its column's id; what takes its name from such a name (a struct's member) gets it
/// as an alias. References to ids stay. @throws error{unknown_column, ambiguous_column}.
expression_ptr resolve_names(const expression_ptr& e, const resolved_columns& columns);

/// One of the columns or members that a star stands for.
struct star_part {
  std::string name;
  expression_ptr value;                    ///< Resolved.
  const resolved_column* whole = nullptr;  ///< The column, where it is no member of one.
};

/// What `*`, `t.*` or `structure.*` stands for. @throws error{unknown_column, type_mismatch}.
std::vector<star_part> star_parts(const expression& star, const resolved_columns& columns);

/// Type of a resolved scalar expression. @throws as bind(), with names of columns in the message.
data_type type_of(const expression& e, const resolved_columns& columns);

/// Runs `check` and gives ids in the message of an error their names back.
void with_names(const resolved_columns& columns, const std::function<void()>& check);

/// @throws error{unknown_column} with the nearest name and the names there are.
[[noreturn]] void throw_unknown_column(const std::vector<std::string>& path, const resolved_columns& columns);

/// The expression below its aliases.
const expression_ptr& below_alias(const expression_ptr& e);
/// Name of the output column of an expression as written.
std::string output_name(const expression& e);
bool is_aggregate_call(const expression& e);
bool holds_aggregate(const expression& e);
bool is_generator_call(const expression& e);

}  // namespace flow::plan
