#pragma once

#include <cstddef>

namespace flow::sql {

/// A stretch of the text being parsed, as byte offsets.
struct text_range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

}  // namespace flow::sql
