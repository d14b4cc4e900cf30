#include <algorithm>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/register.hpp"
#include "function/row_compare.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

enum class relation { equal, not_equal, less, less_equal, greater, greater_equal };

template <relation r, class T>
bool holds(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    const int order = compare_floating(a, b);
    return holds<r, int>(order, 0);
  } else if constexpr (r == relation::equal) {
    return a == b;
  } else if constexpr (r == relation::not_equal) {
    return !(a == b);
  } else if constexpr (r == relation::less) {
    return a < b;
  } else if constexpr (r == relation::less_equal) {
    return !(b < a);
  } else if constexpr (r == relation::greater) {
    return b < a;
  } else {
    return !(a < b);
  }
}

template <relation r>
scalar_kernel row_kernel() {
  return [](std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    const auto a = as_array(arguments[0], rows), b = as_array(arguments[1], rows);
    auto bits = check(arrow::AllocateEmptyBitmap(rows));
    for (std::int64_t i = 0; i < rows; ++i) {
      const auto order = compare_rows(*a, i, *b, i);
      if (holds<r, int>(order < 0 ? -1 : order > 0 ? 1 : 0, 0)) arrow::bit_util::SetBit(bits->mutable_data(), i);
    }
    const std::vector<arrow::Datum> both{a, b};
    auto validity = combine_validity(both, rows);
    if (validity.all_null) return all_null(types::boolean(), rows);
    return fixed_data(types::boolean(), rows, std::move(bits), std::move(validity));
  };
}

template <relation r>
scalar_kernel comparison_kernel(const arrow::DataType& type) {
  const auto of = []<class T>(T) {
    return map_values<bool, T, T>(types::boolean(), [](const T& a, const T& b) { return holds<r, T>(a, b); });
  };
  switch (type.id()) {
    case arrow::Type::BOOL:
      return of(bool{});
    case arrow::Type::INT8:
      return of(std::int8_t{});
    case arrow::Type::INT16:
      return of(std::int16_t{});
    case arrow::Type::DATE32:
    case arrow::Type::INT32:
      return of(std::int32_t{});
    case arrow::Type::TIMESTAMP:
    case arrow::Type::INT64:
      return of(std::int64_t{});
    case arrow::Type::FLOAT:
      return of(float{});
    case arrow::Type::DOUBLE:
      return of(double{});
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return of(std::string_view{});
    case arrow::Type::DECIMAL128:
      return of(arrow::Decimal128{});
    default:
      return row_kernel<r>();
  }
}

/// Both sides brought to the type they are compared in. A BOOLEAN may be equal to a number, but not less.
bound_list comparable(const function_text& f, bound_list arguments, bool ordered) {
  const auto& left = arguments[0]->type();
  const auto& right = arguments[1]->type();
  if (ordered &&
      (left->id() == arrow::Type::BOOL ? is_numeric_type(*right) : right->id() == arrow::Type::BOOL && is_numeric_type(*left)))
    refuse_arguments(f, arguments, "a BOOLEAN and a number have no order; cast one side");
  const auto type = same_structure(*left, *right) ? left : comparison_type(left, right);
  if (!type) refuse_arguments(f, arguments, "they cannot be compared; cast one side");
  if (has_map(*type)) refuse_arguments(f, arguments, "maps have no order and no equality");
  for (auto& a : arguments) a = bind_cast(a, type);
  return arguments;
}

template <relation r>
void define_relation(function_catalog& c, const function_text& f) {
  define(c, f, takes({accepts::any, accepts::any}), [f](bound_list arguments) -> scalar_binding {
    arguments = comparable(f, std::move(arguments), r != relation::equal && r != relation::not_equal);
    auto kernel = comparison_kernel<r>(*arguments[0]->type());
    return {std::move(arguments), types::boolean(), std::move(kernel), true};
  });
}

