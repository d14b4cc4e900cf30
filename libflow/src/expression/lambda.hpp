#pragma once

#include <functional>

#include "flow/bound_expression.hpp"
#include "flow/function_catalog.hpp"

namespace flow {

/// Binds a lambda's body once its variables' types are known: the variables are columns behind the outer ones.
using lambda_binder = std::function<bound_ptr(const expression& lambda, const std::vector<data_type>& variable_types)>;

/// The call of a higher-order function: `arguments` are those that are no lambdas, `outer_columns` the width of the scope.
bound_ptr bind_higher_order_call(const function_entry& entry, const expression& call, std::vector<bound_ptr> arguments,
                                 std::size_t outer_columns, const lambda_binder& bind_body);

}  // namespace flow
