#pragma once

#include "plan/resolved_plan.hpp"

/// The optimizer's rules. Each is a pure function from tree to tree that keeps the rows, the output columns and, but for
/// cut_empty_results, the watermark.
namespace flow::plan {

/// Expressions that read no column become their value.
resolved_ptr fold_constants(const resolved_ptr& node);

/// Below a limit of no rows and a condition that is never true nothing is read on, and nothing moves the watermark (as in
/// Spark).
resolved_ptr cut_empty_results(const resolved_ptr& node);

/// What a join key or a generator's input must be for a row to matter is said below it, where it can be tested early.
resolved_ptr infer_filters(const resolved_ptr& node);

/// Conditions go down as far as they can be decided: below projections, generators, the keys of aggregations, unions, to the
/// side of a join, and below a watermark whose event-time column they do not read (as Spark, so that the rows they remove do
/// not move the watermark).
resolved_ptr push_filters(const resolved_ptr& node);

/// A limit goes below projections, and into a sort, which then keeps only the first rows.
resolved_ptr push_limits(const resolved_ptr& node);

/// Only the columns somebody reads are carried, down to what the sources decode.
resolved_ptr prune_columns(const resolved_ptr& root);

/// from_json() decodes only the members that somebody reads, unless rows that do not fit must be seen (FAILFAST, or the
/// corrupt-record column is read).
resolved_ptr prune_json(const resolved_ptr& root);

/// A projection of a projection is one, unless a value would be computed more than once.
resolved_ptr merge_projects(const resolved_ptr& node);

}  // namespace flow::plan
