#include <algorithm>
#include <set>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/list_builder.hpp"
#include "function/register.hpp"
#include "function/row_compare.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

using i64 = std::int64_t;
using arguments_span = std::span<const arrow::Datum>;

/// Positions of distinct values.
class value_set {
 public:
  explicit value_set(const arrow::Array& values) : seen_(order{&values}) {}

  bool insert(i64 position) { return seen_.insert(position).second; }
  bool contains(i64 position) const { return seen_.contains(position); }

 private:
  struct order {
    const arrow::Array* values;
    bool operator()(i64 a, i64 b) const { return compare_rows(*values, a, *values, b) < 0; }
  };
  std::set<i64, order> seen_;
};

enum class operation { distinct, unite, intersect, except };

arrow::Datum set_kernel(arguments_span v, i64 rows, const data_type& type, operation op) {
  auto validity = combine_validity(v, rows);
  if (validity.all_null) return all_null(type, rows);
  const list_reader a(v[0]), b(v.back());
  const auto values = op == operation::distinct ? a.values() : check(arrow::Concatenate({a.values(), b.values()}));
  const i64 shift = a.values()->length();
  list_writer out(rows);
  for (i64 i = 0; i < rows; ++i) {
    value_set seen(*values), other(*values);
    const bool filtered = op == operation::intersect || op == operation::except;
    for (auto j = b.begin(i); filtered && validity.valid(i) && j < b.end(i); ++j) other.insert(shift + j);
    for (auto j = a.begin(i); validity.valid(i) && j < a.end(i); ++j) {
      if (filtered && other.contains(j) != (op == operation::intersect)) continue;
      if (seen.insert(j)) out.add(j);
    }
    for (auto j = b.begin(i); op == operation::unite && validity.valid(i) && j < b.end(i); ++j) {
      if (seen.insert(shift + j)) out.add(shift + j);
    }
    out.next();
  }
  return out.finish(type, values, std::move(validity));
}

void define_set(function_catalog& c, const function_text& f, operation op) {
  const auto count = op == operation::distinct ? 1u : 2u;
  define(c, f, takes(std::vector<accepts>(count, accepts::list)), [=](bound_list a) -> scalar_binding {
    if (is_struct_type(*element_type(*a[0]->type())) && !a[0]->type()->Equals(*a.back()->type()))
      refuse_arguments(f, a, "the structs are of different types");
    a = to_common_type(f, std::move(a), common_type_without_loss);
    if (has_map(*a[0]->type())) refuse_arguments(f, a, "maps have no equality");
    const auto type = a[0]->type();
    return {std::move(a), type,
            [=](arguments_span v, i64 rows, const evaluation_context&) { return set_kernel(v, rows, type, op); }, true};
  });
}

/// True if a value is in both; null if a null may be; false if either is empty.
std::optional<bool> overlap(const list_reader& a, const list_reader& b, i64 row) {
  bool null = false;
  for (auto i = a.begin(row); i < a.end(row); ++i) {
    for (auto j = b.begin(row); j < b.end(row); ++j) {
      if (a.values()->IsNull(i) || b.values()->IsNull(j)) {
        null = true;
      } else if (equal_rows(*a.values(), i, *b.values(), j)) {
        return true;
      }
    }
  }
  return null ? std::nullopt : std::optional<bool>(false);
}

arrow::Datum overlap_kernel(arguments_span v, i64 rows, const evaluation_context&) {
  const auto validity = combine_validity(v, rows);
  if (validity.all_null) return all_null(types::boolean(), rows);
  const list_reader a(v[0]), b(v[1]);
  arrow::BooleanBuilder out;
  for (i64 i = 0; i < rows; ++i) {
    const auto result = validity.valid(i) ? overlap(a, b, i) : std::nullopt;
    check(result ? out.Append(*result) : out.AppendNull());
  }
  return check(out.Finish());
}

/// Arguments come as name, array, name, array, ...
scalar_binding bind_zip(const function_text& f, bound_list a) {
  std::vector<std::pair<std::string, data_type>> members;
  bound_list lists;
  for (std::size_t i = 0; i + 1 < a.size(); i += 2) {
    const auto name = constant_text(*a[i]);
    auto list = convert(a[i + 1], accepts::list);
    if (!name || !list) refuse_arguments(f, a, "it takes arrays");
    members.emplace_back(*name, element_type(*list->type()));
    lists.push_back(std::move(list));
  }
  const auto structure = types::structure(members);
  const auto type = types::list(structure);
  auto kernel = [structure, type](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(v, rows);
    if (validity.all_null) return all_null(type, rows);
    std::vector<list_reader> columns;
    for (const auto& d : v) columns.emplace_back(d);
    std::vector<list_writer> members_out(v.size(), list_writer(rows));
    for (i64 i = 0; i < rows; ++i) {
      i64 longest = 0;
      for (const auto& l : columns) longest = std::max(longest, validity.valid(i) ? l.size(i) : 0);
      for (std::size_t m = 0; m < columns.size(); ++m) {
        for (i64 k = 0; k < longest; ++k) members_out[m].add(k < columns[m].size(i) ? columns[m].begin(i) + k : -1);
        members_out[m].next();
      }
    }
    arrow::ArrayVector fields;
    for (std::size_t m = 0; m < columns.size(); ++m) {
      fields.push_back(gather(columns[m].values(), std::span<const i64>(members_out[m].positions())));
    }
    const auto structs = std::make_shared<arrow::StructArray>(structure, fields.empty() ? 0 : fields[0]->length(), fields);
    return members_out[0].finish_with(type, structs, std::move(validity));
  };
  return {std::move(lists), type, kernel, true};
}

}  // namespace

void register_array_sets(function_catalog& c) {
  using enum accepts;
  define_set(c, {"array_distinct", "array_distinct(array)", "Each value once, in order of its first place."},
             operation::distinct);
  define_set(c, {"array_union", "array_union(a, b)", "Values of either array, each once."}, operation::unite);
  define_set(c, {"array_intersect", "array_intersect(a, b)", "Values of both arrays, each once."}, operation::intersect);
  define_set(c, {"array_except", "array_except(a, b)", "Values of a that are not in b, each once."}, operation::except);
  const function_text overlaps{"arrays_overlap", "arrays_overlap(a, b)",
                               "Whether a value is in both; null if only a null may be."};
  define(c, overlaps, takes({list, list}), [overlaps](bound_list a) -> scalar_binding {
    if (is_struct_type(*element_type(*a[0]->type())) && !a[0]->type()->Equals(*a[1]->type()))
      refuse_arguments(overlaps, a, "the structs are of different types");
    return {to_common_type(overlaps, std::move(a), common_type_without_loss), types::boolean(), overlap_kernel, true};
  });
  const function_text zip{"arrays_zip", "arrays_zip(a, ...)", "Structs of the elements at the same place."};
  define(c, zip, takes_many({any}, 2), [zip](bound_list a) { return bind_zip(zip, std::move(a)); });
}

}  // namespace flow
