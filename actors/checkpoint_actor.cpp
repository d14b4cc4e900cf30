#include "actors/checkpoint_actor.hpp"

#include "actors/failure_report.hpp"

namespace flow {

checkpoint_actor::checkpoint_actor(caf::actor_config& config, std::shared_ptr<checkpoint_store> store, query_handle query)
    : checkpoint_handle::base(config), store_(std::move(store)), query_(std::move(query)) {}

void checkpoint_actor::on_exit() {
  reports_.clear();
  store_.reset();
  query_ = query_handle();
}

checkpoint_actor::behavior_type checkpoint_actor::make_behavior() {
  report_failures(this, query_);
  return {
      [this](const plan_message& m) {
        store_->put_plan(m.number, m.plan);
        send(query_, planned_message{m.number});
      },
      [this](const delta_message& m) { reports_[m.number].push_back(m.report); },
      [this](const commit_message& m) { commit(m); },
      [this](const published_message& m) { store_->sink_committed(m.number); },
      [this](const compact_message&) { compact(); },
  };
}

void checkpoint_actor::commit(const commit_message& m) {
  const auto& record = *m.record;
  auto deltas = m.logs;
  for (const auto& report : reports_[record.number]) deltas.insert(deltas.end(), report->deltas.begin(), report->deltas.end());
  store_->commit(record, deltas);
  reports_.erase(record.number);
  send(query_, committed_message{record.number});
  if (!std::exchange(compacting_, true)) send(this, compact_message{});
}

void checkpoint_actor::compact() {
  compacting_ = store_->compact();
  if (compacting_) send(this, compact_message{});
}

}  // namespace flow
