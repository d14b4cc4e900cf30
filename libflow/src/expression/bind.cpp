#include <algorithm>

#include <arrow/api.h>

#include "batch/arrow_status.hpp"
#include "expression/lambda.hpp"
#include "expression/member_name.hpp"
#include "expression/nodes.hpp"
#include "flow/bound_expression.hpp"
#include "flow/error.hpp"
#include "flow/function_catalog.hpp"
#include "function/signature.hpp"
#include "types/ascii.hpp"
#include "types/type_rules.hpp"

namespace flow {

namespace {

std::string joined(const std::vector<std::string>& path, std::size_t from = 0) {
  std::string out;
  for (std::size_t i = from; i < path.size(); ++i) out += (i == from ? "" : ".") + path[i];
  return out;
}

std::string list_columns(std::span<const input_column> scope) {
  std::string out = "(";
  for (const auto& c : scope) out += (out.size() == 1 ? "" : ", ") + c.name + " " + to_ddl(*c.type);
  return out + ")";
}

bool answers_to(const input_column& c, const std::string& qualifier) {
  return std::any_of(c.qualifiers.begin(), c.qualifiers.end(), [&](const std::string& q) { return same_name(q, qualifier); });
}

int find_member(const arrow::DataType& structure, const std::string& name, const std::string& path) {
  int found = -1;
  for (int i = 0; i < structure.num_fields(); ++i) {
    if (!same_name(structure.field(i)->name(), name)) continue;
    if (found >= 0) throw error(errc::ambiguous_column, "'" + path + "': the struct has several members '" + name + "'");
    found = i;
  }
  if (found < 0) {
    std::vector<std::string> names;
    for (const auto& f : structure.fields()) names.push_back(f->name());
    const auto near = nearest_name(name, names);
    throw error(errc::unknown_column, "no member '" + name + "' in '" + path + "', which is " + to_ddl(structure) +
                                          (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  return found;
}

/// The member `name` below a value: of a struct, of each struct of an array, or the value of a map's key.
bound_ptr bind_below(bound_ptr base, const std::string& name, const std::string& path) {
  const auto& t = *base->type();
  if (is_null_type(t)) return base;
  if (is_struct_type(t)) {
    const int member = find_member(t, name, path);
    return bind_member(std::move(base), member);
  }
  if (is_list_type(t) && is_struct_type(*element_type(t))) {
    const int member = find_member(*element_type(t), name, path);
    return bind_element_member(std::move(base), member);
  }
  if (is_map_type(t)) {
    auto key = bind_literal(std::make_shared<arrow::StringScalar>(name));
    return bind_call("[]", {std::move(base), std::move(key)});
  }
  throw error(errc::unknown_column, "'" + path + "' is " + to_ddl(t) + ", which has no member '" + name + "'");
}

/// What says how a group is aggregated has no meaning around a function of single rows.
void refuse_clauses(const expression& call) {
  const auto* clause = call.distinct                ? "DISTINCT"
                       : call.ignore_nulls          ? "IGNORE NULLS"
                       : call.filter != nullptr     ? "FILTER"
                       : !call.within_group.empty() ? "WITHIN GROUP"
                                                    : nullptr;
  if (clause != nullptr)
    throw error(errc::unsupported_plan, call.name + "() is no aggregate function: it takes no " + std::string(clause));
}

/// Binds expressions over columns in scope. Lambda variables come first.
class binder {
 public:
  explicit binder(std::span<const input_column> scope) : scope_(scope) {}

  bound_ptr bind_any(const expression& e) {
    switch (e.kind) {
      case expression_kind::literal:
        return bind_literal(e.value);
      case expression_kind::reference:
        return bind_reference(e.path);
      case expression_kind::alias:
        return bind_any(*e.arguments.at(0));
      case expression_kind::cast:
        return bind_cast(bind_any(*e.arguments.at(0)), e.type, e.name == "try_cast");
      case expression_kind::call:
        return bind_function(e);
      case expression_kind::star:
        throw error(errc::unsupported_plan, "'*' can stand only in a select list, in struct(*) or in count(*)");
      case expression_kind::lambda:
        throw error(errc::unsupported_plan, "a lambda can stand only as an argument of a function over arrays or maps");
    }
    throw error(errc::illegal_state, "an expression of unknown kind");
  }

 private:
  bound_ptr column(std::size_t i) const { return bind_column(static_cast<int>(i), scope_[i].type, scope_[i].name); }

  /// The column that `matches`, or nothing; later members of the path start at `depth`.
  template <class Matches>
  bound_ptr find(const std::vector<std::string>& path, std::size_t depth, Matches matches) const {
    std::size_t found = scope_.size();
    for (std::size_t i = 0; i < scope_.size(); ++i) {
      if (!matches(scope_[i])) continue;
      if (found != scope_.size()) refuse_ambiguous(path, found, i);
      found = i;
    }
    if (found == scope_.size()) return nullptr;
    auto bound = column(found);
    for (std::size_t d = depth; d < path.size(); ++d)
      bound = bind_below(std::move(bound), path[d], joined({path.begin(), path.begin() + static_cast<std::ptrdiff_t>(d)}));
    return bound;
  }

  [[noreturn]] void refuse_ambiguous(const std::vector<std::string>& path, std::size_t a, std::size_t b) const {
    const auto shown = [&](std::size_t i) {
      return (scope_[i].qualifiers.empty() ? "" : scope_[i].qualifiers[0] + ".") + scope_[i].name;
    };
    throw error(errc::ambiguous_column,
                "'" + joined(path) + "' may be " + shown(a) + " or " + shown(b) + ": qualify it, or rename one");
  }

  bound_ptr bind_reference(const std::vector<std::string>& path) const {
    if (const auto variable = lambda_column(path[0])) {
      auto bound = column(*variable);
      for (std::size_t d = 1; d < path.size(); ++d) bound = bind_below(std::move(bound), path[d], path[0]);
      return bound;
    }
    if (path.size() > 1) {
      auto qualified =
          find(path, 2, [&](const input_column& c) { return answers_to(c, path[0]) && same_name(c.name, path[1]); });
      if (qualified) return qualified;
    }
    if (auto plain = find(path, 1, [&](const input_column& c) { return same_name(c.name, path[0]); })) return plain;
    std::vector<std::string> names;
    for (const auto& c : scope_) {
      if (!c.name.empty()) names.push_back(c.name);
    }
    const auto& wanted = path.size() > 1 ? path[1] : path[0];
    const auto near = nearest_name(wanted, names);
    throw error(errc::unknown_column, "no column '" + joined(path) + "' in " + list_columns(scope_) +
                                          (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }

  std::optional<std::size_t> lambda_column(const std::string& name) const {
    for (auto v = variables_.rbegin(); v != variables_.rend(); ++v) {
      if (same_name(v->first, name)) return v->second;
    }
    return std::nullopt;
  }

  bound_ptr bind_function(const expression& e) {
    const auto& entry = function_catalog::builtin().at(e.name);
    if (entry.kind == function_kind::aggregate) {
      throw error(errc::unsupported_plan, "the aggregate " + entry.usage + " can stand only in agg() or beside GROUP BY");
    }
    if (entry.kind == function_kind::generator) {
      throw error(errc::unsupported_plan, "the generator " + entry.usage + " can stand only by itself in a select list");
    }
    refuse_clauses(e);
    if (entry.name == "struct") return bind_struct(e);
    if (entry.name == "arrays_zip") return bind_zip(e);
    const bool with_lambda = std::any_of(e.arguments.begin(), e.arguments.end(),
                                         [](const expression_ptr& a) { return a->kind == expression_kind::lambda; });
    if (with_lambda) return bind_higher_order(e, entry);
    std::vector<bound_ptr> arguments;
    for (const auto& a : e.arguments) arguments.push_back(bind_any(*a));
    return bind_call(entry.name, std::move(arguments), &e);
  }

  static bound_ptr text(const std::string& value) { return bind_literal(std::make_shared<arrow::StringScalar>(value)); }

  void add_star(const expression& star, std::vector<bound_ptr>& out) const {
    if (!star.path.empty()) {
      const bool qualifies =
          std::any_of(scope_.begin(), scope_.end(), [&](const input_column& c) { return answers_to(c, star.path[0]); });
      if (!qualifies) {
        const auto base = bind_reference(star.path);
        if (!is_struct_type(*base->type()))
          throw error(errc::type_mismatch, "'" + joined(star.path) + ".*': that is no struct");
        for (int i = 0; i < base->type()->num_fields(); ++i) {
          out.push_back(text(base->type()->field(i)->name()));
          out.push_back(bind_member(base, i));
        }
        return;
      }
    }
    for (std::size_t i = 0; i < scope_.size(); ++i) {
      if (!star.path.empty() && !answers_to(scope_[i], star.path[0])) continue;
      out.push_back(text(scope_[i].name));
      out.push_back(column(i));
    }
  }

  bound_ptr bind_struct(const expression& e) {
    std::vector<bound_ptr> members;
    for (const auto& a : e.arguments) {
      if (a->kind == expression_kind::star) {
        add_star(*a, members);
        continue;
      }
      members.push_back(text(member_name(e, *a, members.size() / 2)));
      members.push_back(bind_any(*a));
    }
    return bind_call("named_struct", std::move(members), &e);
  }

  bound_ptr bind_zip(const expression& e) {
    std::vector<bound_ptr> arguments;
    for (std::size_t i = 0; i < e.arguments.size(); ++i) {
      arguments.push_back(text(member_name(e, *e.arguments[i], i)));
      arguments.push_back(bind_any(*e.arguments[i]));
    }
    return bind_call("arrays_zip", std::move(arguments), &e);
  }

  bound_ptr bind_higher_order(const expression& e, const function_entry& entry) {
    std::vector<bound_ptr> arguments;
    for (const auto& a : e.arguments) {
      if (a->kind != expression_kind::lambda) arguments.push_back(bind_any(*a));
    }
    const auto body = [&](const expression& lambda, const std::vector<data_type>& variable_types) {
      return bind_lambda(lambda, variable_types);
    };
    return bind_higher_order_call(entry, e, std::move(arguments), scope_.size(), body);
  }

  /// The body of a lambda over the scope's columns with the variables' columns behind them.
  bound_ptr bind_lambda(const expression& lambda, const std::vector<data_type>& variable_types) {
    if (lambda.names.size() > variable_types.size()) {
      throw error(errc::type_mismatch, "the lambda takes " + std::to_string(lambda.names.size()) + " variables where at most " +
                                           std::to_string(variable_types.size()) + " are given");
    }
    std::vector<input_column> wider(scope_.begin(), scope_.end());
    binder inner(wider);
    inner.variables_ = variables_;
    for (std::size_t i = 0; i < variable_types.size(); ++i) {
      if (i < lambda.names.size()) inner.variables_.emplace_back(lambda.names[i], wider.size());
      wider.push_back({"", {}, variable_types[i]});
    }
    inner.scope_ = wider;
    return inner.bind_any(*lambda.arguments.at(0));
  }

  std::span<const input_column> scope_;
  std::vector<std::pair<std::string, std::size_t>> variables_;
};

}  // namespace

bound_ptr bind_call(const std::string& name, std::vector<bound_ptr> arguments, const expression*) {
  const auto& entry = function_catalog::builtin().at(name);
  if (!entry.bind_scalar) throw error(errc::type_mismatch, entry.usage + " is no function of single rows");
  auto binding = entry.bind_scalar(std::move(arguments));
  if (is_guarded(entry.name)) return std::make_shared<const guarded_call>(entry.name, std::move(binding));
  return std::make_shared<const call_expression>(entry.name, std::move(binding));
}

bound_ptr bind(const expression& e, std::span<const input_column> scope) { return binder(scope).bind_any(e); }

bound_ptr bind(const expression& e, const arrow::Schema& schema) {
  std::vector<input_column> scope;
  for (const auto& f : schema.fields()) scope.push_back({f->name(), {}, f->type()});
  return bind(e, std::span<const input_column>(scope));
}

}  // namespace flow
