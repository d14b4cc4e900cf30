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

scalar_binding bind_named_struct(const function_text& f, bound_list a) {
  if (a.size() % 2 != 0) refuse_arguments(f, a, "names and values come in pairs");
  std::vector<std::pair<std::string, data_type>> members;
  bound_list values;
  for (std::size_t i = 0; i < a.size(); i += 2) {
    const auto name = constant_text(*a[i]);
    if (!name) refuse_arguments(f, a, "names are constant texts");
    members.emplace_back(*name, a[i + 1]->type());
    values.push_back(a[i + 1]);
  }
  const auto type = types::structure(members);
  auto kernel = [type](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    arrow::ArrayVector columns;
    for (const auto& d : v) columns.push_back(as_array(d, rows));
    return std::make_shared<arrow::StructArray>(type, rows, std::move(columns));
  };
  return {std::move(values), type, kernel, true};
}

/// A map column from offsets, validity and entries.
array make_map(const data_type& type, i64 rows, std::shared_ptr<arrow::Buffer> offsets, row_validity validity,
               const array& keys, const array& items, i64 offset = 0) {
  const auto& entries = static_cast<const arrow::MapType&>(*type).value_type();
  auto child = arrow::ArrayData::Make(entries, keys->length(), {nullptr}, {keys->data(), items->data()}, 0);
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {std::move(validity.bits), std::move(offsets)}, {std::move(child)},
                                                 validity.null_count, offset));
}

/// @throws error{evaluation_failed} for a null or repeated key within a row.
void check_keys(const arrow::Array& keys, std::span<const i64> row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] < 0 || keys.IsNull(row[i])) throw error(errc::evaluation_failed, "a map's key is null: leave such entries out");
    for (std::size_t j = 0; j < i; ++j) {
      if (equal_rows(keys, row[i], keys, row[j])) {
        throw error(errc::evaluation_failed, "a map's key occurs twice: " + keys.GetScalar(row[i]).ValueOrDie()->ToString());
      }
    }
  }
}

/// A map column being made from positions in key and item arrays.
class map_writer {
 public:
  explicit map_writer(i64 rows) : rows_(rows), keys_(rows), items_(rows) {}

  void add(i64 key, i64 item) {
    keys_.add(key);
    items_.add(item);
  }
  void next(const arrow::Array& keys) {
    check_keys(keys, keys_.current());
    keys_.next();
    items_.next();
  }
  arrow::Datum finish(const data_type& type, const array& keys, const array& items, row_validity validity) {
    const auto list = keys_.finish_with(types::list(keys->type()), gather(keys, std::span<const i64>(keys_.positions())), {});
    const auto values = gather(items, std::span<const i64>(items_.positions()));
    const auto gathered = static_cast<const arrow::ListArray&>(*list).values();
    return make_map(type, rows_, list->data()->buffers[1], std::move(validity), gathered, values);
  }

 private:
  i64 rows_;
  list_writer keys_, items_;
};

scalar_binding bind_map(const function_text& f, bound_list a) {
  if (a.size() % 2 != 0) refuse_arguments(f, a, "keys and values come in pairs");
  bound_list keys, items;
  for (std::size_t i = 0; i < a.size(); i += 2) {
    keys.push_back(a[i]);
    items.push_back(a[i + 1]);
  }
  keys = to_common_type(f, std::move(keys));
  items = to_common_type(f, std::move(items));
  const auto type =
      types::map(keys.empty() ? types::null() : keys[0]->type(), items.empty() ? types::null() : items[0]->type());
  keys.insert(keys.end(), items.begin(), items.end());
  auto kernel = [type](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    const auto pairs = v.size() / 2;
    if (pairs == 0)
      return make_map(type, rows, check(arrow::AllocateEmptyBitmap((rows + 1) * 32)), {}, all_null(types::null(), 0),
                      all_null(types::null(), 0));
    arrow::ArrayVector key_columns, item_columns;
    for (std::size_t k = 0; k < pairs; ++k) {
      key_columns.push_back(as_array(v[k], rows));
      item_columns.push_back(as_array(v[pairs + k], rows));
    }
    const auto all_keys = check(arrow::Concatenate(key_columns)), all_items = check(arrow::Concatenate(item_columns));
    map_writer out(rows);
    for (i64 i = 0; i < rows; ++i) {
      for (std::size_t k = 0; k < pairs; ++k) out.add(static_cast<i64>(k) * rows + i, static_cast<i64>(k) * rows + i);
      out.next(*all_keys);
    }
    return out.finish(type, all_keys, all_items, {});
  };
  return {std::move(keys), type, kernel, true};
}

