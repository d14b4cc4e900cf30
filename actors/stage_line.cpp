#include "actors/stage_line.hpp"

#include <algorithm>

#include "flow/failpoint.hpp"

namespace flow {

stage_line::stage_line(line_parts parts, listener tell) : tell_(std::move(tell)) {
  std::uint32_t slots = 0;
  for (const auto& each : parts.stages) {
    first_slots_.push_back(slots);
    routes_.push_back(routes_of(*each, parts));
    slots += static_cast<std::uint32_t>(routes_.back().size());
  }
  if (parts.sink) sink_.emplace(parts.sink, parts.stages.front()->last);
  for (std::size_t i = 0; i < parts.stages.size(); ++i) {
    std::vector<bool> at_once;
    for (const auto& each : routes_[i]) at_once.push_back(each.to != route::kind::away);
    workers_.push_back(
        std::make_unique<stage_worker>(std::move(*parts.stages[i]), std::move(at_once),
                                       [this, i](std::uint32_t slot, stream_item item) { send(i, slot, std::move(item)); }));
  }
}

std::vector<stage_line::route> stage_line::routes_of(const stage_parts& parts, const line_parts& all) const {
  std::vector<route> routes;
  for (const auto& output : parts.place.outputs) {
    for (const auto& to : output.targets) {
      auto& leads = routes.emplace_back();
      for (std::size_t i = 0; i < all.stages.size(); ++i) {
        if (all.stages[i]->stage != to.stage || all.stages[i]->instance != to.instance) continue;
        leads = {route::kind::instance, i, all.stages[i]->place.inputs[to.edge].port};
      }
      if (all.sink && to.stage == all.sink_stage) leads.to = route::kind::sink;
    }
  }
  return routes;
}

void stage_line::send(std::size_t from, std::uint32_t slot, stream_item item) {
  const auto& leads = routes_[from][slot];
  if (leads.to == route::kind::instance) return take(leads.worker, leads.port, item);
  if (leads.to == route::kind::away) return tell_.transmit(first_slots_[from] + slot, std::move(item));
  if (auto done = sink_->take(item)) {
    tell_.prepared(std::move(*done));
    failpoint("output.barrier");
  }
}

void stage_line::take(std::size_t worker, int port, const stream_item& item) {
  if (const auto* rows = std::get_if<batch>(&item)) {
    workers_[worker]->process(port, *rows);
  } else if (const auto* news = std::get_if<watermark_update>(&item)) {
    workers_[worker]->watermark_from(0, *news);
  } else {
    finish(worker, std::get<barrier>(item));
  }
}

void stage_line::finish(std::size_t worker, const barrier& mark) {
  auto report = std::make_shared<const stage_report>(workers_[worker]->finish(mark));
  failpoint(workers_[worker]->parts().place.inputs.empty() ? "source.barrier" : "operator.barrier");
  tell_.finished(workers_[worker]->parts().participant, mark, std::move(report));
}

void stage_line::begin(epoch number, const evaluation_context& context) {
  for (auto& each : workers_) each->begin(number, context);
}

void stage_line::idle() {
  for (auto& each : workers_) each->idle();
}

void stage_line::grant(std::uint32_t slot, std::uint32_t batches) {
  const auto after = std::upper_bound(first_slots_.begin(), first_slots_.end(), slot);
  const auto owner = static_cast<std::size_t>(after - first_slots_.begin()) - 1;
  workers_[owner]->grant(slot - first_slots_[owner], batches);
}

bool stage_line::drained() const noexcept {
  return std::all_of(workers_.begin(), workers_.end(), [](const auto& each) { return each->drained(); });
}

void stage_line::close() {
  if (sink_) sink_->output().close();
}

}  // namespace flow
