#pragma once

#include <optional>

#include "flow/options.hpp"
#include "function/signature.hpp"

/// Options and schemas that functions take as constants: from_json(text, 'a INT', map('mode', 'FAILFAST')).
namespace flow {

/// The options in a constant MAP<STRING, STRING>, or nothing if it is none.
std::optional<options> constant_options(const bound_expression& map);
/// Those in the argument at `place`, or none where there is no such argument. @throws error{type_mismatch}.
options read_options(const function_text& f, const bound_list& arguments, std::size_t place);
/// The constant schema in the second argument: "a INT, b STRING" gives a struct. @throws error{type_mismatch, syntax_error}.
data_type read_schema(const function_text& f, const bound_list& arguments);

}  // namespace flow
