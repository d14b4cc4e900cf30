#include "function/signature.hpp"

#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/readers.hpp"

namespace flow {

namespace {

bound_ptr cast_to(const bound_ptr& e, const data_type& type) { return e->type()->Equals(*type) ? e : bind_cast(e, type); }

bound_ptr convert_number(const bound_ptr& e, const data_type& wanted) {
  const auto& t = *e->type();
  return is_numeric_type(t) || is_string_type(t) ? cast_to(e, wanted) : nullptr;
}

bound_ptr convert_null(const bound_ptr& e, accepts wanted) {
  switch (wanted) {
    case accepts::text:
    case accepts::bytes:
    case accepts::plain_text:
      return cast_to(e, types::string());
    case accepts::binary:
      return cast_to(e, types::binary());
    case accepts::boolean:
      return cast_to(e, types::boolean());
    case accepts::integer:
    case accepts::plain_integer:
    case accepts::days:
      return cast_to(e, types::integer());
    case accepts::bigint:
    case accepts::plain_whole:
      return cast_to(e, types::bigint());
    case accepts::float64:
    case accepts::number:
    case accepts::plain_number:
      return cast_to(e, types::float64());
    case accepts::date:
    case accepts::plain_date:
      return cast_to(e, types::date());
    case accepts::timestamp:
    case accepts::time:
    case accepts::plain_timestamp:
      return cast_to(e, types::timestamp());
    case accepts::interval:
      return cast_to(e, types::interval());
    case accepts::list:
      return cast_to(e, types::list(types::null()));
    case accepts::map:
      return cast_to(e, types::map(types::string(), types::null()));
    default:
      return e;
  }
}

bool is_short(const arrow::DataType& t) { return is_integral_type(t) && t.id() != arrow::Type::INT64; }

bound_ptr convert_days(const bound_ptr& e) {
  if (is_short(*e->type())) return cast_to(e, types::integer());
  const auto text = constant_text(*e);
  auto number = text ? bind_cast(e, types::integer(), true) : nullptr;
  return number && number->constant() && number->constant()->is_valid ? number : nullptr;
}

}  // namespace

bound_ptr convert(const bound_ptr& e, accepts wanted) {
  const auto& t = *e->type();
  if (is_null_type(t)) return convert_null(e, wanted);
  const bool atomic = !is_nested_type(t);
  const bool timely = is_date_or_time_type(t) || is_string_type(t);
  switch (wanted) {
    case accepts::any:
      return e;
    case accepts::text:
      return atomic ? cast_to(e, types::string()) : nullptr;
    case accepts::bytes:
      if (t.id() == arrow::Type::BINARY) return e;
      return atomic ? cast_to(e, types::string()) : nullptr;
    case accepts::binary:
      return is_string_type(t) || t.id() == arrow::Type::BINARY ? cast_to(e, types::binary()) : nullptr;
    case accepts::boolean:
      return t.id() == arrow::Type::BOOL ? e : nullptr;
    case accepts::integer:
      return convert_number(e, types::integer());
    case accepts::bigint:
      return convert_number(e, types::bigint());
    case accepts::float64:
      return convert_number(e, types::float64());
    case accepts::number:
      if (is_numeric_type(t)) return e;
      return is_string_type(t) ? cast_to(e, types::float64()) : nullptr;
    case accepts::date:
      return timely ? cast_to(e, types::date()) : nullptr;
    case accepts::timestamp:
      return timely ? cast_to(e, types::timestamp()) : nullptr;
    case accepts::time:
      if (t.id() == arrow::Type::TIMESTAMP) return e;
      return timely ? cast_to(e, types::timestamp()) : nullptr;
    case accepts::interval:
      return t.id() == arrow::Type::INTERVAL_MONTH_DAY_NANO ? e : nullptr;
    case accepts::list:
      return is_list_type(t) ? e : nullptr;
    case accepts::map:
      return is_map_type(t) ? e : nullptr;
    case accepts::structure:
      return is_struct_type(t) ? e : nullptr;
    case accepts::plain_text:
      return is_string_type(t) ? e : nullptr;
    case accepts::plain_number:
      return is_numeric_type(t) ? e : nullptr;
    case accepts::plain_whole:
      return is_integral_type(t) ? cast_to(e, types::bigint()) : nullptr;
    case accepts::plain_integer:
      return is_short(t) ? cast_to(e, types::integer()) : nullptr;
    case accepts::plain_date:
      return t.id() == arrow::Type::DATE32 ? e : nullptr;
    case accepts::plain_timestamp:
      return is_timestamp_type(t) ? e : nullptr;
    case accepts::days:
      return convert_days(e);
  }
  return nullptr;
}

void refuse_arguments(const function_text& f, const bound_list& arguments, const std::string& why) {
  std::string got;
  for (const auto& a : arguments) got += (got.empty() ? "" : ", ") + to_ddl(*a->type());
  throw error(errc::type_mismatch, f.usage + " cannot take (" + got + "): " + why);
}

bound_list convert_all(const function_text& f, const parameters& p, bound_list arguments) {
  const bool too_many = arguments.size() > p.take.size() && !p.repeated;
  if (arguments.size() < p.required || too_many) {
    refuse_arguments(f, arguments, "it has " + std::to_string(arguments.size()) + " arguments");
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto wanted = p.take[std::min(i, p.take.size() - 1)];
    auto converted = convert(arguments[i], wanted);
    if (!converted) {
      refuse_arguments(
          f, arguments,
          "argument " + std::to_string(i + 1) + " is " + to_ddl(*arguments[i]->type()) + "; cast it to the type that is meant");
    }
    arguments[i] = std::move(converted);
  }
  return arguments;
}

bound_list to_common_type(const function_text& f, bound_list arguments, type_rule rule) {
  if (arguments.empty()) return arguments;
  auto type = arguments[0]->type();
  for (const auto& a : arguments) {
    type = rule(type, a->type());
    if (!type) refuse_arguments(f, arguments, "they have no common type");
  }
  for (auto& a : arguments) a = cast_to(a, type);
  return arguments;
}

void define(function_catalog& c, const function_text& f, const parameters& p, bind_rule bind) {
  function_entry entry;
  entry.name = f.name;
  entry.usage = f.usage;
  entry.description = f.description;
  entry.bind_scalar = [f, p, bind = std::move(bind)](bound_list arguments) {
    return bind(convert_all(f, p, std::move(arguments)));
  };
  c.add(std::move(entry));
}

void define(function_catalog& c, const function_text& f, const parameters& p, const data_type& result, scalar_kernel kernel) {
  define(c, f, p, [result, kernel = std::move(kernel)](bound_list arguments) {
    return scalar_binding{std::move(arguments), result, kernel, true};
  });
}

void define_synonyms(function_catalog& c, const std::vector<std::string>& names) {
  const auto original = c.entries().back();
  for (const auto& name : names) {
    auto entry = original;
    const auto open = entry.usage.find('(');
    if (entry.usage.starts_with(original.name + "(") && open != std::string::npos)
      entry.usage = name + entry.usage.substr(open);
    entry.name = name;
    c.add(std::move(entry));
  }
}

std::optional<std::string> constant_text(const bound_expression& e) {
  const auto value = e.constant();
  if (!value || !value->is_valid || !is_string_type(*value->type)) return std::nullopt;
  return constant_text(arrow::Datum(value));
}

}  // namespace flow
