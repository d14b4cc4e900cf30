#include "plan/typed_name.hpp"

#include <algorithm>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "plan/name_resolution.hpp"
#include "types/ascii.hpp"
#include "types/type_rules.hpp"

namespace flow::plan {

namespace {

bool is_sum(const expression& e) {
  return e.kind == expression_kind::call && e.arguments.size() == 2 && (e.name == "+" || e.name == "-");
}

bool is_whole_days(const expression& e) {
  if (e.kind != expression_kind::literal || !e.value || !e.value->is_valid) return false;
  if (e.value->type->id() != arrow::Type::INTERVAL_MONTH_DAY_NANO) return false;
  const auto& span = static_cast<const arrow::MonthDayNanoIntervalScalar&>(*e.value).value;
  return span.months == 0 && span.nanoseconds == 0;
}

class namer {
 public:
  explicit namer(const resolved_columns& columns) : columns_(columns) {}

  expression_ptr rename(const expression_ptr& e) {
    if (e->arguments.empty() || e->kind == expression_kind::lambda) return e;
    auto copy = std::make_shared<expression>(*e);
    for (auto& argument : copy->arguments) argument = rename(argument);
    if (e->kind != expression_kind::call || !e->text.empty()) return copy;
    if (is_sum(*e)) copy->text = shifted_date(*e, *copy);
    expand_stars(*copy);
    if (same_name(e->name, "to_char") || same_name(e->name, "to_varchar")) name_meant(*copy, *e);
    const bool pads = same_name(e->name, "lpad") || same_name(e->name, "rpad");
    if (pads && e->arguments.size() == 2 && has_type(e->arguments[0], arrow::Type::BINARY)) {
      copy->arguments.push_back(expressions::literal(std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString({'\0'}))));
    }
    return copy;
  }

 private:
  std::string shifted_date(const expression& e, const expression& named) {
    const auto is_date = [&](int i) { return has_type(e.arguments[static_cast<std::size_t>(i)], arrow::Type::DATE32); };
    const auto shift = [&](std::size_t i) -> std::string {
      const auto& by = e.arguments[i];
      const auto type = type_of_part(by);
      const auto name = generated_name(*named.arguments[i]);
      if (type && is_integral_type(*type)) return name;
      return is_whole_days(*by) ? "extractansiintervaldays(" + name + ")" : "";
    };
    std::size_t date = 0;
    if (!is_date(0)) {
      if (e.name == "-" || !is_date(1)) return "";
      date = 1;
    }
    const auto by = shift(1 - date);
    if (by.empty()) return "";
    return std::string(e.name == "+" ? "date_add(" : "date_sub(") + generated_name(*named.arguments[date]) + ", " + by + ")";
  }

  void expand_stars(expression& call) const {
    std::vector<expression_ptr> arguments;
    for (const auto& argument : call.arguments) {
      if (argument->kind != expression_kind::star) {
        arguments.push_back(argument);
        continue;
      }
      for (const auto& part : star_parts(*argument, columns_)) arguments.push_back(expressions::reference({part.name}));
    }
    call.arguments = std::move(arguments);
  }

  // to_char() of times and bytes is the call of another function.
  void name_meant(expression& call, const expression& e) {
    if (is_time(e.arguments[0])) call.name = "date_format";
    if (e.arguments.size() != 2 || !has_type(e.arguments[0], arrow::Type::BINARY)) return;
    const auto encoding = to_lower(generated_name(*e.arguments[1]));
    call.name = encoding == "utf-8" ? "decode" : encoding;
    if (encoding != "utf-8") call.arguments.pop_back();
  }

  bool is_time(const expression_ptr& e) { return has_type(e, arrow::Type::DATE32) || has_type(e, arrow::Type::TIMESTAMP); }

  bool has_type(const expression_ptr& e, arrow::Type::type id) {
    const auto type = type_of_part(e);
    return type && type->id() == id;
  }

  // Null where it is not known yet. A sum of many numbers is not bound again for each of its terms.
  data_type type_of_part(const expression_ptr& e) {
    if (e->kind == expression_kind::literal && e->value) return e->value->type;
    if (e->kind == expression_kind::cast) return e->type;
    if (is_sum(*e)) {
      const auto left = type_of_part(e->arguments[0]), right = type_of_part(e->arguments[1]);
      const bool dates = (left && left->id() == arrow::Type::DATE32) || (right && right->id() == arrow::Type::DATE32);
      if (!dates) return nullptr;
    }
    try {
      return type_of(*resolve_names(e, columns_), columns_);
    } catch (const error&) {
      return nullptr;  // An aggregate, or what is refused in a moment.
    }
  }

  const resolved_columns& columns_;
};

}  // namespace

expression_ptr with_typed_names(const expression_ptr& e, const resolved_columns& columns) {
  return e->kind == expression_kind::alias ? e : namer(columns).rename(e);
}

}  // namespace flow::plan
