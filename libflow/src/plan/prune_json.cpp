#include <algorithm>
#include <map>
#include <span>

#include <arrow/type.h>

#include "flow/error.hpp"
#include "function/option_map.hpp"
#include "plan/name_resolution.hpp"
#include "plan/optimizer_rules.hpp"

namespace flow::plan {

namespace {

using path = std::span<const std::string>;

// What is read of a value: all of it, or some members.
struct reads {
  bool whole = false;
  std::map<std::string, reads> members;

  reads& at(path below) {
    auto* place = this;
    for (const auto& member : below) place = &place->members[member];
    return *place;
  }
  void add(const reads& other) {
    whole = whole || other.whole;
    for (const auto& [name, below] : other.members) members[name].add(below);
  }
};

// The member below `e` that e["a"]["b"] names, and what it is a member of.
struct member_path {
  expression_ptr base;
  std::vector<std::string> members;
};

member_path path_of(const expression_ptr& e) {
  const bool step = e->kind == expression_kind::call && e->name == "[]" && e->arguments.size() == 2 &&
                    e->arguments[1]->kind == expression_kind::literal && e->arguments[1]->value->is_valid &&
                    e->arguments[1]->value->type->id() == arrow::Type::STRING;
  if (!step) return {e, {}};
  auto below = path_of(e->arguments[0]);
  below.members.push_back(e->arguments[1]->value->ToString());
  return below;
}

bool is_from_json(const expression& e) {
  return e.kind == expression_kind::call && same_name(e.name, "from_json") && e.arguments.size() >= 2;
}

bool tests_null(const expression& e) {
  return e.kind == expression_kind::call && (e.name == "isnull" || e.name == "isnotnull") && e.arguments.size() == 1;
}

// What every column's readers read of it. Readers stand above: a node is visited before its children.
class usage {
 public:
  explicit usage(const resolved_plan& root) {
    for (const auto& column : root.output) of_[column.id].whole = true;
    visit(root);
  }

  const reads& of(int id) const {
    static const reads nothing;
    const auto found = of_.find(id);
    return found == of_.end() ? nothing : found->second;
  }

 private:
  void visit(const resolved_plan& node) {
    if (node.kind == resolved_kind::project) {
      for (std::size_t i = 0; i < node.values.size(); ++i) add_value(node.values[i], node.output[i].id);
    } else {
      for (const auto& value : node.values) add(value);
    }
    if (node.condition) add(node.condition);
    for (const auto& order : node.orders) add(order.key);
    for (const int id : node.ids) of_[id].whole = true;
    if (node.kind == resolved_kind::watermark) of_[node.column].whole = true;
    for (const auto& child : node.children) {
      // Sides of a union agree in type.
      for (const auto& column : child->output) of_[column.id].whole |= node.kind == resolved_kind::unite;
      visit(*child);
    }
  }

  // A column under another name is read as its readers read it.
  void add_value(const expression_ptr& value, int id) {
    const auto from = referenced_id(*value);
    if (!from) return add(value);
    if (*from != id) of_[*from].at(path(value->path).subspan(1)).add(of(id));
    if (value->path.size() > 1) of_[*from].at(path(value->path).subspan(1)).whole = true;
  }

  void add(const expression_ptr& e) {
    if (tests_null(*e) && whole_column(*e->arguments[0])) return;
    const auto [base, members] = path_of(e);
    if (const auto id = referenced_id(*base)) {
      auto all = std::vector<std::string>(base->path.begin() + 1, base->path.end());
      all.insert(all.end(), members.begin(), members.end());
      of_[*id].at(all).whole = true;
      return;
    }
    for (const auto& argument : e->arguments) add(argument);
    for (const auto& order : e->within_group) add(order);
    if (e->filter) add(e->filter);
  }

