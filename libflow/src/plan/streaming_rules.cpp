#include "plan/streaming_rules.hpp"

#include <algorithm>
#include <functional>

#include <arrow/type.h>

#include "flow/error.hpp"
#include "plan/plan_text.hpp"

namespace flow::plan {

namespace {

[[noreturn]] void refuse(const std::string& why) { throw error(errc::unsupported_plan, why); }

bool any_below(const resolved_plan& node, const std::function<bool(const resolved_plan&)>& is_it) {
  return std::any_of(node.children.begin(), node.children.end(),
                     [&](const auto& child) { return is_it(*child) || any_below(*child, is_it); });
}

bool is_streaming_aggregate(const resolved_plan& node) { return node.kind == resolved_kind::aggregate && node.streaming; }

bool is_stream_join(const resolved_plan& node) {
  return node.kind == resolved_kind::join && node.children[0]->streaming && node.children[1]->streaming;
}

std::vector<const resolved_column*> event_time_keys(const resolved_plan& aggregate) {
  std::vector<const resolved_column*> keys;
  for (std::size_t k = 0; k < aggregate.key_count; ++k) {
    const auto& column = aggregate.output[k];
    const bool known = std::any_of(keys.begin(), keys.end(), [&](const auto* key) { return key->id == column.id; });
    if (column.event_time && !known) keys.push_back(&column);
  }
  return keys;
}

void check_aggregate(const resolved_plan& node, output_mode mode) {
  for (std::size_t i = node.key_count; i < node.values.size(); ++i) {
    if (node.values[i]->distinct) {
      refuse("distinct aggregates are not supported on a stream: " + node.output[i].name +
             "; use approx_count_distinct(), or drop_duplicates() on the keys and the column before group_by()");
    }
  }
  if (mode != output_mode::append && any_below(node, is_streaming_aggregate)) {
    refuse("an aggregation of an aggregation is supported in append mode only, not in " + std::string(to_string(mode)) +
           " mode; use output_mode(\"append\") with a watermark, or write the first result to a sink and read it in a second "
           "query");
  }
  const auto times = event_time_keys(node);
  if (mode != output_mode::complete && times.size() > 1) {
    refuse("two group keys carry the event time, " + times[0]->name + " and " + times[1]->name +
           ", and only one can say when a group is complete; group by one of them, and compute the other from it afterwards");
  }
  if (mode == output_mode::append && times.empty()) {
    refuse(
        "append mode needs to know when a group is complete, but no group key carries a watermark; call with_watermark() "
        "before "
        "group_by() and group by window(...) of that column or by the column itself, or use output_mode(\"update\") or "
        "\"complete\"");
  }
}

/// By time, so that rows that change later, as an aggregation's do in other modes than append, would count as new.
bool forgets_keys(const resolved_plan& deduplicate) {
  return deduplicate.within_watermark || std::any_of(deduplicate.ids.begin(), deduplicate.ids.end(), [&](int id) {
           return find_column(deduplicate.output, id)->event_time.has_value();
         });
}

void check_deduplicate(const resolved_plan& node, output_mode mode) {
  if (node.within_watermark && !event_time_column(node.children[0]->output)) {
    refuse("drop_duplicates_within_watermark() needs a watermark to know when to forget; call with_watermark() before it");
  }
  if (mode != output_mode::append && forgets_keys(node) && any_below(node, is_streaming_aggregate)) {
    refuse(
        "drop_duplicates() by event time after an aggregation is supported in append mode only; use "
        "output_mode(\"append\") with a watermark, or leave the event time out of its columns");
  }
}

void check_table_join(const resolved_plan& node) {
  const bool stream_left = node.children[0]->streaming;
  const bool keeps_left =
      node.how == join_type::left_outer || node.how == join_type::left_semi || node.how == join_type::left_anti;
  const bool fits = node.how == join_type::inner || node.how == join_type::cross || (stream_left && keeps_left) ||
                    (!stream_left && node.how == join_type::right_outer);
  if (fits) return;
  refuse(std::string(text_of(node.how)) + " join of a stream on the " + (stream_left ? "left" : "right") +
         " with a table is not supported, since it would have to know which rows of the table never match; keep the stream's "
         "rows " +
         "instead (" + (stream_left ? "left_outer, left_semi or left_anti" : "right_outer") +
         "), use an inner join, or swap the sides");
}

void check_stream_join(const resolved_plan& node, output_mode mode) {
  if (mode == output_mode::complete) {
    refuse("a join of two streams is not supported in complete mode; use output_mode(\"append\")");
  }
  if (node.how == join_type::left_anti) {
    refuse(
        "a left anti join of two streams is not supported; use a left outer join and keep the rows whose right side is null");
  }
  refuse("a join of two streams is not supported yet; join the stream with a table, or unite the streams and aggregate");
}

void check_join(const resolved_plan& node, output_mode mode) {
  if (is_stream_join(node)) return check_stream_join(node, mode);
  check_table_join(node);
}

void check_sort(const resolved_plan& node, output_mode mode) {
  if (mode == output_mode::complete && any_below(node, is_streaming_aggregate)) return;
  refuse(
      "a stream can be sorted only in complete mode and after an aggregation, since it never ends; use "
      "output_mode(\"complete\"), or sort where the rows are read (foreach_batch)");
}

void check_limit(output_mode mode) {
  if (mode != output_mode::update) return;
  refuse(
      "limit() on a stream is not supported in update mode; use output_mode(\"append\") for the first rows of the stream, or "
      "\"complete\" for the first rows of every result");
}

void check_union(const resolved_plan& node) {
  const auto streams =
      std::count_if(node.children.begin(), node.children.end(), [](const auto& child) { return child->streaming; });
  if (streams == static_cast<std::ptrdiff_t>(node.children.size())) return;
  refuse(
      "a union of a stream with a table is not supported; read the table as a stream too (read_stream), or unite it with the "
      "results where they are read");
}

void check_watermark(const resolved_plan& node) {
  const auto is_watermark = [](const resolved_plan& below) { return below.kind == resolved_kind::watermark; };
  if (!any_below(node, is_watermark)) return;
  refuse("with_watermark(\"" + find_column(node.output, node.column)->name +
         "\") redefines the watermark of a stream that has one already; call with_watermark() once per stream");
}

void check(const resolved_plan& node, output_mode mode) {
  if (!node.streaming) return;
  switch (node.kind) {
    case resolved_kind::aggregate:
      check_aggregate(node, mode);
      break;
    case resolved_kind::deduplicate:
      check_deduplicate(node, mode);
      break;
    case resolved_kind::join:
      check_join(node, mode);
      break;
    case resolved_kind::sort:
      check_sort(node, mode);
      break;
    case resolved_kind::limit:
      check_limit(mode);
      break;
    case resolved_kind::unite:
      check_union(node);
      break;
    case resolved_kind::watermark:
      check_watermark(node);
      break;
    default:
      break;
  }
  for (const auto& child : node.children) check(*child, mode);
}

}  // namespace

void check_streaming_rules(const resolved_plan& root, output_mode mode) {
  if (mode == output_mode::complete && !is_streaming_aggregate(root) && !any_below(root, is_streaming_aggregate)) {
    refuse(
        "complete mode shows the whole result table, which needs an aggregation: add group_by().agg(), or use "
        "output_mode(\"append\")");
  }
  check(root, mode);
}

}  // namespace flow::plan
