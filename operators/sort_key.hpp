#pragma once

#include <cstdint>
#include <string>

#include "flow/batch.hpp"

namespace flow {

/// Turns values into bytes that compare (memcmp) as Spark orders them: numbers by value with NaN greatest and -0.0 equal to
/// 0.0, text and binary bytewise, structs member by member, arrays element by element with the shorter first, nulls inside
/// them least.
class sort_key_encoder {
 public:
  /// @throws error{type_mismatch} for a type that has no order (MAP, INTERVAL).
  sort_key_encoder(data_type type, bool descending, bool nulls_first);

  /// Appends the bytes of one row's value. Keys of several columns are appended one after the other; no key is another's
  /// beginning.
  void append(const arrow::Array& values, std::int64_t row, std::string& key) const;

 private:
  bool descending_;
  bool nulls_first_;
};

}  // namespace flow
