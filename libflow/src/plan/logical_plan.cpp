#include "flow/logical_plan.hpp"

#include "plan/plan_text.hpp"

namespace flow::plan {

namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string joined(const std::vector<expression_ptr>& list) {
  std::string text;
  for (const auto& e : list) text += (text.empty() ? "" : ", ") + to_sql(*e);
  return text;
}

std::string joined(const std::vector<sort_order>& orders) {
  std::string text;
  for (const auto& order : orders) {
    text += (text.empty() ? "" : ", ") + to_sql(*order.key) + (order.descending ? " DESC" : " ASC") +
            (order.nulls_first ? " NULLS FIRST" : " NULLS LAST");
  }
  return text;
}

std::string join_text(const logical_plan& node) {
  std::string text = "Join " + std::string(text_of(node.how));
  if (!node.names.empty()) return text + " USING (" + joined(node.names) + ")";
  return node.expressions.empty() ? text : text + " ON " + to_sql(*node.expressions[0]);
}

std::string line_of(const logical_plan& node) {
  switch (node.kind) {
    case plan_kind::relation:
      return "UnresolvedRelation " + node.name;
    case plan_kind::scan:
      return (node.streaming ? "StreamingRelation " : "Relation ") + node.source->description();
    case plan_kind::alias:
      return "SubqueryAlias " + node.name;
    case plan_kind::project:
      return "Project [" + joined(node.expressions) + "]";
    case plan_kind::with_columns:
      return "WithColumns [" + joined(node.expressions) + "]";
    case plan_kind::rename:
      return "Rename [" + node.names.at(0) + " AS " + node.names.at(1) + "]";
    case plan_kind::drop:
      return "Drop [" + joined(node.names) + "]";
    case plan_kind::filter:
      return "Filter " + to_sql(*node.expressions.at(0));
    case plan_kind::aggregate:
      return "Aggregate [" + joined(node.keys) + "], [" + joined(node.expressions) + "]" +
             (node.having ? " HAVING " + to_sql(*node.having) : "");
    case plan_kind::with_watermark:
      return "EventTimeWatermark " + node.name + ", " + node.delay;
    case plan_kind::join:
      return join_text(node);
    case plan_kind::unite:
      return "Union";
    case plan_kind::deduplicate:
      return std::string(node.within_watermark ? "DeduplicateWithinWatermark" : "Deduplicate") + " [" + joined(node.names) +
             "]";
    case plan_kind::sort:
      return "Sort [" + joined(node.orders) + "]";
    case plan_kind::limit:
      return "Limit " + std::to_string(node.count);
  }
  return "";
}

void append(const logical_plan& node, int depth, std::string& text) {
  text += indented(line_of(node), depth);
  for (const auto& child : node.children) append(*child, depth + 1, text);
}

}  // namespace

std::string indented(const std::string& line, int depth) {
  if (depth == 0) return line + "\n";
  return std::string(static_cast<std::size_t>(3 * (depth - 1)), ' ') + "+- " + line + "\n";
}

std::string_view text_of(join_type how) {
  switch (how) {
    case join_type::inner:
      return "INNER";
    case join_type::cross:
      return "CROSS";
    case join_type::left_outer:
      return "LEFT OUTER";
    case join_type::right_outer:
      return "RIGHT OUTER";
    case join_type::full_outer:
      return "FULL OUTER";
    case join_type::left_semi:
      return "LEFT SEMI";
    case join_type::left_anti:
      return "LEFT ANTI";
  }
  return "";
}

std::string text_of(const logical_plan& node) {
  std::string text;
  append(node, 0, text);
  return text;
}

}  // namespace flow::plan
