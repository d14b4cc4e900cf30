#include <arrow/api.h>

#include "flow/error.hpp"
#include "format/csv_value.hpp"
#include "function/option_map.hpp"
#include "function/readers.hpp"
#include "function/register.hpp"
#include "function/signature.hpp"
#include "function/whole_column.hpp"

namespace flow {

namespace {

scalar_binding bind_from_csv(const function_text& f, bound_list a) {
  const auto type = read_schema(f, a);
  if (!is_struct_type(*type)) refuse_arguments(f, a, "the schema is columns, not " + to_ddl(*type));
  const auto settings = read_options(f, a, 2);
  auto kernel = csv_value_reader(settings, type);
  settings.finish("from_csv()");
  return bind_whole(a[0], type, std::move(kernel));
}

scalar_binding bind_to_csv(const function_text& f, bound_list a) {
  const auto settings = read_options(f, a, 1);
  auto kernel = csv_value_writer(settings, a[0]->type());
  settings.finish("to_csv()");
  return bind_whole(a[0], types::string(), std::move(kernel));
}

scalar_binding bind_schema_of_csv(const function_text& f, bound_list a) {
  const auto text = constant_text(*a[0]);
  if (!text) refuse_arguments(f, a, "it takes a constant text");
  const auto settings = read_options(f, a, 1);
  const auto type = csv_value_type(settings, *text);
  settings.finish("schema_of_csv()");
  return bind_whole(bind_literal(std::make_shared<arrow::StringScalar>(to_ddl(*type))), types::string(),
                    [](const array& ddl) { return ddl; });
}

}  // namespace

void register_csv(function_catalog& c) {
  using enum accepts;
  const auto add = [&](const function_text& f, const parameters& p, scalar_binding (*bind)(const function_text&, bound_list)) {
    define(c, f, p, [f, bind](bound_list a) { return bind(f, std::move(a)); });
  };
  add({"from_csv", "from_csv(csv, schema [, options])", "The fields of a CSV record as a struct of a schema in DDL."},
      takes({text, text, map}, 2), bind_from_csv);
  add({"to_csv", "to_csv(struct [, options])", "A struct as a CSV record."}, takes({structure, map}, 1), bind_to_csv);
  add({"schema_of_csv", "schema_of_csv(csv [, options])", "The schema, in DDL, of a constant CSV record."},
      takes({text, map}, 1), bind_schema_of_csv);
}

}  // namespace flow
