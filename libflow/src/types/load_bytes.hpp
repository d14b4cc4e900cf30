#pragma once

#include <cstring>
#include <type_traits>

namespace flow {

/// The value that starts at `from`, which need not be aligned, in the machine's byte order.
template <class T>
T load(const char* from) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

}  // namespace flow
