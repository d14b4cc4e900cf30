#include "actors/sink_actor.hpp"

#include "actors/failure_report.hpp"
#include "flow/failpoint.hpp"

namespace flow {

sink_actor::sink_actor(caf::actor_config& config, std::shared_ptr<sink> output, std::size_t inputs, std::uint32_t window,
                       epoch last, query_handle query)
    : sink_handle::base(config),
      sink_(std::move(output)),
      query_(std::move(query)),
      inbox_(inputs, window),
      senders_(inputs),
      slots_(inputs),
      current_(last.next()) {}

void sink_actor::on_exit() {
  try {
    if (sink_) sink_->close();
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
      [this](const publish_message& m) {
        failpoint("output.commit.before");
        sink_->commit(m.number, m.prepared);
        failpoint("output.commit.after");
        send(query_, published_message{m.number});
      },
  };
}

void sink_actor::work() {
  while (auto next = inbox_.take()) handle(std::move(*next));
}

void sink_actor::handle(inbox::arrival next) {
  if (const auto* rows = std::get_if<batch>(&next.item)) {
    sink_->write(current_, *rows);
    failpoint("output.write.after");
    rows_ += (*rows)->num_rows();
    // Room is given back after the write: a slow sink slows its senders.
    if (next.credit > 0) {
      send(caf::actor_cast<credit_receiver>(senders_[next.edge]), credit_message{slots_[next.edge], next.credit});
    }
  } else if (const auto* mark = std::get_if<barrier>(&next.item)) {
    failpoint("output.prepare.before");
    auto prepared = sink_->prepare(mark->number);
    failpoint("output.prepare.after");
    send(query_, sink_done_message{mark->number, std::move(prepared), std::exchange(rows_, 0)});
    failpoint("output.barrier");
    current_ = mark->number.next();
  }
}

}  // namespace flow
