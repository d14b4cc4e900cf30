#include <algorithm>

#include <arrow/api.h>

#include "expression/nodes.hpp"
#include "flow/error.hpp"
#include "flow/options.hpp"
#include "function/list_builder.hpp"
#include "function/register.hpp"
#include "function/row_compare.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "types/calendar.hpp"

namespace flow {

namespace {

using i32 = std::int32_t;
using i64 = std::int64_t;
using arguments_span = std::span<const arrow::Datum>;

bool is_list_arg(const bound_ptr& e) { return is_list_type(*e->type()); }

/// array(a, ...): the arguments' columns one behind another, picked row by row.
arrow::Datum make_array_kernel(arguments_span arguments, i64 rows, const data_type& type) {
  arrow::ArrayVector columns;
  for (const auto& a : arguments) columns.push_back(as_array(a, rows));
  list_writer out(rows);
  for (i64 i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < columns.size(); ++k) out.add(static_cast<i64>(k) * rows + i);
    out.next();
  }
  const auto values = columns.empty() ? all_null(types::null(), 0) : check(arrow::Concatenate(columns));
  return out.finish(type, values, {});
}

scalar_binding bind_array(const function_text& f, bound_list a) {
  a = to_common_type(f, std::move(a));
  const auto type = types::list(a.empty() ? types::null() : a[0]->type());
  return {std::move(a), type,
          [type](arguments_span v, i64 rows, const evaluation_context&) { return make_array_kernel(v, rows, type); }, true};
}

arrow::Datum size_kernel(arguments_span arguments, i64 rows, i32 of_null, bool null_result) {
  const auto column = as_array(arguments[0], rows);
  auto buffer = allocate(rows * 4);
  auto* out = reinterpret_cast<i32*>(buffer->mutable_data());
  const auto* offsets = column->data()->GetValues<i32>(1);
  for (i64 i = 0; i < rows; ++i) out[i] = column->IsNull(i) ? of_null : offsets[i + 1] - offsets[i];
  const std::array<arrow::Datum, 1> one{arrow::Datum(column)};
  return fixed_data(types::integer(), rows, std::move(buffer), null_result ? combine_validity(one, rows) : row_validity{});
}

bind_rule size_rule(const function_text& f, i32 of_null, bool null_result) {
  return [=](bound_list a) -> scalar_binding {
    if (is_null_type(*a[0]->type())) a[0] = bind_cast(a[0], types::list(types::null()));
    if (!is_list_arg(a[0]) && !is_map_type(*a[0]->type())) refuse_arguments(f, a, "it takes an array or a map");
    return {std::move(a), types::integer(),
            [=](arguments_span v, i64 rows, const evaluation_context&) { return size_kernel(v, rows, of_null, null_result); },
            true};
  };
}

/// The element of each array at an index counted from `base`; 1-based ones count from the end when negative.
arrow::Datum element_kernel(arguments_span arguments, i64 rows, int base) {
  const auto validity = combine_validity(arguments, rows);
  const list_reader list(arguments[0]);
  const reader<i32> index(arguments[1]);
  std::vector<i64> positions(static_cast<std::size_t>(rows), -1);
  for (i64 i = 0; i < rows; ++i) {
    if (validity.all_null || !validity.valid(i)) continue;
    i64 at = index[i];
    if (base == 1) {
      if (at == 0)
        throw error(errc::evaluation_failed, "element_at: there is no element 0; elements count from 1, or from the end by -1");
      at = at > 0 ? at - 1 : list.size(i) + at;
    }
    if (at >= 0 && at < list.size(i)) positions[static_cast<std::size_t>(i)] = list.begin(i) + at;
  }
  return gather(list.values(), std::span<const i64>(positions));
}

arrow::Datum map_value_kernel(arguments_span arguments, i64 rows) {
  const auto column = as_array(arguments[0], rows), keys = as_array(arguments[1], rows);
  const auto& map = static_cast<const arrow::MapArray&>(*column);
  std::vector<i64> positions(static_cast<std::size_t>(rows), -1);
  for (i64 i = 0; i < rows; ++i) {
    if (map.IsNull(i) || keys->IsNull(i)) continue;
    for (auto j = map.value_offset(i); j < map.value_offset(i + 1); ++j) {
      if (!equal_rows(*map.keys(), j, *keys, i)) continue;
      positions[static_cast<std::size_t>(i)] = j;  // The first: decoded JSON may have several.
      break;
    }
  }
  return gather(map.items(), std::span<const i64>(positions));
}

/// What an access function takes besides an array and an index from `base`.
struct access_form {
  int base = 0;
  accepts index = accepts::integer;
  bool maps = false;     ///< A map and a key.
  bool members = false;  ///< A struct, or an array of structs, and a member's name.
  bool any_key = false;  ///< The key is converted to the map's key type, whatever it is.
};

scalar_binding passed_on(bound_ptr e) {
  const auto type = e->type();
  return {{std::move(e)}, type, [](arguments_span v, i64, const evaluation_context&) { return v[0]; }, true};
}

/// The member of that name, in any case; -1 if there is none or more than one.
int member_named(const arrow::DataType& structure, const std::string& name) {
  const ignore_case_less less;
  int found = -1;
  for (int i = 0; i < structure.num_fields(); ++i) {
    const auto& other = structure.field(i)->name();
    if (less(name, other) || less(other, name)) continue;
    if (found >= 0) return -1;
    found = i;
  }
  return found;
}

int member_called(const function_text& f, const bound_list& a, const arrow::DataType& structure) {
  const auto name = constant_text(*a[1]);
  const int member = name ? member_named(structure, *name) : -1;
  if (member < 0) refuse_arguments(f, a, "a constant text names one member of the struct; there are " + to_ddl(structure));
  return member;
}

scalar_binding bind_key(const function_text& f, bound_list a, bool any_key) {
  const auto& map = static_cast<const arrow::MapType&>(*a[0]->type());
  const auto item = map.item_type();
  const auto key = any_key ? map.key_type() : common_type_without_loss(map.key_type(), a[1]->type());
  if (!key) refuse_arguments(f, a, "the key is not of the map's key type");
  a[0] = bind_cast(a[0], types::map(key, item));
  a[1] = bind_cast(a[1], key);
  return {std::move(a), item, [](arguments_span v, i64 rows, const evaluation_context&) { return map_value_kernel(v, rows); },
          true};
}

bind_rule element_rule(const function_text& f, const access_form& form) {
  return [=](bound_list a) -> scalar_binding {
    const auto type = a[0]->type();
    if (form.maps && is_map_type(*type)) return bind_key(f, std::move(a), form.any_key);
    if (form.members && is_null_type(*type)) return passed_on(a[0]);
    if (form.members && is_struct_type(*type)) return passed_on(bind_member(a[0], member_called(f, a, *type)));
    if (!is_list_arg(a[0])) refuse_arguments(f, a, "it takes an array and an index, or a map and a key");
    const auto element = element_type(*type);
    if (form.members && is_struct_type(*element) && is_string_type(*a[1]->type()))
      return passed_on(bind_element_member(a[0], member_called(f, a, *element)));
    const auto index = convert(a[1], form.index);
    if (!index) refuse_arguments(f, a, "an array's index is a whole number");
    a[1] = bind_cast(index, types::integer());
    return {std::move(a), element,
            [base = form.base](arguments_span v, i64 rows, const evaluation_context&) { return element_kernel(v, rows, base); },
            true};
  };
}

/// An array and a value of its element type.
bound_list list_and_value(const function_text& f, bound_list a, type_rule rule, bool null_value = false) {
  if (!is_list_arg(a[0]) || (is_null_type(*a[1]->type()) && !null_value))
    refuse_arguments(f, a, "it takes an array and a value");
  const auto element = element_type(*a[0]->type());
  const bool other_struct = is_struct_type(*element) && is_struct_type(*a[1]->type()) && !element->Equals(*a[1]->type());
  const auto type = other_struct ? nullptr : rule(element, a[1]->type());
  if (!type) refuse_arguments(f, a, "the value does not fit the array's elements");
  a[0] = bind_cast(a[0], types::list(type));
  a[1] = bind_cast(a[1], type);
  return a;
}

/// Calls `answer(list, row, value array, value row)` for rows where neither is null.
template <class Out, class F>
bind_rule search_rule(const function_text& f, const data_type& type, type_rule rule, F answer) {
  return [=](bound_list a) -> scalar_binding {
    a = list_and_value(f, std::move(a), rule);
    if (has_map(*a[1]->type())) refuse_arguments(f, a, "maps have no equality");
    auto kernel = [=](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
      const auto validity = combine_validity(v, rows);
      if (validity.all_null) return all_null(type, rows);
      const list_reader list(v[0]);
      const auto values = as_array(v[1], rows);
      typename arrow::CTypeTraits<Out>::BuilderType out;
      for (i64 i = 0; i < rows; ++i) {
        const std::optional<Out> result = validity.valid(i) ? answer(list, i, *values) : std::optional<Out>();
        check(result ? out.Append(*result) : out.AppendNull());
      }
      return check(out.Finish());
    };
    return {std::move(a), type, kernel, true};
  };
}

std::optional<bool> contains(const list_reader& list, i64 row, const arrow::Array& values) {
  bool null = false;
  for (auto j = list.begin(row); j < list.end(row); ++j) {
    if (list.values()->IsNull(j)) {
      null = true;
    } else if (equal_rows(*list.values(), j, values, row)) {
      return true;
    }
  }
  return null ? std::nullopt : std::optional<bool>(false);
}

std::optional<i64> position(const list_reader& list, i64 row, const arrow::Array& values) {
  for (auto j = list.begin(row); j < list.end(row); ++j) {
    if (list.values()->IsValid(j) && equal_rows(*list.values(), j, values, row)) return j - list.begin(row) + 1;
  }
  return 0;
}

/// A function of one array that keeps, drops or reorders its elements: `rearrange(list, row, out)` adds positions.
template <class F>
bind_rule rearrange_rule(F rearrange) {
  return [=](bound_list a) -> scalar_binding {
    const auto type = a[0]->type();
    auto kernel = [=](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
      auto validity = combine_validity(v, rows);
      if (validity.all_null) return all_null(type, rows);
      const list_reader list(v[0]);
      list_writer out(rows);
      for (i64 i = 0; i < rows; ++i) {
        if (validity.valid(i)) rearrange(v, list, i, out);
        out.next();
      }
      return out.finish(type, list.values(), std::move(validity));
    };
    return {std::move(a), type, kernel, true};
  };
}

void add_all(const list_reader& list, i64 row, list_writer& out) {
  for (auto j = list.begin(row); j < list.end(row); ++j) out.add(j);
}

void sort_row(const list_reader& list, i64 row, list_writer& out, bool ascending, bool nulls_first) {
  add_all(list, row, out);
  auto positions = out.current();
  const auto& values = *list.values();
  std::stable_sort(positions.begin(), positions.end(), [&](i64 x, i64 y) {
    const bool x_null = values.IsNull(x), y_null = values.IsNull(y);
    if (x_null || y_null) return nulls_first ? x_null && !y_null : y_null && !x_null;
    const auto order = compare_rows(values, x, values, y);
    return ascending ? order < 0 : order > 0;
  });
}

void slice_row(arguments_span v, const list_reader& list, i64 row, list_writer& out) {
  const i64 start = reader<i32>(v[1])[row], length = reader<i32>(v[2])[row];
  if (start == 0) throw error(errc::evaluation_failed, "slice: elements count from 1, or from the end by -1; 0 is none");
  if (length < 0) throw error(errc::evaluation_failed, "slice: the length is negative");
  const i64 from = start > 0 ? start - 1 : list.size(row) + start;
  if (from < 0) return;
  for (i64 k = from; k < std::min(from + length, list.size(row)); ++k) out.add(list.begin(row) + k);
}

bind_rule extreme_rule(bool greatest) {
  return [=](bound_list a) -> scalar_binding {
    const auto type = element_type(*a[0]->type());
    auto kernel = [greatest](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
      const auto validity = combine_validity(v, rows);
      const list_reader list(v[0]);
      const auto& values = *list.values();
      std::vector<i64> best(static_cast<std::size_t>(rows), -1);
      for (i64 i = 0; i < rows; ++i) {
        if (validity.all_null || !validity.valid(i)) continue;
        auto& b = best[static_cast<std::size_t>(i)];
        for (auto j = list.begin(i); j < list.end(i); ++j) {
          if (values.IsNull(j)) continue;
          const auto order = b < 0 ? std::strong_ordering::equal : compare_rows(values, j, values, b);
          if (b < 0 || (greatest ? order > 0 : order < 0)) b = j;
        }
      }
      return gather(list.values(), std::span<const i64>(best));
    };
    return {std::move(a), type, kernel, true};
  };
}

scalar_binding bind_join(const function_text& f, bound_list a) {
  if (is_nested_type(*element_type(*a[0]->type()))) refuse_arguments(f, a, "the elements are texts, numbers, dates or times");
  a[0] = bind_cast(a[0], types::list(types::string()));
  const bool replace = a.size() == 3;
  auto kernel = [replace](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(v, rows);
    if (validity.all_null) return all_null(types::string(), rows);
    const list_reader list(v[0]);
    const auto& texts = static_cast<const arrow::StringArray&>(*list.values());
    const reader<std::string_view> separator(v[1]), substitute(v[replace ? 2 : 1]);
    string_sink out(rows, rows * 16);
    for (i64 i = 0; i < rows; ++i) {
      bool first = true;
      for (auto j = list.begin(i); validity.valid(i) && j < list.end(i); ++j) {
        if (texts.IsNull(j) && !replace) continue;
        if (!first) out.append(separator[i]);
        first = false;
        out.append(texts.IsNull(j) ? substitute[i] : texts.GetView(j));
      }
      out.next();
    }
    return out.finish(types::string(), std::move(validity));
  };
  return {std::move(a), types::string(), kernel, true};
}

/// Arrays one after another.
scalar_binding bind_array_concat(const function_text& f, bound_list a) {
  a = to_common_type(f, std::move(a));
  const auto type = a[0]->type();
  if (!is_list_type(*type)) refuse_arguments(f, a, "they are arrays");
  auto kernel = [type](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(v, rows);
    if (validity.all_null) return all_null(type, rows);
    std::vector<list_reader> lists;
    arrow::ArrayVector values;
    std::vector<i64> start{0};
    for (const auto& d : v) {
      lists.emplace_back(d);
      values.push_back(lists.back().values());
      start.push_back(start.back() + values.back()->length());
    }
    list_writer out(rows);
    for (i64 i = 0; i < rows; ++i) {
      for (std::size_t k = 0; validity.valid(i) && k < lists.size(); ++k) {
        for (auto j = lists[k].begin(i); j < lists[k].end(i); ++j) out.add(start[k] + j);
      }
      out.next();
    }
    return out.finish(type, check(arrow::Concatenate(values)), std::move(validity));
  };
  return {std::move(a), type, kernel, true};
}

scalar_binding bind_flatten(const function_text& f, bound_list a) {
  const auto type = element_type(*a[0]->type());
  if (!is_list_type(*type)) refuse_arguments(f, a, "it takes an array of arrays");
  auto kernel = [type](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    const auto validity = combine_validity(v, rows);
    const list_reader outer(v[0]);
    const auto& inner = static_cast<const arrow::ListArray&>(*outer.values());
    list_writer out(rows);
    arrow::TypedBufferBuilder<bool> valid;
    for (i64 i = 0; i < rows; ++i) {
      bool known = !validity.all_null && validity.valid(i);
      for (auto j = outer.begin(i); known && j < outer.end(i); ++j) known = inner.IsValid(j);
      for (auto j = outer.begin(i); known && j < outer.end(i); ++j) {
        for (auto k = inner.value_offset(j); k < inner.value_offset(j + 1); ++k) out.add(k);
      }
      out.next();
      check(valid.Append(known));
    }
    return out.finish(type, inner.values(), {check(valid.Finish()), arrow::kUnknownNullCount, false});
  };
  return {std::move(a), type, kernel, true};
}

using span_value = arrow::MonthDayNanoIntervalType::MonthDayNanos;

/// @throws error{evaluation_failed} unless steps of this sign lead from the start to the stop.
void check_direction(i64 start, i64 stop, i64 step) {
  const bool leads = step > 0 ? start <= stop : step < 0 ? start >= stop : start == stop;
  if (!leads) throw error(errc::evaluation_failed, "sequence: the step does not lead from the start to the stop");
}

/// Calls `each` for start, start + step, ... up to stop.
template <class Each>
void count_up(i64 start, i64 stop, i64 step, Each each) {
  check_direction(start, stop, step);
  for (i64 v = start; step >= 0 ? v <= stop : v >= stop; v += step) {
    each(v);
    if (step == 0) break;
  }
}

template <class Each>
void count_by_interval(i64 start, i64 stop, const span_value& step, Each each) {
  // Which way a step goes is told by its length with months of 28 days, as Spark does.
  const i64 length = (step.months * i64{28} + step.days) * micros_per_day + step.nanoseconds / 1000;
  check_direction(start, stop, length);
  for (i64 n = 0;; ++n) {
    const i64 v = add_interval(start, n * step.months, n * step.days, n * (step.nanoseconds / 1000));
    if (length >= 0 ? v > stop : v < stop) break;
    each(v);
    if (length == 0) break;
  }
}

template <class T>
scalar_kernel sequence_kernel(const data_type& type, bool intervals, i64 scale) {
  return [=](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(v, rows);
    if (validity.all_null) return all_null(type, rows);
    const reader<T> start(v[0]), stop(v[1]);
    auto values = std::make_unique<typename arrow::CTypeTraits<T>::BuilderType>();
    list_writer out(rows);
    i64 made = 0;
    for (i64 i = 0; i < rows; ++i) {
      const auto each = [&](i64 n) {
        check(values->Append(static_cast<T>(intervals ? n / scale : n)));
        out.add(made++);
      };
      if (validity.valid(i) && intervals) {
        const auto step = reader<span_value>(v[2])[i];
        if (scale != 1 && step.months == 0 && step.days == 0)
          throw error(errc::evaluation_failed, "sequence: dates are days or months apart, not a part of a day or nothing");
        count_by_interval(i64{start[i]} * scale, i64{stop[i]} * scale, step, each);
      } else if (validity.valid(i)) {
        count_up(start[i], stop[i], v.size() > 2 ? i64{reader<T>(v[2])[i]} : stop[i] >= start[i] ? 1 : -1, each);
      }
      out.next();
    }
    const auto data = check(values->Finish())->data();
    data->type = element_type(*type);
    return out.finish_with(type, arrow::MakeArray(data), std::move(validity));
  };
}

scalar_binding bind_sequence(const function_text& f, bound_list a) {
  bound_list ends = to_common_type(f, {a[0], a[1]});
  const auto type = ends[0]->type();
  std::copy(ends.begin(), ends.end(), a.begin());
  const auto list = types::list(type);
  if (is_date_or_time_type(*type)) {
    if (a.size() < 3) {
      a.push_back(bind_literal(std::make_shared<arrow::MonthDayNanoIntervalScalar>(span_value{0, 1, 0})));
      a[2] = bind_call("if", {bind_call(">=", {a[1], a[0]}), a[2], bind_call("negative", {a[2]})});
    }
    if (a[2]->type()->id() != arrow::Type::INTERVAL_MONTH_DAY_NANO) refuse_arguments(f, a, "the step of times is an interval");
    if (type->id() == arrow::Type::DATE32) return {std::move(a), list, sequence_kernel<i32>(list, true, micros_per_day), true};
    return {std::move(a), list, sequence_kernel<i64>(list, true, 1), true};
  }
  if (!is_integral_type(*type)) refuse_arguments(f, a, "start and stop are whole numbers, dates or times");
  if (a.size() > 2) a[2] = bind_cast(a[2], type);
  switch (type->id()) {
    case arrow::Type::INT8:
      return {std::move(a), list, sequence_kernel<std::int8_t>(list, false, 1), true};
    case arrow::Type::INT16:
      return {std::move(a), list, sequence_kernel<std::int16_t>(list, false, 1), true};
    case arrow::Type::INT32:
      return {std::move(a), list, sequence_kernel<i32>(list, false, 1), true};
    default:
      return {std::move(a), list, sequence_kernel<i64>(list, false, 1), true};
  }
}

scalar_binding bind_repeat(bound_list a) {
  const auto type = types::list(a[0]->type());
  a[1] = bind_cast(a[1], types::integer());
  auto kernel = [type](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(v.subspan(1), rows);
    if (validity.all_null) return all_null(type, rows);
    const auto values = as_array(v[0], rows);
    const reader<i32> count(v[1]);
    list_writer out(rows);
    for (i64 i = 0; i < rows; ++i) {
      for (i32 k = 0; k < count[i]; ++k) out.add(i);
      out.next();
    }
    return out.finish(type, values, std::move(validity));
  };
  return {std::move(a), type, kernel, true};
}

/// For functions that put elements in order: refuses those that have none, and a direction that is not constant.
bind_rule sorting_rule(const function_text& f, bind_rule rule) {
  return [=](bound_list a) -> scalar_binding {
    if (has_map(*a[0]->type())) refuse_arguments(f, a, "maps have no order");
    if (a.size() > 1 && !a[1]->constant()) refuse_arguments(f, a, "the direction is a constant true or false");
    return rule(std::move(a));
  };
}

/// An array with a value put in front or behind.
bind_rule extend_rule(const function_text& f, bool front) {
  return [=](bound_list a) -> scalar_binding {
    a = list_and_value(f, std::move(a), common_type_without_loss, true);
    const auto one = bind_call("array", {a[1]});
    auto call = bind_call("array_concat", front ? bound_list{one, a[0]} : bound_list{a[0], one});
    const auto type = call->type();
    return {{std::move(call)}, type, [](arguments_span v, i64, const evaluation_context&) { return v[0]; }, true};
  };
}

void define_access(function_catalog& c) {
  using enum accepts;
  const function_text size{"size", "size(a)", "Elements of an array or entries of a map; -1 for null."};
  define(c, size, takes({any}), size_rule(size, -1, false));
  define_synonyms(c, {"cardinality"});
  const function_text array_size{"array_size", "array_size(a)", "Elements of an array; null for null."};
  define(c, array_size, takes({any}), size_rule(array_size, 0, true));
  const function_text bracket{"[]", "a[i]", "The element at index i (from 0) or the value of key i; null if there is none."};
  define(c, bracket, takes({any, any}),
         element_rule(bracket, {.index = plain_whole, .maps = true, .members = true, .any_key = true}));
  const function_text get{"get", "get(array, i)", "The element at index i (from 0); null if there is none."};
  define(c, get, takes({any, any}), element_rule(get, {}));
  const function_text at{"element_at", "element_at(a, i)",
                         "The element at place i (from 1, or from the end by -1) or the value of key i."};
  define(c, at, takes({any, any}), element_rule(at, {.base = 1, .index = plain_integer, .maps = true}));
  define_synonyms(c, {"try_element_at"});
  const function_text has{"array_contains", "array_contains(array, value)",
                          "Whether the value is among the elements; null if only a null may be."};
  define(c, has, takes({any, any}), search_rule<bool>(has, types::boolean(), common_type_without_text, contains));
  const function_text place{"array_position", "array_position(array, value)", "The place (from 1) of the value, or 0."};
  define(c, place, takes({any, any}), search_rule<i64>(place, types::bigint(), common_type_without_loss, position));
}

void define_rearranged(function_catalog& c) {
  using enum accepts;
  const function_text sort{"sort_array", "sort_array(array [, ascending])",
                           "Elements in order; nulls first when ascending, last when descending."};
  define(c, sort, takes({list, boolean}, 1),
         sorting_rule(sort, rearrange_rule([](arguments_span v, const list_reader& l, i64 i, list_writer& out) {
                        const bool up = v.size() < 2 || reader<bool>(v[1])[i];
                        sort_row(l, i, out, up, up);
                      })));
  const function_text nulls_last{"array_sort", "array_sort(array [, comparator])", "Elements in order, nulls last."};
  define(c, nulls_last, takes({list}),
         sorting_rule(nulls_last, rearrange_rule([](arguments_span, const list_reader& l, i64 i, list_writer& out) {
                        sort_row(l, i, out, true, false);
                      })));
  define(c, {"array_reverse", "reverse(array)", "Elements backwards."}, takes({list}),
         rearrange_rule([](arguments_span, const list_reader& l, i64 i, list_writer& out) {
           for (auto j = l.end(i); j-- > l.begin(i);) out.add(j);
         }));
  define(c, {"array_compact", "array_compact(array)", "Elements that are not null."}, takes({list}),
         rearrange_rule([](arguments_span, const list_reader& l, i64 i, list_writer& out) {
           for (auto j = l.begin(i); j < l.end(i); ++j) {
             if (l.values()->IsValid(j)) out.add(j);
           }
         }));
  define(c, {"slice", "slice(array, start, length)", "`length` elements from `start` (from 1, or from the end by -1)."},
         takes({list, integer, integer}), rearrange_rule(slice_row));
  const function_text remove{"array_remove", "array_remove(array, value)", "Elements other than the value."};
  define(c, remove, takes({any, any}), [remove](bound_list a) {
    a = list_and_value(remove, std::move(a), common_type_without_loss, true);
    return rearrange_rule([](arguments_span v, const list_reader& l, i64 i, list_writer& out) {
      const auto value = as_array(v[1], v[1].is_scalar() ? 1 : v[1].length());
      const i64 row = v[1].is_scalar() ? 0 : i;
      for (auto j = l.begin(i); j < l.end(i); ++j) {
        if (!equal_rows(*l.values(), j, *value, row)) out.add(j);
      }
    })(std::move(a));
  });
}

}  // namespace

