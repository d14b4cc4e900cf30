#include "plan/state_meaning.hpp"

#include <map>

namespace flow::plan {

namespace {

/// The expression with names for ids, which no restart shares.
std::string plain_text(const expression_ptr& e, const resolved_columns& columns) {
  return to_sql(*rewrite(e, [&](const expression_ptr& part) -> expression_ptr {
    const auto id = referenced_id(*part);
    const auto* column = id ? find_column(columns, *id) : nullptr;
    if (!column) return nullptr;
    auto path = part->path;
    path[0] = column->name;
    return expressions::reference(std::move(path));
  }));
}

/// In terms of the columns below every projection.
std::string traced_text(expression_ptr e, const resolved_plan* node) {
  for (; node->children.size() == 1 && node->kind != resolved_kind::aggregate && node->kind != resolved_kind::generate;
       node = node->children[0].get()) {
    std::map<int, expression_ptr> values;
    if (node->kind == resolved_kind::project) {
      for (std::size_t i = 0; i < node->values.size(); ++i) values.emplace(node->output[i].id, node->values[i]);
    } else if (node->kind == resolved_kind::window) {
      const auto length = [](duration d) { return expressions::literal(std::string_view(to_string(d))); };
      values.emplace(node->output.back().id, expressions::call("window", {node->values[0], length(node->size),
                                                                          length(node->slide), length(node->start)}));
    }
    e = substitute(e, values);
  }
  return plain_text(e, node->output);
}

nlohmann::json told_twice(const expression_ptr& e, const resolved_plan& child) {
  return {{"as", plain_text(e, child.output)}, {"of", traced_text(e, &child)}};
}

}  // namespace

nlohmann::json state_meaning(const resolved_plan& node) {
  const auto& child = *node.children[0];
  auto keys = nlohmann::json::array(), aggregates = nlohmann::json::array();
  for (const int id : node.ids) keys.push_back(told_twice(reference_to(id), child));
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    (i < node.key_count ? keys : aggregates).push_back(told_twice(node.values[i], child));
  }
  return {{"keys", std::move(keys)}, {"aggregates", std::move(aggregates)}};
}

std::string column_origin(int id, const resolved_plan& node) { return traced_text(reference_to(id), &node); }

}  // namespace flow::plan
