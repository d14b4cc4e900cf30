#pragma once

#include <string>

#include <arrow/type_fwd.h>
#include <nlohmann/json.hpp>

namespace flow::conformance {

/// Whether two values of a type are equal by the corpus's rules: doubles by tolerance, maps without order, the rest exactly.
bool same_value(const arrow::DataType& type, const nlohmann::json& expected, const nlohmann::json& got);

/// The first difference between two lists of rows (arrays of arrays in `schema`'s order), as multisets unless `ordered`; "" if
/// there is none.
std::string first_difference(const arrow::Schema& schema, const nlohmann::json& expected, const nlohmann::json& got,
                             bool ordered);

}  // namespace flow::conformance