scalar_binding bind_map_from_arrays(bound_list a) {
  const auto type = types::map(element_type(*a[0]->type()), element_type(*a[1]->type()));
  auto kernel = [type](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(v, rows);
    if (validity.all_null) return all_null(type, rows);
    const list_reader keys(v[0]), items(v[1]);
    map_writer out(rows);
    for (i64 i = 0; i < rows; ++i) {
      if (validity.valid(i) && keys.size(i) != items.size(i)) {
        throw error(errc::evaluation_failed, "map_from_arrays: a row has " + std::to_string(keys.size(i)) + " keys and " +
                                                 std::to_string(items.size(i)) + " values");
      }
      for (i64 k = 0; validity.valid(i) && k < keys.size(i); ++k) out.add(keys.begin(i) + k, items.begin(i) + k);
      out.next(*keys.values());
    }
    return out.finish(type, keys.values(), items.values(), std::move(validity));
  };
  return {std::move(a), type, kernel, true};
}

scalar_binding bind_map_from_entries(const function_text& f, bound_list a) {
  const auto entry = element_type(*a[0]->type());
  if (!is_struct_type(*entry) || entry->num_fields() != 2)
    refuse_arguments(f, a, "it takes an array of structs of two members");
  const auto type = types::map(entry->field(0)->type(), entry->field(1)->type());
  auto kernel = [type](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(v, rows);
    if (validity.all_null) return all_null(type, rows);
    const list_reader list(v[0]);
    const auto& structs = static_cast<const arrow::StructArray&>(*list.values());
    validity_writer nulls(std::move(validity), rows);
    map_writer out(rows);
    for (i64 i = 0; i < rows; ++i) {
      bool known = nulls.valid(i);
      for (auto j = list.begin(i); known && j < list.end(i); ++j) known = structs.IsValid(j);
      if (!known) nulls.set_null(i);
      for (auto j = list.begin(i); known && j < list.end(i); ++j) out.add(j, j);
      out.next(*structs.field(0));
    }
    return out.finish(type, structs.field(0), structs.field(1), nulls.finish());
  };
  return {std::move(a), type, kernel, true};
}

/// Entries of several maps.
scalar_binding bind_map_concat(const function_text& f, bound_list a) {
  a = to_common_type(f, std::move(a));
  const auto type = a[0]->type();
  auto kernel = [type](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(v, rows);
    if (validity.all_null) return all_null(type, rows);
    arrow::ArrayVector columns, keys, items;
    std::vector<i64> start{0};
    for (const auto& d : v) {
      columns.push_back(as_array(d, rows));
      const auto& map = static_cast<const arrow::MapArray&>(*columns.back());
      keys.push_back(map.keys());
      items.push_back(map.items());
      start.push_back(start.back() + map.keys()->length());
    }
    const auto all_keys = check(arrow::Concatenate(keys)), all_items = check(arrow::Concatenate(items));
    map_writer out(rows);
    for (i64 i = 0; i < rows; ++i) {
      for (std::size_t k = 0; validity.valid(i) && k < columns.size(); ++k) {
        const auto& map = static_cast<const arrow::MapArray&>(*columns[k]);
        for (auto j = map.value_offset(i); j < map.value_offset(i + 1); ++j) out.add(start[k] + j, start[k] + j);
      }
      out.next(*all_keys);
    }
    return out.finish(type, all_keys, all_items, std::move(validity));
  };
  return {std::move(a), type, kernel, true};
}

