#include "actors/sink_actor.hpp"

#include "actors/failure_report.hpp"
#include "actors/publisher_actor.hpp"
#include "flow/failpoint.hpp"

namespace flow {

sink_actor::sink_actor(caf::actor_config& config, std::shared_ptr<open_sink> output, std::size_t inputs, std::uint32_t window,
                       epoch last, bool planned, query_handle query)
    : sink_handle::base(config),
      sink_(std::in_place, std::move(output), last),
      query_(std::move(query)),
      inbox_(inputs, window),
      senders_(inputs),
      slots_(inputs),
      gate_(last, planned, sink_->output().overlaps()) {}

void sink_actor::on_exit() {
  try {
    if (sink_) sink_->output().close();
  } catch (...) {
    send(query_, failed_message{as_error(std::current_exception())});
  }
  sink_.reset();
  senders_.clear();
  query_ = query_handle();
}

sink_actor::behavior_type sink_actor::make_behavior() {
  report_failures(this, query_);
  return {
      [this](item_message& m) {
        if (!senders_[m.edge]) {
          senders_[m.edge] = current_sender();
          slots_[m.edge] = m.slot;
        }
        inbox_.put(m.edge, std::move(m.item));
        work();
      },
      [this](const planned_message& m) {
        gate_.planned(m.number);
        work();
      },
      [this](const publish_message& m) {
        if (!publish(sink_->output(), m)) return;
        send(query_, published_message{m.number});
        on_published(m.number);
      },
      [this](const published_message& m) { on_published(m.number); },
  };
}

void sink_actor::on_published(epoch n) {
  gate_.committed(n);
  work();
}

void sink_actor::work() {
  while (gate_.open(sink_->current())) {
    auto next = inbox_.take();
    if (!next) return;
    handle(std::move(*next));
  }
}

void sink_actor::handle(inbox::arrival next) {
  auto prepared = sink_->take(next.item);
  // Room is given back after the write: a slow sink slows its senders.
  if (next.credit > 0) {
    send(caf::actor_cast<credit_receiver>(senders_[next.edge]), credit_message{slots_[next.edge], next.credit});
  }
  if (!prepared) return;
  send(query_, sink_done_message{std::move(*prepared)});
  failpoint("output.barrier");
}

}  // namespace flow
