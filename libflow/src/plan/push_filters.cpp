#include <algorithm>

#include "flow/error.hpp"
#include "plan/optimizer_rules.hpp"

namespace flow::plan {

namespace {

using conditions = std::vector<expression_ptr>;

resolved_ptr push(const resolved_ptr& node, conditions wanted);

resolved_ptr filtered(resolved_ptr node, const conditions& wanted) {
  return wanted.empty() ? node : make_filter_node(std::move(node), conjunction(wanted));
}

resolved_ptr over(const resolved_plan& node, std::vector<resolved_ptr> children) {
  return with_children(node, std::move(children));
}

// Moves from `wanted` to the result what `goes` says.
template <class Goes>
conditions take(conditions& wanted, Goes goes) {
  conditions taken;
  conditions left;
  for (auto& one : wanted) (goes(*one) ? taken : left).push_back(std::move(one));
  wanted = std::move(left);
  return taken;
}

bool binds(const expression& e, const resolved_columns& columns) {
  try {
    return is_movable(e, columns);
  } catch (const error&) {
    return false;
  }
}

bool only_reads(const expression& e, const resolved_columns& columns) {
  const auto read = columns_read(e);
  return !read.empty() && all_in(read, columns);
}

// Rewrites conditions by what columns stand for below the node, and pushes those that still make sense there.
resolved_ptr push_substituted(const resolved_plan& node, conditions wanted, const std::map<int, expression_ptr>& values) {
  const auto& child = node.children[0];
  conditions below;
  conditions above;
  for (auto& one : wanted) {
    auto moved = substitute(one, values);
    const bool movable = all_in(columns_read(*moved), child->output) && binds(*moved, child->output);
    (movable ? below : above).push_back(movable ? std::move(moved) : std::move(one));
  }
  return filtered(over(node, {push(child, std::move(below))}), above);
}

bool decodes(const expression& e) {
  if (e.kind == expression_kind::call && e.name == "from_json") return true;
  return std::any_of(e.arguments.begin(), e.arguments.end(), [](const auto& a) { return decodes(*a); });
}

resolved_ptr push_through_project(const resolved_plan& node, conditions wanted) {
  std::map<int, expression_ptr> values;
  std::vector<int> decoded;
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    const int id = node.output[i].id;
    if (whole_column(*node.values[i]) != id) values.emplace(id, node.values[i]);
    if (decodes(*node.values[i])) decoded.push_back(id);
  }
  // What is decoded for a condition would be decoded a second time for the rows that pass.
  auto above = take(wanted, [&](const expression& e) {
    const auto read = columns_read(e);
    return std::any_of(read.begin(), read.end(), [&](int id) { return std::count(decoded.begin(), decoded.end(), id) != 0; });
  });
  return filtered(push_substituted(node, std::move(wanted), values), above);
}

resolved_ptr push_through_aggregate(const resolved_plan& node, conditions wanted) {
  std::map<int, expression_ptr> keys;
  resolved_columns key_columns;
  for (std::size_t k = 0; k < node.key_count; ++k) {
    key_columns.push_back(node.output[k]);
    if (whole_column(*node.values[k]) != node.output[k].id) keys.emplace(node.output[k].id, node.values[k]);
  }
  auto on_keys = take(wanted, [&](const expression& e) { return only_reads(e, key_columns); });
  return filtered(push_substituted(node, std::move(on_keys), keys), wanted);
}

resolved_ptr push_below(const resolved_plan& node, conditions wanted, const std::function<bool(const expression&)>& goes) {
  auto below = take(wanted, goes);
  return filtered(over(node, {push(node.children[0], std::move(below))}), wanted);
}

resolved_ptr push_through_unite(const resolved_plan& node, conditions wanted) {
  std::vector<resolved_ptr> children;
  for (const auto& child : node.children) {
    std::map<int, expression_ptr> columns;
    for (std::size_t i = 0; i < node.output.size(); ++i) columns.emplace(node.output[i].id, reference_to(child->output[i].id));
    conditions there;
    for (const auto& one : wanted) there.push_back(substitute(one, columns));
    children.push_back(push(child, std::move(there)));
  }
  return over(node, std::move(children));
}

struct join_sides_kept {
  bool left;  ///< A row of the left side appears in the result only if it passes the condition above.
  bool right;
};

join_sides_kept sides_open_to_filters(join_type how) {
  switch (how) {
    case join_type::inner:
    case join_type::cross:
      return {true, true};
    case join_type::left_outer:
    case join_type::left_semi:
    case join_type::left_anti:
      return {true, false};
    case join_type::right_outer:
      return {false, true};
    case join_type::full_outer:
      return {false, false};
  }
  return {false, false};
}

join_sides_kept sides_open_to_condition(join_type how) {
  switch (how) {
    case join_type::inner:
    case join_type::cross:
    case join_type::left_semi:
      return {true, true};
    case join_type::left_outer:
    case join_type::left_anti:
      return {false, true};
    case join_type::right_outer:
      return {true, false};
    case join_type::full_outer:
      return {false, false};
  }
  return {false, false};
}

resolved_ptr push_through_join(const resolved_plan& node, conditions wanted) {
  const auto& left = node.children[0]->output;
  const auto& right = node.children[1]->output;
  const auto reads_left = [&](const expression& e) { return only_reads(e, left); };
  const auto reads_right = [&](const expression& e) { return only_reads(e, right); };
  conditions to_left, to_right;
  const auto move = [&](conditions& from, join_sides_kept open) {
    if (open.left) {
      for (auto& one : take(from, reads_left)) to_left.push_back(std::move(one));
    }
    if (open.right) {
      for (auto& one : take(from, reads_right)) to_right.push_back(std::move(one));
    }
  };
  move(wanted, sides_open_to_filters(node.how));
  auto copy = std::make_shared<resolved_plan>(node);
  if (node.condition) {
    auto parts = conjuncts(node.condition);
    move(parts, sides_open_to_condition(node.how));
    copy->condition = conjunction(parts);
  }
  copy->children = {push(node.children[0], std::move(to_left)), push(node.children[1], std::move(to_right))};
  return filtered(std::move(copy), wanted);
}

resolved_ptr push(const resolved_ptr& node, conditions wanted) {
  switch (node->kind) {
    case resolved_kind::filter: {
      auto parts = conjuncts(node->condition);
      if (!binds(*node->condition, node->output)) {
        return filtered(over(*node, {push(node->children[0], {})}), wanted);
      }
      parts.insert(parts.end(), wanted.begin(), wanted.end());
      return push(node->children[0], std::move(parts));
    }
    case resolved_kind::project:
      return push_through_project(*node, std::move(wanted));
    case resolved_kind::window:
    case resolved_kind::generate: {
      const auto& below = node->children[0]->output;
      return push_below(*node, std::move(wanted), [&](const expression& e) { return only_reads(e, below); });
    }
    case resolved_kind::watermark:
      return push_below(*node, std::move(wanted), [&](const expression& e) {
        const auto read = columns_read(e);
        return std::find(read.begin(), read.end(), node->column) == read.end();
      });
    case resolved_kind::aggregate:
      return push_through_aggregate(*node, std::move(wanted));
    case resolved_kind::unite:
      return push_through_unite(*node, std::move(wanted));
    case resolved_kind::join:
      return push_through_join(*node, std::move(wanted));
    case resolved_kind::sort:
      if (node->count < 0) return push_below(*node, std::move(wanted), [](const expression&) { return true; });
      break;
    case resolved_kind::scan:
      return filtered(node, wanted);
    default:
      break;
  }
  return filtered(over(*node, {push(node->children[0], {})}), wanted);
}

resolved_ptr with_inferred(const resolved_ptr& child, const conditions& inferred) {
  return inferred.empty() ? child : make_filter_node(child, conjunction(inferred));
}

bool unites(const resolved_plan& node) {
  return node.kind == resolved_kind::unite ||
         std::any_of(node.children.begin(), node.children.end(), [](const auto& child) { return unites(*child); });
}

bool reads_event_time(const expression& e, const resolved_columns& columns) {
  const auto read = columns_read(e);
  return std::any_of(read.begin(), read.end(), [&](int id) { return find_column(columns, id)->event_time.has_value(); });
}

}  // namespace

