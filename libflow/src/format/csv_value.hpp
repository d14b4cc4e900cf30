#pragma once

#include <string>

#include "flow/options.hpp"
#include "flow/types.hpp"
#include "format/column_kernel.hpp"

/// A CSV record in each text of a column: what from_csv(), to_csv() and schema_of_csv() do, by the code that reads and writes
/// CSV files.
namespace flow {

/// STRING to structs of `type`. Options are those of the CSV format.
/// @throws error{invalid_option, invalid_argument}; the kernel error{malformed_data} in FAILFAST mode.
column_kernel csv_value_reader(const options& settings, const data_type& type);

/// Structs to STRING. Options are those of csv_writer(). @throws error{invalid_option, type_mismatch}.
column_kernel csv_value_writer(const options& settings, const data_type& type);

/// The type of one record, its columns named _c0, _c1, ...
data_type csv_value_type(const options& settings, const std::string& text);

}  // namespace flow
