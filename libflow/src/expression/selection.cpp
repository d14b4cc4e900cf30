#include <arrow/api.h>

#include "batch/arrow_status.hpp"
#include "expression/rearrange.hpp"
#include "flow/bound_expression.hpp"
#include "function/readers.hpp"

namespace flow {

array bound_expression::evaluate_to_array(const arrow::RecordBatch& rows, const evaluation_context& context) const {
  return as_array(evaluate(rows, context), rows.num_rows());
}

array evaluate_array(const bound_expression& e, const arrow::RecordBatch& rows, const evaluation_context& context) {
  return e.evaluate_to_array(rows, context);
}

selection select_rows(const bound_expression& predicate, const arrow::RecordBatch& rows, const evaluation_context& context) {
  const auto n = rows.num_rows();
  const auto value = predicate.evaluate(rows, context);
  if (value.is_scalar()) {
    const auto& scalar = *value.scalar();
    const bool all =
        scalar.is_valid && scalar.type->id() == arrow::Type::BOOL && static_cast<const arrow::BooleanScalar&>(scalar).value;
    return {all, {}};
  }
  selection out;
  if (value.type()->id() != arrow::Type::BOOL) return out;
  const auto& data = *value.array();
  const auto* truth = data.buffers[1]->data();
  const auto* valid = data.GetNullCount() != 0 && data.buffers[0] ? data.buffers[0]->data() : nullptr;
  out.rows.resize(static_cast<std::size_t>(n));
  auto* to = out.rows.data();
  // Branch-free: every row number is written, and kept by moving on only where the predicate holds.
  if (valid == nullptr) {
    for (std::int64_t i = 0; i < n; ++i) {
      *to = static_cast<std::int32_t>(i);
      to += arrow::bit_util::GetBit(truth, data.offset + i) ? 1 : 0;
    }
  } else {
    for (std::int64_t i = 0; i < n; ++i) {
      *to = static_cast<std::int32_t>(i);
      const bool holds = arrow::bit_util::GetBit(truth, data.offset + i) && arrow::bit_util::GetBit(valid, data.offset + i);
      to += holds ? 1 : 0;
    }
  }
  out.rows.resize(static_cast<std::size_t>(to - out.rows.data()));
  out.all = static_cast<std::int64_t>(out.rows.size()) == n;
  if (out.all) out.rows.clear();
  return out;
}

batch take_rows(const batch& rows, const selection& chosen) {
  if (chosen.all) return rows;
  arrow::ArrayVector columns;
  columns.reserve(static_cast<std::size_t>(rows->num_columns()));
  for (const auto& column : rows->columns()) columns.push_back(gather(column, std::span<const std::int32_t>(chosen.rows)));
  return arrow::RecordBatch::Make(rows->schema(), static_cast<std::int64_t>(chosen.rows.size()), std::move(columns));
}

}  // namespace flow