/// Equality in which null equals null. `equal` answers for rows where neither side is null.
scalar_kernel null_safe_kernel(scalar_kernel equal) {
  return [equal = std::move(equal)](std::span<const arrow::Datum> arguments, std::int64_t rows,
                                    const evaluation_context& context) -> arrow::Datum {
    const null_reader a(arguments[0]), b(arguments[1]);
    const auto same = as_array(equal(arguments, rows, context), rows);
    const auto& truth = static_cast<const arrow::BooleanArray&>(*same);
    auto bits = check(arrow::AllocateEmptyBitmap(rows));
    for (std::int64_t i = 0; i < rows; ++i) {
      const bool x = a(i), y = b(i);
      if (x || y ? x && y : truth.Value(i)) arrow::bit_util::SetBit(bits->mutable_data(), i);
    }
    return fixed_data(types::boolean(), rows, std::move(bits), {});
  };
}

void define_null_safe(function_catalog& c, const function_text& f) {
  define(c, f, takes({accepts::any, accepts::any}), [f](bound_list arguments) -> scalar_binding {
    arguments = comparable(f, std::move(arguments), false);
    auto kernel = null_safe_kernel(comparison_kernel<relation::equal>(*arguments[0]->type()));
    return {std::move(arguments), types::boolean(), std::move(kernel), true};
  });
}

/// value IN (candidates): true if any is equal; else null if the value or any candidate is null.
scalar_kernel in_kernel(scalar_kernel equal) {
  return [equal = std::move(equal)](std::span<const arrow::Datum> arguments, std::int64_t rows,
                                    const evaluation_context& context) -> arrow::Datum {
    auto truth = check(arrow::AllocateEmptyBitmap(rows));
    auto known = check(arrow::AllocateEmptyBitmap(rows));
    std::memset(known->mutable_data(), 0xff, static_cast<std::size_t>(known->size()));
    for (std::size_t k = 1; k < arguments.size(); ++k) {
      const std::array<arrow::Datum, 2> pair{arguments[0], arguments[k]};
      const auto same = as_array(equal(pair, rows, context), rows);
      const auto& hit = static_cast<const arrow::BooleanArray&>(*same);
      for (std::int64_t i = 0; i < rows; ++i) {
        if (hit.IsNull(i)) {
          arrow::bit_util::ClearBit(known->mutable_data(), i);
        } else if (hit.Value(i)) {
          arrow::bit_util::SetBit(truth->mutable_data(), i);
        }
      }
    }
    for (std::int64_t i = 0; i < known->size(); ++i) known->mutable_data()[i] |= truth->data()[i];
    return fixed_data(types::boolean(), rows, std::move(truth), {std::move(known), arrow::kUnknownNullCount, false});
  };
}

}  // namespace

void register_comparison(function_catalog& c) {
  define_relation<relation::equal>(c, {"=", "a = b", "Whether both are equal; null if either is null."});
  define_synonyms(c, {"=="});
  define_relation<relation::not_equal>(c, {"!=", "a != b", "Whether they differ; null if either is null."});
  define_synonyms(c, {"<>"});
  define_relation<relation::less>(c, {"<", "a < b", "Whether a comes before b; null if either is null."});
  define_relation<relation::less_equal>(c, {"<=", "a <= b", "Whether a does not come after b; null if either is null."});
  define_relation<relation::greater>(c, {">", "a > b", "Whether a comes after b; null if either is null."});
  define_relation<relation::greater_equal>(c, {">=", "a >= b", "Whether a does not come before b; null if either is null."});
  define_null_safe(c, {"<=>", "a <=> b", "Equality in which null equals null; never null."});
  define_synonyms(c, {"equal_null"});
  const function_text in{"in", "a IN (b, ...)", "Whether a equals one of the others."};
  define(c, in, takes_many({accepts::any, accepts::any}, 2), [in](bound_list arguments) -> scalar_binding {
    const auto& value = *arguments[0]->type();
    const bool alike =
        std::all_of(arguments.begin(), arguments.end(), [&](const bound_ptr& a) { return same_structure(value, *a->type()); });
    if (!alike) arguments = to_common_type(in, std::move(arguments));
    if (has_map(*arguments[0]->type())) refuse_arguments(in, arguments, "maps have no equality");
    auto kernel = in_kernel(comparison_kernel<relation::equal>(*arguments[0]->type()));
    return {std::move(arguments), types::boolean(), std::move(kernel), true};
  });
}

}  // namespace flow
