#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

using arguments_span = std::span<const arrow::Datum>;

void define_cast(function_catalog& c, const std::string& name, const data_type& type) {
  define(c, {name, name + "(a)", "CAST(a AS " + to_ddl(*type) + ")."}, takes({accepts::any}),
         [type](bound_list a) -> scalar_binding {
           auto cast = bind_cast(a[0], type);
           return {
               {std::move(cast)}, type, [](arguments_span v, std::int64_t, const evaluation_context&) { return v[0]; }, true};
         });
}

}  // namespace

void register_conversion(function_catalog& c) {
  define_cast(c, "boolean", types::boolean());
  define_cast(c, "tinyint", types::tinyint());
  define_cast(c, "smallint", types::smallint());
  define_cast(c, "int", types::integer());
  define_cast(c, "bigint", types::bigint());
  define_cast(c, "float", types::float32());
  define_cast(c, "double", types::float64());
  define_cast(c, "decimal", types::decimal(10, 0));
  define_cast(c, "string", types::string());
  define_cast(c, "binary", types::binary());
  define_cast(c, "date", types::date());
  define_cast(c, "timestamp", types::timestamp());
  define(c, {"typeof", "typeof(a)", "The name of the type."}, takes({accepts::any}), [](bound_list a) -> scalar_binding {
    auto name = bind_literal(std::make_shared<arrow::StringScalar>(catalog_name(*a[0]->type())));
    return {{std::move(name)},
            types::string(),
            [](arguments_span v, std::int64_t, const evaluation_context&) { return v[0]; },
            true};
  });
  define(c, {"raise_error", "raise_error(message)", "Fails with the message."}, takes({accepts::text}), types::null(),
         [](arguments_span v, std::int64_t, const evaluation_context&) -> arrow::Datum {
           throw error(errc::evaluation_failed, std::string(reader<std::string_view>(v[0])[0]));
         });
  define(c, {"assert_true", "assert_true(condition [, message])", "Fails where the condition is not true; else null."},
         takes({accepts::boolean, accepts::text}, 1), types::null(),
         [](arguments_span v, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
           const reader<bool> holds(v[0]);
           const null_reader unknown(v[0]);
           for (std::int64_t i = 0; i < rows; ++i) {
             if (!unknown(i) && holds[i]) continue;
             throw error(errc::evaluation_failed, v.size() > 1 ? std::string(reader<std::string_view>(v[1])[i])
                                                               : "assert_true: the condition is not true");
           }
           return all_null(types::null(), rows);
         });
}

void register_generators(function_catalog& c) {
  const auto add = [&](std::string name, std::string usage, std::string description) {
    function_entry entry;
    entry.name = std::move(name);
    entry.kind = function_kind::generator;
    entry.usage = std::move(usage);
    entry.description = std::move(description);
    c.add(std::move(entry));
  };
  add("explode", "explode(a)", "A row for every element of an array or entry of a map.");
  add("explode_outer", "explode_outer(a)", "explode, and a row of null where there is no element.");
  add("posexplode", "posexplode(a)", "explode with the position in front.");
  add("posexplode_outer", "posexplode_outer(a)", "posexplode, and a row of null where there is no element.");
  add("inline", "inline(array)", "A row for every struct of an array, its members as columns.");
  add("inline_outer", "inline_outer(array)", "inline, and a row of null where there is no struct.");
}

}  // namespace flow
