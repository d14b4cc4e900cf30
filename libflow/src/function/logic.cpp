#include <arrow/api.h>
#include <arrow/util/bitmap_ops.h>

#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

/// Three-valued AND (or OR): `decisive` false for AND, true for OR. Works on whole bytes of the bitmaps.
scalar_kernel junction(bool decisive) {
  return [decisive](std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    const null_reader a_null(arguments[0]), b_null(arguments[1]);
    const reader<bool> a(arguments[0]), b(arguments[1]);
    auto truth = check(arrow::AllocateEmptyBitmap(rows));
    if (!a_null.maybe() && !b_null.maybe()) {
      if (arguments[0].is_array() && arguments[1].is_array()) {
        const auto &left = *arguments[0].array(), &right = *arguments[1].array();
        const auto *x = left.buffers[1]->data(), *y = right.buffers[1]->data();
        if (decisive) {
          arrow::internal::BitmapOr(x, left.offset, y, right.offset, rows, 0, truth->mutable_data());
        } else {
          arrow::internal::BitmapAnd(x, left.offset, y, right.offset, rows, 0, truth->mutable_data());
        }
        return fixed_data(types::boolean(), rows, std::move(truth), {});
      }
      for (std::int64_t i = 0; i < rows; ++i) {
        if (decisive ? a[i] | b[i] : a[i] & b[i]) arrow::bit_util::SetBit(truth->mutable_data(), i);
      }
      return fixed_data(types::boolean(), rows, std::move(truth), {});
    }
    auto known = check(arrow::AllocateEmptyBitmap(rows));
    for (std::int64_t i = 0; i < rows; ++i) {
      const bool a_known = !a_null(i), b_known = !b_null(i);
      const bool decided = (a_known && a[i] == decisive) || (b_known && b[i] == decisive);
      if (decided || (a_known && b_known)) arrow::bit_util::SetBit(known->mutable_data(), i);
      if (decided == decisive) arrow::bit_util::SetBit(truth->mutable_data(), i);
    }
    return fixed_data(types::boolean(), rows, std::move(truth), {std::move(known), arrow::kUnknownNullCount, false});
  };
}

/// Whether the row's null flag equals `null`.
scalar_kernel null_test(bool null) {
  return [null](std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    const null_reader is_null_row(arguments[0]);
    auto truth = check(arrow::AllocateEmptyBitmap(rows));
    if (!is_null_row.maybe()) {
      arrow::bit_util::SetBitsTo(truth->mutable_data(), 0, rows, !null);
      return fixed_data(types::boolean(), rows, std::move(truth), {});
    }
    for (std::int64_t i = 0; i < rows; ++i) {
      if (is_null_row(i) == null) arrow::bit_util::SetBit(truth->mutable_data(), i);
    }
    return fixed_data(types::boolean(), rows, std::move(truth), {});
  };
}

}  // namespace

void register_logic(function_catalog& c) {
  using enum accepts;
  define(c, {"and", "a AND b", "True if both are, false if either is false, else null."}, takes({boolean, boolean}),
         types::boolean(), junction(false));
  define(c, {"or", "a OR b", "True if either is, false if both are false, else null."}, takes({boolean, boolean}),
         types::boolean(), junction(true));
  define(c, {"not", "NOT a", "True for false and false for true; null for null."}, takes({boolean}), types::boolean(),
         map_values<bool, bool>(types::boolean(), [](bool v) { return !v; }));
  define_synonyms(c, {"!"});
  define(c, {"isnull", "isnull(a)", "Whether the value is null."}, takes({any}), types::boolean(), null_test(true));
  define(c, {"isnotnull", "isnotnull(a)", "Whether the value is not null."}, takes({any}), types::boolean(), null_test(false));
}

}  // namespace flow
