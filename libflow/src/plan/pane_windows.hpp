#pragma once

#include <optional>

#include "flow/operator_factory.hpp"
#include "plan/resolved_plan.hpp"
#include "plan/window_expressions.hpp"

namespace flow::plan {

/// A sliding window that an aggregation can put together from panes, instead of adding each row to every window that holds it.
struct paned_window {
  const resolved_plan* node = nullptr;  ///< The window node, which is to give the pane in the window's place.
  sliding_window window;
};

/// The sliding window among the aggregation's keys, if nothing between them reads it but the key itself. Event time, if any,
/// must be the window's.
std::optional<paned_window> paned_window_of(const resolved_plan& aggregate);

/// Windows of the length of a pane, at the window's origin.
window_lengths panes_of(const sliding_window& window);

}  // namespace flow::plan
