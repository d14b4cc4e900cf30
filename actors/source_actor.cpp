#include "actors/source_actor.hpp"

#include <algorithm>

namespace flow {

source_actor::source_actor(caf::actor_config& config, line_parts parts, stage_peers peers, std::shared_ptr<const source> input,
                           duration idle_timeout)
    : source_handle::base(config),
      peers_(std::move(peers)),
      input_(std::move(input)),
      idle_timeout_(std::max<std::int64_t>(idle_timeout.microseconds, 1000)) {
  line_.emplace(std::move(parts), speak_for(this, peers_));
}

void source_actor::on_exit() {
  splits_.clear();
  end_line(this, line_, peers_);
  input_.reset();
  peers_ = stage_peers();
}

source_actor::behavior_type source_actor::make_behavior() {
  report_failures(this, peers_.query);
  if (line_->head().continuous() && line_->head().observes_event_time()) arm_idle_check(idle_timeout_);
  // In the order of how often they come: CAF tries one after the other.
  return {
      [this](const available_message& m) { make_available(m.ticket); },
      [this](const read_message&) {
        scheduled_ = false;
        step();
      },
      [this](const credit_message& m) {
        line_->grant(m.slot, m.batches);
        schedule();
      },
      [this](const run_message& m) {
        line_->begin(m.number, m.context);
        owed_ = barrier{m.number, m.passed, false};
        add(m.splits);
        step();
      },
      [this](const assign_message& m) {
        add(m.splits);
        schedule();
      },
      [this](const inject_message& m) {
        stopped_ = stopped_ || m.last;
        finish(barrier{m.number, {}, m.settled});
      },
      [this](const drain_message& m) {
        drains_.push_back({m, std::chrono::steady_clock::now()});
        make_available(0);
      },
      [this](const idle_check_message&) { check_idle(); },
  };
}

void source_actor::add(const std::vector<source_split>& splits) {
  for (const auto& each : splits) {
    splits_.insert(each.bounded ? splits_.end() : splits_.begin(), reading{each, ++tickets_, nullptr, false});
  }
  // What waits to be read may be older than what others read meanwhile: the watermark has to wait for it.
  if (!line_->head().continuous() || !line_->head().observes_event_time() || !has_unread_splits()) return;
  line_->head().mark_own_nodes(false);
  if (!idle_check_armed_) arm_idle_check(idle_timeout_);
}

bool source_actor::has_unread_splits() const {
  return std::any_of(splits_.begin(), splits_.end(), [](const reading& r) { return r.what.bounded; });
}

void source_actor::schedule() {
  if (scheduled_ || !line_->drained()) return;
  scheduled_ = true;
  send(this, read_message{});
}

/// Reads on without a message in between as long as nobody else has anything to say and reads are small: what a row causes is
/// done before its sender's next one, and barriers need not wait.
void source_actor::step() {
  constexpr std::int64_t enough = 4096;
  for (std::int64_t rows = 0; line_->drained() && !stopped_;) {
    const auto at = next_split();
    if (!at) return nothing_to_read();
    const auto came = read(*at);
    rows += came;
    if (came > 0 && (rows >= enough || !mailbox().empty())) return schedule();
  }
}

std::optional<std::size_t> source_actor::next_split() {
  const auto first_bounded = static_cast<std::size_t>(
      std::find_if(splits_.begin(), splits_.end(), [](const reading& r) { return r.what.bounded; }) - splits_.begin());
  const auto in_turn = std::min(first_bounded + 1, splits_.size());
  for (std::size_t tried = 0; tried < in_turn; ++tried) {
    if (next_ >= in_turn) next_ = 0;
    const auto at = next_++;
    if (!splits_[at].idle) return at;
  }
  return std::nullopt;
}

void source_actor::open(reading& from) {
  from.reader = input_->open(from.what, nullptr);
  // The callback may outlive this actor, and must not keep it alive.
  from.reader->on_available([self = caf::weak_actor_ptr(ctrl()), ticket = from.ticket] {
    if (const auto alive = caf::actor_cast<caf::strong_actor_ptr>(self)) {
      caf::anon_send(caf::actor_cast<source_handle>(alive), available_message{ticket});
    }
  });
}

std::int64_t source_actor::read(std::size_t at) {
  auto& from = splits_[at];
  if (!from.reader) open(from);
  const auto began = std::chrono::steady_clock::now();
  batch rows;
  const auto status = from.reader->read({}, rows);
  const auto left_out = from.reader->take_left_out();
  line_->head().add_left_out(left_out);
  switch (status) {
    case read_status::rows:
      break;
    case read_status::idle:
      went_idle(from, began);
      return 0;
    case read_status::end:
      splits_.erase(splits_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  const auto came = left_out + (rows ? rows->num_rows() : 0);
  if (rows && came > 0) took(rows);
  return came;
}

void source_actor::took(const batch& rows) {
  line_->head().process(0, rows);
  // After the rows: it keeps nobody waiting who waits for them.
  if (!active_ && line_->head().continuous()) send(peers_.query, active_message{});
  active_ = true;
  if (!line_->head().continuous() || !line_->head().observes_event_time()) return;
  last_rows_ = clock().now();
  if (!idle_check_armed_) arm_idle_check(idle_timeout_);
}

void source_actor::went_idle(reading& from, std::chrono::steady_clock::time_point began) {
  from.idle = true;
  if (!input_->blocking()) return;
  // A blocking reader waits inside read() and calls nobody: it is asked again, at once if it did wait.
  if (std::chrono::steady_clock::now() - began > std::chrono::milliseconds(1)) {
    send(this, available_message{from.ticket});
  } else {
    delayed_send(this, std::chrono::microseconds(std::max<std::int64_t>(input_->poll_interval().microseconds, 1000)),
                 available_message{from.ticket});
  }
}

void source_actor::make_available(std::uint64_t ticket) {
  for (auto& each : splits_) {
    if (ticket == 0 || each.ticket == ticket) each.idle = false;
  }
  if (!scheduled_) step();
}

void source_actor::nothing_to_read() {
  line_->idle();
  if (owed_ && splits_.empty()) finish(*std::exchange(owed_, std::nullopt));
  answer_drains();
}

void source_actor::answer_drains() {
  std::erase_if(drains_, [this](const asked_drain& each) {
    const auto behind = [&](const reading& r) { return r.reader && !r.reader->caught_up(each.since); };
    if (!each.what.settle && std::any_of(splits_.begin(), splits_.end(), behind)) return false;
    if (each.what.settle) stop_holding_back();
    send(peers_.query, quiet_message{line_->head().parts().participant, each.what.token});
    return true;
  });
}

void source_actor::finish(const barrier& mark) {
  active_ = false;
  line_->finish(mark);
}

void source_actor::complete(stage_done_message& answer) const {
  if (answer.participant != line_->head().parts().participant) return;
  for (const auto& each : splits_) {
    answer.unfinished.push_back({each.what, each.reader ? each.reader->position() : nlohmann::json()});
    if (!each.reader) continue;
    if (auto metrics = each.reader->metrics(); !metrics.is_null()) answer.readers.push_back(std::move(metrics));
  }
}

void source_actor::arm_idle_check(std::chrono::microseconds after) {
  idle_check_armed_ = true;
  delayed_send(this, after, idle_check_message{});
}

void source_actor::check_idle() {
  idle_check_armed_ = false;
  const auto silent = std::chrono::duration_cast<std::chrono::microseconds>(clock().now() - last_rows_);
  if (silent < idle_timeout_) return arm_idle_check(idle_timeout_ - silent);
  // Splits that wait for their turn or for room downstream are no silence.
  if (has_unread_splits() || !line_->drained()) return arm_idle_check(idle_timeout_);
  stop_holding_back();
}

void source_actor::stop_holding_back() {
  if (!line_->head().observes_event_time()) return;
  line_->idle();
  if (!line_->head().mark_own_nodes(true)) return;
  if (!active_) send(peers_.query, active_message{});
  active_ = true;
}

}  // namespace flow
