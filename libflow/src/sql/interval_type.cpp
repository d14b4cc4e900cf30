#include <algorithm>
#include <array>

#include <arrow/scalar.h>

#include "flow/error.hpp"
#include "sql/literal_syntax.hpp"
#include "sql/parse_session.hpp"
#include "types/ascii.hpp"

namespace flow::sql {

namespace {

constexpr std::array type_fields{"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};

bool is_constant_text(const expression& e) {
  return e.kind == expression_kind::literal && e.value && e.value->is_valid && e.value->type->id() == arrow::Type::STRING;
}

}  // namespace

interval_fields read_interval_fields(const std::string& from, const std::string& to, parse_session& session, text_range where) {
  interval_fields fields{to_upper(from), to_upper(to)};
  const auto place = [](const std::string& field) {
    return std::find(type_fields.begin(), type_fields.end(), field) - type_fields.begin();
  };
  const auto first = place(fields.from), last = place(fields.to);
  // Years and months are one kind, days and smaller units the other.
  if (last == std::ssize(type_fields) || first > last || (first < 2) != (last < 2)) {
    session.refuse(where, "expected INTERVAL YEAR TO MONTH, INTERVAL DAY TO SECOND, or parts of one of them");
  }
  return fields;
}

expression_ptr make_interval_cast(const expression_ptr& operand, const interval_fields& fields, bool try_cast,
                                  parse_session& session, text_range where) {
  const bool one = fields.from == fields.to;
  auto value = operand;
  if (is_constant_text(*operand)) {
    const auto text = static_cast<const arrow::StringScalar&>(*operand->value).value->ToString();
    try {
      value = make_interval({{{text, fields.from}}, one ? "" : fields.to}, session, where);
    } catch (const error&) {
      if (!try_cast) throw;
      value = expressions::null();
    }
  }
  auto cast = std::make_shared<expression>(*expressions::cast(value, types::interval(), try_cast));
  cast->text = to_upper(cast->name) + "(" + generated_name(*operand) + " AS INTERVAL " + fields.from +
               (one ? "" : " TO " + fields.to) + ")";
  return cast;
}

}  // namespace flow::sql
