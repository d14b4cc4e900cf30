#pragma once

#include "flow/function_catalog.hpp"

/// Each family of functions adds its entries; function_catalog::builtin() calls all of them.
namespace flow {

void register_arithmetic(function_catalog&);
void register_math(function_catalog&);
void register_rounding(function_catalog&);
void register_bitwise(function_catalog&);
void register_comparison(function_catalog&);
void register_logic(function_catalog&);
void register_conditional(function_catalog&);
void register_strings(function_catalog&);
void register_string_search(function_catalog&);
void register_split(function_catalog&);
void register_regexp(function_catalog&);
void register_datetime(function_catalog&);
void register_datetime_text(function_catalog&);
void register_interval(function_catalog&);
void register_collection(function_catalog&);
void register_array_insert(function_catalog&);
void register_array_sets(function_catalog&);
void register_struct_map(function_catalog&);
void register_conversion(function_catalog&);
void register_hash(function_catalog&);
void register_encoding(function_catalog&);
void register_digest(function_catalog&);
void register_higher_order(function_catalog&);
void register_json(function_catalog&);
void register_csv(function_catalog&);
void register_url(function_catalog&);
void register_string_check(function_catalog&);
void register_format_number(function_catalog&);
void register_number_text(function_catalog&);
void register_format_string(function_catalog&);
void register_random(function_catalog&);
void register_generators(function_catalog&);
void register_aggregates(function_catalog&);

}  // namespace flow
