#pragma once

#include <string_view>

#include <arrow/type_fwd.h>

namespace flow::row {

/// Compares two rows of one column as row_codec encodes them, in Spark's order: null least, NaN greatest, text bytewise,
/// structs member by member, arrays element by element with the shorter first. @returns negative, 0 or positive.
int compare_encoded(const arrow::DataType& type, std::string_view a, std::string_view b);

/// Whether the type has an order (no MAP or INTERVAL in it).
bool has_order(const arrow::DataType& type);

}  // namespace flow::row
