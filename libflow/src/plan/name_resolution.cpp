#include "plan/name_resolution.hpp"

#include <algorithm>
#include <cctype>

#include "expression/member_name.hpp"
#include "flow/error.hpp"
#include "flow/function_catalog.hpp"
#include "sql/result_name.hpp"
#include "types/ascii.hpp"

namespace flow::plan {

namespace {

std::string dotted(const std::vector<std::string>& path) {
  std::string text;
  for (const auto& part : path) text += (text.empty() ? "" : ".") + part;
  return text;
}

bool answers_to(const resolved_column& column, std::string_view qualifier) {
  return std::any_of(column.qualifiers.begin(), column.qualifiers.end(),
                     [&](const auto& q) { return same_name(q, qualifier); });
}

template <class Matches>
const resolved_column* only_match(const std::vector<std::string>& path, const resolved_columns& columns, Matches matches) {
  const resolved_column* found = nullptr;
  for (const auto& column : columns) {
    if (column.hidden || !matches(column)) continue;
    if (found && found->id != column.id) {
      std::string of;
      for (const auto& c : columns) {
        if (!c.hidden && matches(c))
          of += (of.empty() ? "" : ", ") + (c.qualifiers.empty() ? "" : c.qualifiers[0] + ".") + c.name;
      }
      throw error(errc::ambiguous_column, "column `" + dotted(path) + "` is ambiguous: it could be any of " + of +
                                              "; qualify it with the name of its table, or rename one of them first");
    }
    if (!found) found = &column;
  }
  return found;
}

bool contains_name(const std::vector<std::string>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(), [&](const auto& n) { return same_name(n, name); });
}

class name_resolver {
 public:
  explicit name_resolver(const resolved_columns& columns) : columns_(columns) {}

  expression_ptr resolve(const expression_ptr& e) {
    switch (e->kind) {
      case expression_kind::reference:
        return resolve_reference(e);
      case expression_kind::lambda:
        return resolve_lambda(e);
      case expression_kind::call:
        return names_members(*e) ? resolve_naming(*e) : resolve_parts(e);
      default:
        return resolve_parts(e);
    }
  }

 private:
  expression_ptr resolve_reference(const expression_ptr& e) {
    if (referenced_id(*e) || is_variable(e->path)) return e;
    const auto found = find_name(e->path, columns_);
    if (!found.column) throw_unknown_column(e->path, columns_);
    auto path = std::vector<std::string>{"#" + std::to_string(found.column->id)};
    path.insert(path.end(), e->path.begin() + static_cast<std::ptrdiff_t>(found.consumed), e->path.end());
    return expressions::reference(std::move(path));
  }

  expression_ptr resolve_lambda(const expression_ptr& e) {
    const auto before = variables_.size();
    variables_.insert(variables_.end(), e->names.begin(), e->names.end());
    auto resolved = resolve_parts(e);
    variables_.resize(before);
    return resolved;
  }

  // Members are called as the arguments are: the names are kept where ids and other calls take their place.
  expression_ptr resolve_naming(const expression& e) {
    auto copy = std::make_shared<expression>(e);
    auto& members = copy->arguments;
    members.clear();
    for (const auto& argument : e.arguments) {
      if (argument->kind == expression_kind::star && !is_variable(argument->path)) {
        for (auto& part : star_parts(*argument, columns_)) members.push_back(expressions::alias(part.value, part.name));
      } else if (argument->kind == expression_kind::alias || argument->kind == expression_kind::star) {
        members.push_back(resolve(argument));
      } else {
        members.push_back(expressions::alias(resolve(argument), member_name(e, *argument, members.size())));
      }
    }
    return copy;
  }

  bool is_variable(const std::vector<std::string>& path) const { return !path.empty() && contains_name(variables_, path[0]); }

  expression_ptr resolve_parts(const expression_ptr& e) {
    auto copy = std::make_shared<expression>(*e);
    copy->arguments.clear();
    for (const auto& argument : e->arguments) {
      if (argument->kind == expression_kind::star && !is_variable(argument->path)) {
        for (auto& part : star_parts(*argument, columns_)) copy->arguments.push_back(std::move(part.value));
      } else {
        copy->arguments.push_back(resolve(argument));
      }
    }
    for (auto& order : copy->within_group) order = resolve(order);
    if (copy->filter) copy->filter = resolve(copy->filter);
    return copy;
  }