/// The keys, the values or the entries of a map as an array over the same buffers.
template <class Children>
bind_rule map_part_rule(Children children) {
  return [=](bound_list a) -> scalar_binding {
    const auto sample = check(arrow::MakeEmptyArray(a[0]->type()));
    const auto type = types::list(children(static_cast<const arrow::MapArray&>(*sample))->type());
    auto kernel = [=](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
      const auto column = as_array(v[0], rows);
      const auto& data = *column->data();
      const auto part = children(static_cast<const arrow::MapArray&>(*column));
      return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {data.buffers[0], data.buffers[1]}, {part->data()},
                                                     data.null_count.load(), data.offset));
    };
    return {std::move(a), type, kernel, true};
  };
}

array entries_of(const arrow::MapArray& map) {
  const arrow::ArrayVector parts{map.keys(), map.items()};
  return std::make_shared<arrow::StructArray>(types::structure({{"key", map.keys()->type()}, {"value", map.items()->type()}}),
                                              map.keys()->length(), parts);
}

}  // namespace

void register_struct_map(function_catalog& c) {
  using enum accepts;
  const function_text named{"named_struct", "named_struct(name, value, ...)", "A struct of these members."};
  define(c, named, takes_many({any}, 0), [named](bound_list a) { return bind_named_struct(named, std::move(a)); });
  const function_text structure_text{"struct", "struct(a, ...)", "A struct with members named after the arguments."};
  define(c, structure_text, takes_many({any}, 1), [structure_text](bound_list a) {
    bound_list pairs;
    for (std::size_t i = 0; i < a.size(); ++i) {
      pairs.push_back(bind_literal(std::make_shared<arrow::StringScalar>("col" + std::to_string(i + 1))));
      pairs.push_back(a[i]);
    }
    return bind_named_struct(structure_text, std::move(pairs));
  });
  const function_text map_text_{"map", "map(key, value, ...)", "A map of these entries; fails on null and repeated keys."};
  define(c, map_text_, takes_many({any}, 0), [map_text_](bound_list a) { return bind_map(map_text_, std::move(a)); });
  define(c, {"map_from_arrays", "map_from_arrays(keys, values)", "A map of two arrays."}, takes({list, list}),
         bind_map_from_arrays);
  const function_text entries{"map_from_entries", "map_from_entries(array)", "A map of an array of key and value structs."};
  define(c, entries, takes({list}), [entries](bound_list a) { return bind_map_from_entries(entries, std::move(a)); });
  const function_text concat{"map_concat", "map_concat(map, ...)", "The entries of all maps; fails on repeated keys."};
  define(c, concat, takes_many({map}, 1), [concat](bound_list a) { return bind_map_concat(concat, std::move(a)); });
  define(c, {"map_keys", "map_keys(map)", "The keys."}, takes({map}),
         map_part_rule([](const arrow::MapArray& m) { return m.keys(); }));
  define(c, {"map_values", "map_values(map)", "The values."}, takes({map}),
         map_part_rule([](const arrow::MapArray& m) { return m.items(); }));
  define(c, {"map_entries", "map_entries(map)", "The entries as structs of key and value."}, takes({map}),
         map_part_rule(entries_of));
  define(
      c, {"map_contains_key", "map_contains_key(map, key)", "Whether the map has the key."}, takes({map, any}),
      [](bound_list a) -> scalar_binding {
        auto call = bind_call("array_contains", {bind_call("map_keys", {a[0]}), a[1]});
        return {
            {std::move(call)}, types::boolean(), [](arguments_span v, i64, const evaluation_context&) { return v[0]; }, true};
      });
}

}  // namespace flow
