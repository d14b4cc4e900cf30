#include <arrow/api.h>

#include "flow/error.hpp"
#include "format/json_container.hpp"
#include "format/json_path.hpp"
#include "format/json_text.hpp"
#include "format/json_value.hpp"
#include "format/padded_texts.hpp"
#include "function/option_map.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "function/whole_column.hpp"

namespace flow {

namespace {

using i64 = std::int64_t;
using arguments_span = std::span<const arrow::Datum>;

/// JSON comes as STRING, or as BINARY from where texts have no type; nothing else is taken for it.
bound_ptr json_text(const function_text& f, const bound_list& a) {
  const auto& type = *a[0]->type();
  if (is_null_type(type)) return bind_cast(a[0], types::string());
  if (!is_string_type(type) && type.id() != arrow::Type::BINARY) refuse_arguments(f, a, "JSON is a STRING or BINARY");
  return a[0];
}

scalar_binding bind_from_json(const function_text& f, bound_list a) {
  a[0] = json_text(f, a);
  const auto type = read_schema(f, a);
  if (!is_nested_type(*type)) refuse_arguments(f, a, "the schema is columns, an ARRAY or a MAP, not " + to_ddl(*type));
  const auto settings = read_options(f, a, 2);
  auto kernel = json_value_reader(settings, type);
  settings.finish("from_json()");
  return bind_whole(a[0], type, std::move(kernel));
}

scalar_binding bind_to_json(const function_text& f, bound_list a) {
  if (is_null_type(*a[0]->type()))
    return bind_whole(bind_cast(a[0], types::string()), types::string(), [](const array& nulls) { return nulls; });
  if (!is_nested_type(*a[0]->type())) refuse_arguments(f, a, "it takes a struct, an array or a map");
  const auto settings = read_options(f, a, 1);
  auto kernel = json_value_writer(settings, a[0]->type());
  settings.finish("to_json()");
  return bind_whole(a[0], types::string(), std::move(kernel));
}

scalar_binding bind_schema_of_json(const function_text& f, bound_list a) {
  const auto text = constant_text(*a[0]);
  if (!text) refuse_arguments(f, a, "it takes a constant text");
  const auto settings = read_options(f, a, 1);
  const auto type = json_value_type(settings, *text);
  settings.finish("schema_of_json()");
  return bind_whole(bind_literal(std::make_shared<arrow::StringScalar>(to_ddl(*type))), types::string(),
                    [](const array& ddl) { return ddl; });
}

/// A kernel that answers text by text: add(row, text) puts a value into the builder, or a null.
template <class Builder, class Make, class Add>
scalar_kernel for_each_text(Make make, Add add) {
  return [=](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    const auto column = as_array(v[0], rows);
    padded_texts texts(*column);
    auto builder = make();
    auto adds = add(v);
    for (i64 i = 0; i < rows; ++i) {
      if (column->IsNull(i) || !adds(i, texts[i], *builder)) check(builder->AppendNull());
    }
    return check(builder->Finish());
  };
}

template <class Builder>
auto simple_builder() {
  return [] { return std::make_unique<Builder>(); };
}

scalar_binding bind_get_json_object(const function_text& f, bound_list a) {
  a[0] = json_text(f, a);
  const auto found_by = [](const json_path& path, std::string_view text, std::string& found, arrow::StringBuilder& out) {
    found.clear();
    if (!path.find(text, found)) return false;
    check(out.Append(found));
    return true;
  };
  if (const auto text = constant_text(*a[1])) {
    auto kernel = for_each_text<arrow::StringBuilder>(
        simple_builder<arrow::StringBuilder>(), [path = json_path::parse(*text), found_by](arguments_span) {
          return [&path, found_by, found = std::string()](i64, std::string_view json, arrow::StringBuilder& out) mutable {
            return path && found_by(*path, json, found, out);
          };
        });
    return {{a[0]}, types::string(), std::move(kernel), true};
  }
  auto kernel = for_each_text<arrow::StringBuilder>(simple_builder<arrow::StringBuilder>(), [found_by](arguments_span v) {
    return [paths = reader<std::string_view>(v[1]), null = null_reader(v[1]), found_by, found = std::string()](
               i64 row, std::string_view json, arrow::StringBuilder& out) mutable {
      if (null(row)) return false;
      const auto path = json_path::parse(paths[row]);
      return path && found_by(*path, json, found, out);
    };
  });
  return {std::move(a), types::string(), std::move(kernel), true};
}

bool append_array_length(std::string_view text, arrow::Int32Builder& out) {
  const auto root = scan_json(text);
  if (!root || root->kind != json_kind::list) return false;
  std::int32_t count = 0;
  for_each_element(*root, [&](const json_token&) { ++count; });
  check(out.Append(count));
  return true;
}

bool append_object_keys(std::string_view text, arrow::ListBuilder& out) {
  const auto root = scan_json(text);
  if (!root || root->kind != json_kind::object) return false;
  check(out.Append());
  auto& keys = static_cast<arrow::StringBuilder&>(*out.value_builder());
  for_each_member(*root, [&](const json_token& name, const json_token&) {
    std::string plain;
    unescape_json(name.text(), plain);
    check(keys.Append(plain));
  });
  return true;
}

/// The members of these names, each as text; the last of a name that is not null.
class tuple_reader {
 public:
  explicit tuple_reader(std::vector<std::string> names) : names_(std::move(names)) {}

