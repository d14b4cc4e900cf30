#pragma once

#include <string>

#include "flow/options.hpp"
#include "flow/types.hpp"
#include "format/column_kernel.hpp"

/// JSON in a column of texts: what from_json(), to_json() and schema_of_json() do, by the code that reads and writes JSON
/// files.
namespace flow {

/// STRING or BINARY to values of `type`, a struct, an array or a map. Options are those of the JSON format.
/// @throws error{invalid_option, invalid_argument}; the kernel error{malformed_data} in FAILFAST mode.
column_kernel json_value_reader(const options& settings, const data_type& type);

/// Structs, arrays or maps to STRING. Options: ignoreNullFields, dateFormat, timestampFormat, timestampNTZFormat.
/// @throws error{invalid_option, type_mismatch}.
column_kernel json_value_writer(const options& settings, const data_type& type);

/// The type of one JSON value. @throws error{malformed_data}.
data_type json_value_type(const options& settings, const std::string& text);

}  // namespace flow