void register_collection(function_catalog& c) {
  using enum accepts;
  const function_text array_of{"array", "array(a, ...)", "An array of the arguments."};
  define(c, array_of, takes_many({any}, 0), [array_of](bound_list a) { return bind_array(array_of, std::move(a)); });
  define_access(c);
  define_rearranged(c);
  const function_text least{"array_min", "array_min(array)", "The least element that is not null."};
  define(c, least, takes({list}), sorting_rule(least, extreme_rule(false)));
  const function_text greatest{"array_max", "array_max(array)", "The greatest element that is not null."};
  define(c, greatest, takes({list}), sorting_rule(greatest, extreme_rule(true)));
  const function_text join{"array_join", "array_join(array, separator [, for_null])", "Elements as one text."};
  define(c, join, takes({list, plain_text, plain_text}, 2), [join](bound_list a) { return bind_join(join, std::move(a)); });
  const function_text concat{"array_concat", "concat(array, ...)", "Arrays one after another."};
  define(c, concat, takes_many({any}, 1), [concat](bound_list a) { return bind_array_concat(concat, std::move(a)); });
  const function_text flatten{"flatten", "flatten(array)", "Arrays within an array one after another."};
  define(c, flatten, takes({list}), [flatten](bound_list a) { return bind_flatten(flatten, std::move(a)); });
  const function_text sequence{"sequence", "sequence(start, stop [, step])", "Numbers, dates or times from start to stop."};
  define(c, sequence, takes({any, any, any}, 2), [sequence](bound_list a) { return bind_sequence(sequence, std::move(a)); });
  define(c, {"array_repeat", "array_repeat(value, n)", "The value n times."}, takes({any, plain_integer}), bind_repeat);
  const function_text append{"array_append", "array_append(array, value)", "The array with the value behind."};
  define(c, append, takes({any, any}), extend_rule(append, false));
  const function_text prepend{"array_prepend", "array_prepend(array, value)", "The array with the value in front."};
  define(c, prepend, takes({any, any}), extend_rule(prepend, true));
}

}  // namespace flow
