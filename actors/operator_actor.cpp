#include "actors/operator_actor.hpp"

#include <algorithm>

namespace flow {

operator_actor::operator_actor(caf::actor_config& config, line_parts parts, stage_peers peers, duration idle_timeout)
    : operator_handle::base(config),
      peers_(std::move(peers)),
      inbox_(parts.stages.front()->place.inputs.size(), parts.stages.front()->window),
      senders_(parts.stages.front()->place.inputs.size()),
      slots_(senders_.size()),
      idle_timeout_(std::max<std::int64_t>(idle_timeout.microseconds, 1000)),
      last_rows_(senders_.size()) {
  line_.emplace(std::move(parts), speak_for(this, peers_));
}

void operator_actor::on_exit() {
  end_line(this, line_, peers_);
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
        line_->grant(m.slot, m.batches);
        work();
      },
      [this](const epoch_message& m) { line_->begin(m.number, m.context); },
      [this](const idle_check_message&) { check_idle(); },
  };
}

void operator_actor::work() {
  while (line_->drained()) {
    auto next = inbox_.take();
    if (!next) break;
    handle(std::move(*next));
  }
  if (line_->drained() && inbox_.empty() && mailbox().empty()) line_->idle();
}

void operator_actor::handle(inbox::arrival next) {
  if (next.credit > 0) {
    send(caf::actor_cast<credit_receiver>(senders_[next.edge]), credit_message{slots_[next.edge], next.credit});
  }
  if (auto* rows = std::get_if<batch>(&next.item)) {
    line_->head().process(line_->head().parts().place.inputs[next.edge].port, *rows, next.edge);
    if (!observes()) return;
    last_rows_[next.edge] = clock().now();
    if (!idle_check_armed_) arm_idle_check(idle_timeout_);
  } else if (const auto* news = std::get_if<watermark_update>(&next.item)) {
    line_->head().watermark_from(next.edge, *news);
  } else {
    const auto& mark = std::get<barrier>(next.item);
    if (mark.settled && observes()) line_->head().mark_own_nodes(true);
    line_->finish(mark);
  }
}

bool operator_actor::observes() const { return line_->head().continuous() && line_->head().observes_event_time(); }

void operator_actor::arm_idle_check(std::chrono::microseconds after) {
  idle_check_armed_ = true;
  delayed_send(this, after, idle_check_message{});
}

void operator_actor::check_idle() {
  idle_check_armed_ = false;
  if (!inbox_.empty() || !line_->drained()) return arm_idle_check(idle_timeout_);
  auto next = idle_timeout_;
  bool awaited = false;
  for (std::size_t edge = 0; edge < last_rows_.size(); ++edge) {
    const auto silent = std::chrono::duration_cast<std::chrono::microseconds>(clock().now() - last_rows_[edge]);
    if (silent < idle_timeout_) {
      awaited = true;
      next = std::min(next, idle_timeout_ - silent);
    } else if (line_->head().mark_own_nodes(edge, true)) {
      send(peers_.query, active_message{});
    }
  }
  if (awaited) arm_idle_check(next);
}

}  // namespace flow