  void append(std::string_view text, arrow::StructBuilder& out) {
    check(out.Append());
    found_.assign(names_.size(), std::nullopt);
    const auto root = scan_json(text);
    if (root && root->kind == json_kind::object) read(*root);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      auto& column = static_cast<arrow::StringBuilder&>(*out.field_builder(static_cast<int>(i)));
      check(found_[i] ? column.Append(*found_[i]) : column.AppendNull());
    }
  }

 private:
  void read(const json_token& object) {
    for_each_member(object, [&](const json_token& name, const json_token& value) {
      if (value.kind == json_kind::null) return;
      std::string key;
      unescape_json(name.text(), key);
      for (std::size_t i = 0; i < names_.size(); ++i) {
        if (names_[i] != key) continue;
        auto& found = found_[i].emplace();
        value.kind == json_kind::string ? unescape_json(value.text(), found) : append_json_again(found, value, lookup_syntax);
      }
    });
  }

  std::vector<std::string> names_;
  std::vector<std::optional<std::string>> found_;
};

scalar_binding bind_json_tuple(const function_text& f, bound_list a) {
  a[0] = json_text(f, a);
  std::vector<std::string> names;
  std::vector<std::pair<std::string, data_type>> members;
  for (std::size_t i = 1; i < a.size(); ++i) {
    const auto name = constant_text(*a[i]);
    if (!name) refuse_arguments(f, a, "names are constant texts");
    members.emplace_back("c" + std::to_string(i - 1), types::string());
    names.push_back(*name);
  }
  const auto type = types::structure(members);
  auto kernel = [type, names](arguments_span v, i64 rows, const evaluation_context&) -> arrow::Datum {
    const auto column = as_array(v[0], rows);
    padded_texts texts(*column);
    std::unique_ptr<arrow::ArrayBuilder> builder;
    check(arrow::MakeBuilder(arrow::default_memory_pool(), type, &builder));
    tuple_reader reader(names);
    for (i64 i = 0; i < rows; ++i)
      reader.append(column->IsNull(i) ? std::string_view() : texts[i], static_cast<arrow::StructBuilder&>(*builder));
    return check(builder->Finish());
  };
  return {{a[0]}, type, kernel, true};
}

}  // namespace

void register_json(function_catalog& c) {
  using enum accepts;
  const auto with_text = [&](const function_text& f, const parameters& p,
                             scalar_binding (*bind)(const function_text&, bound_list)) {
    define(c, f, p, [f, bind](bound_list a) { return bind(f, std::move(a)); });
  };
  with_text(
      {"from_json", "from_json(json, schema [, options])", "The value a JSON text stands for, decoded by a schema in DDL."},
      takes({any, plain_text, map}, 2), bind_from_json);
  with_text({"to_json", "to_json(value [, options])", "A struct, an array or a map as JSON."}, takes({any, map}, 1),
            bind_to_json);
  with_text({"schema_of_json", "schema_of_json(json [, options])", "The schema, in DDL, of a constant JSON text."},
            takes({plain_text, map}, 1), bind_schema_of_json);
  with_text({"json_tuple", "json_tuple(json, name, ...)", "A column for each of these members of a JSON object, as text."},
            takes_many({any, plain_text}, 2), bind_json_tuple);
  with_text({"get_json_object", "get_json_object(json, path)", "What stands at a path such as $.a[0].b, as text."},
            takes({any, plain_text}), bind_get_json_object);
  const auto of_json = [&](const function_text& f, const data_type& type, scalar_kernel kernel) {
    define(c, f, takes({any}), [=](bound_list a) { return scalar_binding{{json_text(f, a)}, type, kernel, true}; });
  };
  of_json({"json_array_length", "json_array_length(json)", "The number of elements of a JSON array; null for anything else."},
          types::integer(), for_each_text<arrow::Int32Builder>(simple_builder<arrow::Int32Builder>(), [](arguments_span) {
            return [](i64, std::string_view json, arrow::Int32Builder& out) { return append_array_length(json, out); };
          }));
  of_json({"json_object_keys", "json_object_keys(json)", "The names of a JSON object's members; null for anything else."},
          types::list(types::string()),
          for_each_text<arrow::ListBuilder>(
              [] {
                return std::make_unique<arrow::ListBuilder>(
                    arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>(), types::list(types::string()));
              },
              [](arguments_span) {
                return [](i64, std::string_view json, arrow::ListBuilder& out) { return append_object_keys(json, out); };
              }));
}

}  // namespace flow
