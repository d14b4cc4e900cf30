#pragma once

#include <functional>
#include <string>

#include "flow/batch.hpp"
#include "flow/options.hpp"
#include "flow/types.hpp"

/// A CSV record in each text of a column: what from_csv(), to_csv() and schema_of_csv() do, by the code that reads and writes
/// CSV files.
namespace flow {

/// A whole column to a whole column. May be called by several threads.
using csv_value_kernel = std::function<array(const array&)>;

/// STRING to structs of `type`. Options are those of the CSV format.
/// @throws error{invalid_option, invalid_argument}; the kernel error{malformed_data} in FAILFAST mode.
csv_value_kernel csv_value_reader(const options& settings, const data_type& type);

/// Structs to STRING. Options are those of csv_writer(). @throws error{invalid_option, type_mismatch}.
csv_value_kernel csv_value_writer(const options& settings, const data_type& type);

/// The type of one record, its columns named _c0, _c1, ...
data_type csv_value_type(const options& settings, const std::string& text);

}  // namespace flow
