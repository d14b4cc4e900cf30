#include <map>

#include "plan/plan_text.hpp"
#include "plan/resolved_plan.hpp"

namespace flow::plan {

namespace {

// The grammar would quote `user#5`; a reader of plans wants it plain.
std::string without_quotes_of_ids(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto close = text[i] == '`' ? text.find('`', i + 1) : std::string::npos;
    if (close != std::string::npos && text.substr(i, close - i).find('#') != std::string::npos) {
      plain += text.substr(i + 1, close - i - 1);
      i = close;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string name_of(const resolved_column& c) {
  return c.name + "#" + std::to_string(c.id) + (c.event_time ? "-T" + to_string(*c.event_time) : "");
}

std::string list_of(const resolved_columns& columns) {
  std::string text;
  for (const auto& c : columns) text += (text.empty() ? "" : ", ") + name_of(c);
  return text;
}

resolved_columns inputs_of(const resolved_plan& node) {
  resolved_columns all;
  for (const auto& child : node.children) all.insert(all.end(), child->output.begin(), child->output.end());
  return all;
}

std::string values_of(const resolved_plan& node, std::size_t from, std::size_t to) {
  const auto scope = inputs_of(node);
  std::string text;
  for (std::size_t i = from; i < to; ++i) {
    text += i == from ? "" : ", ";
    const auto whole = whole_column(*node.values[i]);
    if (whole && *whole == node.output[i].id) {
      text += name_of(node.output[i]);
    } else {
      text += text_of(*node.values[i], scope) + " AS " + name_of(node.output[i]);
    }
  }
  return text;
}

std::string orders_of(const resolved_plan& node) {
  std::string text;
  for (const auto& order : node.orders) {
    text += (text.empty() ? "" : ", ") + text_of(*order.key, node.output) + (order.descending ? " DESC" : " ASC") +
            (order.nulls_first ? " NULLS FIRST" : " NULLS LAST");
  }
  return text;
}

std::string names_of(const std::vector<int>& ids, const resolved_columns& columns) {
  std::string text;
  for (const int id : ids) text += (text.empty() ? "" : ", ") + name_of(*find_column(columns, id));
  return text;
}

std::string line_of(const resolved_plan& node) {
  switch (node.kind) {
    case resolved_kind::scan:
      return (node.streaming ? "StreamingScan " : "Scan ") + node.source->description() + " [" + list_of(node.output) + "]";
    case resolved_kind::project:
      return "Project [" + values_of(node, 0, node.values.size()) + "]";
    case resolved_kind::filter:
      return "Filter " + text_of(*node.condition, node.output);
    case resolved_kind::window:
      return "Window " + text_of(*node.values[0], node.children[0]->output) + ", size " + to_string(node.size) +
             (node.slide == node.size ? "" : ", slide " + to_string(node.slide)) + " AS " + name_of(node.output.back());
    case resolved_kind::generate:
      return "Generate " + text_of(*node.values[0], node.children[0]->output) + (node.generates.outer ? ", outer" : "") + " [" +
             list_of(node.output) + "]";
    case resolved_kind::watermark:
      return "EventTimeWatermark " + name_of(*find_column(node.output, node.column));
    case resolved_kind::aggregate:
      return "Aggregate [" + values_of(node, 0, node.key_count) + "], [" + values_of(node, node.key_count, node.values.size()) +
             "]";
    case resolved_kind::join:
      return "Join " + std::string(text_of(node.how)) +
             (node.condition ? " ON " + text_of(*node.condition, inputs_of(node)) : "");
    case resolved_kind::unite:
      return "Union [" + list_of(node.output) + "]";
    case resolved_kind::deduplicate:
      return std::string(node.within_watermark ? "DeduplicateWithinWatermark" : "Deduplicate") + " [" +
             names_of(node.ids, node.output) + "]";
    case resolved_kind::sort:
      return "Sort [" + orders_of(node) + "]" + (node.count >= 0 ? ", first " + std::to_string(node.count) : "");
    case resolved_kind::limit:
      return "Limit " + std::to_string(node.count);
  }
  return "";
}

void append(const resolved_plan& node, int depth, std::string& text) {
  text += indented(line_of(node), depth);
  for (const auto& child : node.children) append(*child, depth + 1, text);
}

}  // namespace

std::string text_of(const expression& e, const resolved_columns& columns) {
  const auto named = rewrite(std::make_shared<expression>(e), [&](const expression_ptr& part) -> expression_ptr {
    const auto id = referenced_id(*part);
    const auto* column = id ? find_column(columns, *id) : nullptr;
    if (!column) return nullptr;
    auto path = part->path;
    path[0] = column->name + "#" + std::to_string(column->id);
    return expressions::reference(std::move(path));
  });
  return without_quotes_of_ids(to_sql(*named));
}

std::string text_of(const resolved_plan& node) {
  std::string text;
  append(node, 0, text);
  return text;
}

}  // namespace flow::plan
