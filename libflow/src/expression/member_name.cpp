#include "expression/member_name.hpp"

#include <algorithm>

#include <arrow/api.h>

#include "types/ascii.hpp"
#include "types/type_rules.hpp"

namespace flow {

namespace {

bool is_call_of(const expression& e, std::string_view function) {
  return e.kind == expression_kind::call && same_name(e.name, function);
}

}  // namespace

bool names_members(const expression& call) { return is_call_of(call, "struct") || is_call_of(call, "arrays_zip"); }

std::string member_name(const expression& call, const expression& argument, std::size_t position) {
  if (argument.kind == expression_kind::alias) return argument.names.at(0);
  if (argument.kind == expression_kind::reference) return argument.path.back();
  if (is_call_of(argument, "[]") && argument.arguments[1]->kind == expression_kind::literal &&
      is_string_type(*argument.arguments[1]->value->type)) {
    return argument.arguments[1]->value->ToString();
  }
  return is_call_of(call, "struct") ? "col" + std::to_string(position + 1) : std::to_string(position);
}

}  // namespace flow
