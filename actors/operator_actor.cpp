#include "actors/operator_actor.hpp"

#include <algorithm>

#include "actors/failure_report.hpp"
#include "flow/failpoint.hpp"

namespace flow {

operator_actor::operator_actor(caf::actor_config& config, std::shared_ptr<stage_parts> parts, stage_peers peers,
                               duration idle_timeout)
    : operator_handle::base(config),
      peers_(std::move(peers)),
      inbox_(parts->place.inputs.size(), parts->window),
      senders_(parts->place.inputs.size()),
      slots_(parts->place.inputs.size()),
      idle_timeout_(std::max<std::int64_t>(idle_timeout.microseconds, 1000)),
      last_rows_(parts->place.inputs.size()) {
  worker_ = std::make_unique<stage_worker>(std::move(*parts), [this](std::uint32_t slot, stream_item item) {
    send(peers_.receivers[slot], item_message{peers_.edges[slot], slot, std::move(item)});
  });
}

void operator_actor::on_exit() {
  worker_.reset();
  senders_.clear();
  peers_ = stage_peers();
}

operator_actor::behavior_type operator_actor::make_behavior() {
  report_failures(this, peers_.query);
  if (observes()) arm_idle_check(idle_timeout_);
  return {
      [this](item_message& m) {
        if (!senders_[m.edge]) {
          senders_[m.edge] = current_sender();
          slots_[m.edge] = m.slot;
        }
        inbox_.put(m.edge, std::move(m.item));
        work();
      },
      [this](const credit_message& m) {
        worker_->grant(m.slot, m.batches);
        work();
      },
      [this](const epoch_message& m) { worker_->begin(m.number, m.context); },
      [this](const idle_check_message&) { check_idle(); },
  };
}

void operator_actor::work() {
  while (worker_->drained()) {
    auto next = inbox_.take();
    if (!next) break;
    handle(std::move(*next));
  }
  if (worker_->drained() && inbox_.empty() && mailbox().empty()) worker_->idle();
}

void operator_actor::handle(inbox::arrival next) {
  if (next.credit > 0) {
    send(caf::actor_cast<credit_receiver>(senders_[next.edge]), credit_message{slots_[next.edge], next.credit});
  }
  if (auto* rows = std::get_if<batch>(&next.item)) {
    worker_->process(worker_->parts().place.inputs[next.edge].port, *rows, next.edge);
    if (!observes()) return;
    last_rows_[next.edge] = clock().now();
    if (!idle_check_armed_) arm_idle_check(idle_timeout_);
  } else if (const auto* news = std::get_if<watermark_update>(&next.item)) {
    worker_->watermark_from(next.edge, *news);
  } else {
    finish(std::get<barrier>(next.item));
  }
}

bool operator_actor::observes() const { return worker_->continuous() && worker_->observes_event_time(); }

void operator_actor::arm_idle_check(std::chrono::microseconds after) {
  idle_check_armed_ = true;
  delayed_send(this, after, idle_check_message{});
}

void operator_actor::check_idle() {
  idle_check_armed_ = false;
  if (!inbox_.empty() || !worker_->drained()) return arm_idle_check(idle_timeout_);
  auto next = idle_timeout_;
  bool awaited = false;
  for (std::size_t edge = 0; edge < last_rows_.size(); ++edge) {
    const auto silent = std::chrono::duration_cast<std::chrono::microseconds>(clock().now() - last_rows_[edge]);
    if (silent < idle_timeout_) {
      awaited = true;
      next = std::min(next, idle_timeout_ - silent);
    } else if (worker_->mark_own_nodes(edge, true)) {
      send(peers_.query, active_message{});
    }
  }
  if (awaited) arm_idle_check(next);
}

void operator_actor::finish(const barrier& mark) {
  if (mark.settled && observes()) worker_->mark_own_nodes(true);
  const auto report = std::make_shared<const stage_report>(worker_->finish(mark));
  failpoint("operator.barrier");
  if (!report->deltas.empty()) send(peers_.checkpoint, delta_message{report});
  send(peers_.query, stage_done_message{worker_->parts().participant, mark.number, report, {}, {}});
}

}  // namespace flow
