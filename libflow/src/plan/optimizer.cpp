#include "plan/optimizer.hpp"

#include "plan/optimizer_rules.hpp"

namespace flow::plan {

resolved_ptr optimize(const resolved_ptr& root) {
  auto node = fold_constants(root);
  node = cut_empty_results(node);
  node = infer_filters(node);
  node = push_filters(node);
  node = push_limits(node);
  node = prune_columns(node);
  node = prune_json(node);
  return merge_projects(node);
}

}  // namespace flow::plan