resolved_ptr push_filters(const resolved_ptr& node) { return push(node, {}); }

resolved_ptr infer_filters(const resolved_ptr& node) {
  auto copy = std::make_shared<resolved_plan>(*node);
  for (auto& child : copy->children) child = infer_filters(child);
  const auto not_null = [](const expression_ptr& e) { return expressions::call("isnotnull", {e}); };
  if (node->kind == resolved_kind::generate && !node->generates.outer && referenced_id(*node->values[0])) {
    const auto& input = node->values[0];
    const auto some = expressions::call(">", {expressions::call("size", {input}), expressions::literal(std::int32_t{0})});
    copy->children[0] = with_inferred(copy->children[0], {some, not_null(input)});
  }
  // A row without a time is in no window. Unless that time is the event time, it does not move the watermark either; below a
  // union it may be the event time of one side only.
  if (node->kind == resolved_kind::window &&
      (!reads_event_time(*node->values[0], node->children[0]->output) || unites(*node->children[0]))) {
    copy->children[0] = with_inferred(copy->children[0], {not_null(node->values[0])});
  }
  const bool needs_both = node->how == join_type::inner || node->how == join_type::left_semi;
  if (node->kind == resolved_kind::join && needs_both && node->condition) {
    for (const auto& part : conjuncts(node->condition)) {
      if (part->kind != expression_kind::call || part->name != "=") continue;
      for (const auto& side : part->arguments) {
        if (!referenced_id(*side)) continue;
        for (auto& child : copy->children) {
          if (all_in(columns_read(*side), child->output)) child = with_inferred(child, {not_null(side)});
        }
      }
    }
  }
  return copy;
}

resolved_ptr push_limits(const resolved_ptr& node) {
  if (node->kind == resolved_kind::limit) {
    const auto& child = node->children[0];
    if (child->kind == resolved_kind::project) {
      auto below = std::make_shared<resolved_plan>(*node);
      below->children = {child->children[0]};
      below->output = child->children[0]->output;
      return with_children(*child, {push_limits(below)});
    }
    if (child->kind == resolved_kind::sort) {
      auto first = std::make_shared<resolved_plan>(*child);
      first->count = child->count < 0 ? node->count : std::min(child->count, node->count);
      first->children = {push_limits(child->children[0])};
      return first;
    }
  }
  auto copy = std::make_shared<resolved_plan>(*node);
  for (auto& child : copy->children) child = push_limits(child);
  return copy;
}

}  // namespace flow::plan
