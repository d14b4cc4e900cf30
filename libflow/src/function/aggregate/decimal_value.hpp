#pragma once

#include <cstring>

namespace flow::aggregates {

__extension__ using wide = __int128;

/// A decimal's unscaled value as it stands in an Arrow array, where it may be less aligned than an integer of its size.
struct wide_bytes {
  wide_bytes() = default;
  explicit wide_bytes(wide v) { std::memcpy(bytes, &v, sizeof(v)); }
  explicit operator wide() const {
    wide v;
    std::memcpy(&v, bytes, sizeof(v));
    return v;
  }
  unsigned char bytes[16] = {};
};

constexpr wide power_of_ten(int exponent) {
  wide v = 1;
  for (; exponent > 0; --exponent) v *= 10;
  return v;
}

}  // namespace flow::aggregates
