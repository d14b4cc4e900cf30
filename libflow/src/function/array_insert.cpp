#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/list_builder.hpp"
#include "function/register.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

/// Writes one row: the elements with `value` at `place`, and nulls where the array does not reach so far.
void insert_at(list_writer& out, const list_reader& list, std::int64_t row, std::int32_t place, std::int64_t value) {
  if (place == 0)
    throw error(errc::evaluation_failed, "array_insert: places count from 1, or from the end by -1; there is no 0");
  const auto size = list.size(row);
  const auto before = place > 0 ? std::int64_t{place} - 1 : size + place + 1;  // Negative: so many nulls follow the value.
  for (std::int64_t i = 0; i < std::min(before, size); ++i) out.add(list.begin(row) + i);
  for (std::int64_t i = size; i < before; ++i) out.add_null();
  out.add(value);
  for (std::int64_t i = before; i < 0; ++i) out.add_null();
  for (std::int64_t i = std::max<std::int64_t>(before, 0); i < size; ++i) out.add(list.begin(row) + i);
}

scalar_binding bind_insert(const function_text& f, bound_list a) {
  const auto place = is_null_type(*a[1]->type()) ? nullptr : convert(a[1], accepts::plain_integer);
  if (!is_list_type(*a[0]->type()) || place == nullptr) refuse_arguments(f, a, "it takes an array and a place of type INT");
  const auto element = common_type_without_loss(element_type(*a[0]->type()), a[2]->type());
  if (!element) refuse_arguments(f, a, "the value does not fit the array's elements");
  const auto type = types::list(element);
  auto kernel = [type](std::span<const arrow::Datum> v, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(v.first(2), rows);
    if (validity.all_null) return all_null(type, rows);
    const list_reader list(v[0]);
    const reader<std::int32_t> at(v[1]);
    const auto inserted = as_array(v[2], rows);
    const auto values = check(arrow::Concatenate({list.values(), inserted}));
    list_writer out(rows);
    for (std::int64_t i = 0; i < rows; ++i) {
      if (validity.valid(i)) insert_at(out, list, i, at[i], list.values()->length() + i);
      out.next();
    }
    return out.finish(type, values, std::move(validity));
  };
  return {{bind_cast(a[0], type), place, bind_cast(a[2], element)}, type, std::move(kernel), true};
}

}  // namespace

void register_array_insert(function_catalog& c) {
  using enum accepts;
  const function_text insert{"array_insert", "array_insert(array, place, value)",
                             "The array with the value at a place (from 1, or from the end by -1)."};
  define(c, insert, takes({any, any, any}), [insert](bound_list a) { return bind_insert(insert, std::move(a)); });
}

}  // namespace flow
