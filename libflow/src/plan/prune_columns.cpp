#include <algorithm>
#include <set>

#include "plan/optimizer_rules.hpp"

namespace flow::plan {

namespace {

using id_set = std::set<int>;

resolved_ptr prune(const resolved_ptr& node, id_set needed);

void add_read(id_set& ids, const expression& e) {
  for (const int id : columns_read(e)) ids.insert(id);
}

// The child's columns in its order, with what the node knows of them.
resolved_columns passed_through(const resolved_columns& known, const resolved_columns& child) {
  resolved_columns output;
  for (const auto& column : child) {
    const auto* same = find_column(known, column.id);
    output.push_back(same ? *same : column);
  }
  return output;
}

std::vector<int> ids_of(const resolved_columns& columns) {
  std::vector<int> ids;
  for (const auto& column : columns) ids.push_back(column.id);
  return ids;
}

// Exactly these columns, in this order.
resolved_ptr exactly(resolved_ptr node, const resolved_columns& wanted) {
  const auto same_name = [](const resolved_column& a, const resolved_column& b) { return a.name == b.name; };
  if (ids_of(node->output) == ids_of(wanted) &&
      std::equal(wanted.begin(), wanted.end(), node->output.begin(), node->output.end(), same_name)) {
    return node;
  }
  std::vector<expression_ptr> values;
  for (const auto& column : wanted) values.push_back(reference_to(column.id));
  return make_project_node(std::move(node), wanted, std::move(values));
}

resolved_ptr prune_scan(const resolved_plan& node, const id_set& needed) {
  auto copy = std::make_shared<resolved_plan>(node);
  copy->output.clear();
  copy->columns.clear();
  for (std::size_t i = 0; i < node.output.size(); ++i) {
    if (!needed.contains(node.output[i].id)) continue;
    copy->output.push_back(node.output[i]);
    copy->columns.push_back(node.columns[i]);
  }
  // Rows without columns cannot be told apart by every decoder: one is kept to count them by.
  if (copy->output.empty() && !node.output.empty()) {
    copy->output.push_back(node.output[0]);
    copy->columns.push_back(node.columns[0]);
  }
  return copy;
}

resolved_ptr prune_project(const resolved_plan& node, const id_set& needed) {
  auto copy = std::make_shared<resolved_plan>(node);
  copy->output.clear();
  copy->values.clear();
  id_set below;
  for (std::size_t i = 0; i < node.output.size(); ++i) {
    const bool last_chance = copy->output.empty() && i + 1 == node.output.size();
    if (!needed.contains(node.output[i].id) && !last_chance) continue;
    copy->output.push_back(node.output[i]);
    copy->values.push_back(node.values[i]);
    add_read(below, *node.values[i]);
  }
  copy->children = {prune(node.children[0], std::move(below))};
  return copy;
}

resolved_ptr prune_passing(const resolved_plan& node, id_set needed) {
  auto copy = std::make_shared<resolved_plan>(node);
  if (node.condition) add_read(needed, *node.condition);
  for (const auto& value : node.values) add_read(needed, *value);
  for (const auto& order : node.orders) add_read(needed, *order.key);
  if (node.kind == resolved_kind::watermark) needed.insert(node.column);
  copy->children = {prune(node.children[0], std::move(needed))};
  copy->output = passed_through(node.output, copy->children[0]->output);
  if (node.kind == resolved_kind::window) copy->output.push_back(node.output.back());
  return copy;
}

// Without what a watermark has passed on for its own sake.
resolved_ptr only(const resolved_ptr& node, const id_set& needed) {
  resolved_columns wanted;
  std::copy_if(node->output.begin(), node->output.end(), std::back_inserter(wanted),
               [&](const auto& column) { return needed.contains(column.id); });
  return exactly(node, wanted);
}

// Rows are late by the event time as long as anything reads that: the keys, what is above, or a forgetting by it. As in Spark,
// it does not reach a deduplication otherwise.
resolved_ptr prune_deduplicate(const resolved_plan& node, id_set needed) {
  needed.insert(node.ids.begin(), node.ids.end());
  for (const auto& column : node.output) {
    if (node.within_watermark && column.event_time) needed.insert(column.id);
  }
  auto copy = std::make_shared<resolved_plan>(node);
  copy->children = {only(prune(node.children[0], needed), needed)};
  copy->output = passed_through(node.output, copy->children[0]->output);
  return copy;
}

resolved_ptr prune_generate(const resolved_plan& node, const id_set& needed) {
  auto copy = std::make_shared<resolved_plan>(node);
  id_set below;
  copy->kept.clear();
  copy->output.clear();
  for (std::size_t i = 0; i < node.kept.size(); ++i) {
    if (!needed.contains(node.kept[i])) continue;
    below.insert(node.kept[i]);
    copy->kept.push_back(node.kept[i]);
    copy->output.push_back(node.output[i]);
  }
  copy->output.insert(copy->output.end(), node.output.begin() + static_cast<std::ptrdiff_t>(node.kept.size()),
                      node.output.end());
  add_read(below, *node.values[0]);
  copy->children = {prune(node.children[0], std::move(below))};
  return copy;
}

resolved_ptr prune_aggregate(const resolved_plan& node) {
  id_set below;
  for (const auto& value : node.values) add_read(below, *value);
  return with_children(node, {prune(node.children[0], std::move(below))});
}

resolved_ptr prune_join(const resolved_plan& node, id_set needed) {
  const auto read_above = needed;
  if (node.condition) add_read(needed, *node.condition);
  auto copy = std::make_shared<resolved_plan>(node);
  for (auto& child : copy->children) child = prune(child, needed);
  const bool left_only = node.how == join_type::left_semi || node.how == join_type::left_anti;
  auto both = copy->children[0]->output;
  if (!left_only) both.insert(both.end(), copy->children[1]->output.begin(), copy->children[1]->output.end());
  copy->output = passed_through(node.output, both);
  // Columns of the condition alone end here. Two streams keep theirs: what is joined may come an epoch later.
  if (!left_only && !(node.children[0]->streaming && node.children[1]->streaming)) {
    const auto first = copy->output.front();
    std::erase_if(copy->output, [&](const resolved_column& column) { return !read_above.contains(column.id); });
    if (copy->output.empty()) copy->output.push_back(first);
  }
  return copy;
}

resolved_ptr prune_unite(const resolved_plan& node, const id_set& needed) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < node.output.size(); ++i) {
    const bool last_chance = kept.empty() && i + 1 == node.output.size();
    if (needed.contains(node.output[i].id) || last_chance) kept.push_back(i);
  }
  auto copy = std::make_shared<resolved_plan>(node);
  copy->output.clear();
  for (const auto i : kept) copy->output.push_back(node.output[i]);
  for (auto& child : copy->children) {
    resolved_columns wanted;
    id_set below;
    for (const auto i : kept) {
      wanted.push_back(child->output[i]);
      below.insert(child->output[i].id);
    }
    child = exactly(prune(child, std::move(below)), wanted);
  }
  return copy;
}

resolved_ptr prune(const resolved_ptr& node, id_set needed) {
  switch (node->kind) {
    case resolved_kind::scan:
      return prune_scan(*node, needed);
    case resolved_kind::project:
      return prune_project(*node, needed);
    case resolved_kind::generate:
      return prune_generate(*node, needed);
    case resolved_kind::aggregate:
      return prune_aggregate(*node);
    case resolved_kind::join:
      return prune_join(*node, std::move(needed));
    case resolved_kind::unite:
      return prune_unite(*node, needed);
    default:
      break;
  }
  if (node->kind == resolved_kind::deduplicate) return prune_deduplicate(*node, std::move(needed));
  return prune_passing(*node, std::move(needed));
}

}  // namespace

resolved_ptr prune_columns(const resolved_ptr& root) {
  const auto ids = ids_of(root->output);
  return exactly(prune(root, {ids.begin(), ids.end()}), root->output);
}

}  // namespace flow::plan
