#include "flow/error.hpp"
#include "flow/planner.hpp"
#include "plan/analyzer.hpp"
#include "plan/optimizer.hpp"
#include "plan/plan_text.hpp"
#include "plan/stage_builder.hpp"
#include "plan/streaming_rules.hpp"

namespace flow {

physical_plan make_physical_plan(const logical_plan& plan, const relation_lookup& lookup, const planner_options& options) {
  const auto analyzed = plan::analyzer(lookup).analyze(plan);
  if (options.streaming) plan::check_streaming_rules(*analyzed, options.mode);
  if (!options.streaming && analyzed->streaming) {
    throw error(errc::unsupported_plan, "a stream has no end to be collected at; start it with write_stream()...start()");
  }
  const auto optimized = plan::optimize(analyzed);
  auto physical = plan::stage_builder(options).build(*optimized);
  physical.logical_text = plan::text_of(plan);
  physical.analyzed_text = plan::text_of(*analyzed);
  physical.optimized_text = plan::text_of(*optimized);
  return physical;
}

}  // namespace flow