  const resolved_columns& columns_;
  std::vector<std::string> variables_;
};

}  // namespace

std::vector<star_part> star_parts(const expression& star, const resolved_columns& columns) {
  std::vector<star_part> parts;
  for (const auto& column : columns) {
    if (star.path.empty() || (star.path.size() == 1 && answers_to(column, star.path[0])))
      parts.push_back({column.name, reference_to(column.id), &column});
  }
  if (star.path.empty() || !parts.empty()) return parts;
  const auto whole = resolve_names(expressions::reference(star.path), columns);
  const auto type = type_of(*whole, columns);
  if (type->id() != arrow::Type::STRUCT) {
    throw error(errc::type_mismatch, "`" + star.path.back() + ".*` needs a table or a STRUCT, but it is " + to_ddl(*type));
  }
  for (const auto& member : type->fields()) {
    auto path = whole->path;
    path.push_back(member->name());
    parts.push_back({member->name(), expressions::reference(std::move(path)), nullptr});
  }
  return parts;
}

resolved_name find_name(const std::vector<std::string>& path, const resolved_columns& columns) {
  if (path.size() > 1) {
    const auto* qualified =
        only_match(path, columns, [&](const auto& c) { return same_name(c.name, path[1]) && answers_to(c, path[0]); });
    if (qualified) return {qualified, 2};
  }
  return {only_match(path, columns, [&](const auto& c) { return same_name(c.name, path.at(0)); }), 1};
}

void throw_unknown_column(const std::vector<std::string>& path, const resolved_columns& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) {
    if (!column.hidden) names.push_back(column.name);
  }
  const auto near = nearest_name(path.size() > 1 ? path[1] : path.at(0), names);
  throw error(errc::unknown_column, "unknown column `" + dotted(path) + "`; " +
                                        (near.empty() ? "" : "did you mean `" + near + "`? ") +
                                        "the columns here are: " + (names.empty() ? "none" : dotted({}) + [&] {
                                          std::string all;
                                          for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
                                          return all;
                                        }()));
}

expression_ptr resolve_names(const expression_ptr& e, const resolved_columns& columns) {
  return name_resolver(columns).resolve(e);
}

void with_names(const resolved_columns& columns, const std::function<void()>& check) {
  try {
    check();
  } catch (const error& e) {
    std::string message;
    const std::string_view what = e.what();
    for (std::size_t i = 0; i < what.size(); ++i) {
      auto end = i + 1;
      while (end < what.size() && std::isdigit(static_cast<unsigned char>(what[end]))) ++end;
      const auto* column = what[i] == '#' && end > i + 1
                               ? find_column(columns, std::stoi(std::string(what.substr(i + 1, end - i - 1))))
                               : nullptr;
      message += column ? column->name : std::string(1, what[i]);
      if (column) i = end - 1;
    }
    throw error(e.code(), message);
  }
}

data_type type_of(const expression& e, const resolved_columns& columns) {
  data_type type;
  with_names(columns, [&] { type = bind_resolved(e, columns)->type(); });
  return type;
}

const expression_ptr& below_alias(const expression_ptr& e) {
  return e->kind == expression_kind::alias ? below_alias(e->arguments.at(0)) : e;
}

std::string output_name(const expression& e) {
  if (e.kind == expression_kind::call && (same_name(e.name, "window") || same_name(e.name, "session_window"))) return e.name;
  return result_name(e);
}

bool is_aggregate_call(const expression& e) {
  if (e.kind != expression_kind::call) return false;
  const auto* entry = function_catalog::builtin().find(e.name);
  return entry && entry->kind == function_kind::aggregate;
}

bool holds_aggregate(const expression& e) {
  if (is_aggregate_call(e)) return true;
  return std::any_of(e.arguments.begin(), e.arguments.end(), [](const auto& a) { return holds_aggregate(*a); });
}

bool is_generator_call(const expression& e) {
  static constexpr std::string_view names[] = {"explode", "explode_outer", "posexplode", "posexplode_outer",
                                               "inline",  "inline_outer",  "json_tuple"};
  return e.kind == expression_kind::call &&
         std::any_of(std::begin(names), std::end(names), [&](std::string_view name) { return same_name(name, e.name); });
}

}  // namespace flow::plan
