#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "format/column_kernel.hpp"
#include "function/readers.hpp"
#include "function/register.hpp"
#include "function/signature.hpp"

namespace flow {

/// A function of one column that a format's code answers as a whole.
inline scalar_binding bind_whole(bound_ptr argument, const data_type& type, column_kernel kernel) {
  return {{std::move(argument)},
          type,
          [kernel = std::move(kernel)](std::span<const arrow::Datum> v, std::int64_t rows,
                                       const evaluation_context&) -> arrow::Datum { return kernel(as_array(v[0], rows)); },
          true};
}

}  // namespace flow