  std::map<int, reads> of_;
};

const reads* find_reads(const reads& of, const std::string& member) {
  for (const auto& [name, below] : of.members) {
    if (same_name(name, member)) return &below;
  }
  return nullptr;
}

// The type with the members that are read. One is kept where none is: a struct of nothing cannot be told from none.
data_type narrowed(const data_type& type, const reads& wanted) {
  if (wanted.whole || type->id() != arrow::Type::STRUCT) return type;
  arrow::FieldVector kept;
  for (const auto& field : type->fields()) {
    if (const auto* below = find_reads(wanted, field->name())) kept.push_back(field->WithType(narrowed(field->type(), *below)));
  }
  if (kept.empty() && type->num_fields() > 0) kept.push_back(type->field(0));
  return arrow::struct_(kept);
}

// Whether rows that do not fit the schema look the same with fewer members: nobody is told of them.
bool may_narrow(const expression& call, const reads& wanted) {
  std::string corrupt = "_corrupt_record";
  if (call.arguments.size() > 2) {
    const auto settings = constant_options(*bind_resolved(*call.arguments[2], {}));
    if (!settings || !same_name(settings->text("mode", "PERMISSIVE"), "PERMISSIVE")) return false;
    corrupt = settings->text("columnNameOfCorruptRecord", corrupt);
  }
  return find_reads(wanted, corrupt) == nullptr;
}

// from_json() with a schema of what is read; null if that is all of it.
expression_ptr narrowed_call(const expression& call, const reads& wanted) {
  if (wanted.whole || call.arguments[1]->kind != expression_kind::literal || !may_narrow(call, wanted)) return nullptr;
  const auto placeholder = expressions::literal(std::string_view());
  auto with_text = std::make_shared<expression>(call);
  with_text->arguments[0] = placeholder;
  const auto type = bind_resolved(*with_text, {})->type();
  const auto less = narrowed(type, wanted);
  if (less->Equals(*type)) return nullptr;
  auto copy = std::make_shared<expression>(call);
  copy->arguments[1] = expressions::literal(std::string_view(to_ddl(*less)));
  return copy;
}

// Calls of which a member is taken on the spot.
expression_ptr narrowed_within(const expression_ptr& e) {
  return rewrite(e, [](const expression_ptr& part) -> expression_ptr {
    auto [base, members] = path_of(part);
    if (members.empty() || !is_from_json(*base)) return nullptr;
    reads wanted;
    wanted.at(members).whole = true;
    auto value = narrowed_call(*base, wanted);
    if (!value) return nullptr;
    for (const auto& member : members) value = expressions::call("[]", {value, expressions::literal(std::string_view(member))});
    return value;
  });
}

expression_ptr with_inner(const expression_ptr& e, const expression_ptr& inner) {
  if (e->kind != expression_kind::alias) return inner;
  auto copy = std::make_shared<expression>(*e);
  copy->arguments = {with_inner(e->arguments[0], inner)};
  return copy;
}

class pruner {
 public:
  explicit pruner(const resolved_plan& root) : usage_(root) {}

  resolved_ptr prune(const resolved_ptr& node) {
    auto copy = std::make_shared<resolved_plan>(*node);
    for (auto& child : copy->children) child = prune(child);
    if (copy->condition) copy->condition = narrowed_within(copy->condition);
    for (std::size_t i = 0; i < copy->values.size(); ++i) {
      auto& value = copy->values[i];
      value = narrowed_within(value);
      if (copy->kind == resolved_kind::project) prune_value(value, copy->output[i], copy->children[0]->output);
    }
    for (auto& column : copy->output) {
      if (const auto changed = types_.find(column.id); changed != types_.end()) column.type = changed->second;
    }
    return copy;
  }

 private:
  void prune_value(expression_ptr& value, const resolved_column& column, const resolved_columns& input) {
    const auto& inner = below_alias(value);
    if (const auto from = whole_column(*inner)) {
      if (const auto changed = types_.find(*from); changed != types_.end()) types_[column.id] = changed->second;
    } else if (is_from_json(*inner)) {
      auto less = narrowed_call(*inner, usage_.of(column.id));
      if (!less) return;
      types_[column.id] = bind_resolved(*less, input)->type();
      value = with_inner(value, less);
    }
  }

  usage usage_;
  std::map<int, data_type> types_;
};

}  // namespace

resolved_ptr prune_json(const resolved_ptr& root) { return pruner(*root).prune(root); }

}  // namespace flow::plan
