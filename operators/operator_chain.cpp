#include "operators/operator_chain.hpp"

#include <algorithm>

#include "flow/error.hpp"

namespace flow {

/// Takes the rows of operator `position` to the next one, or out of the chain.
class operator_chain::link : public emitter {
 public:
  link(operator_chain& chain, std::size_t position) : chain_(chain), position_(position) {}
  void emit(batch rows) override;

 private:
  operator_chain& chain_;
  std::size_t position_;
};

struct operator_chain::node {
  node(const operator_spec& spec, const operator_context& context, operator_chain& chain, std::size_t position)
      : uid(spec.uid),
        stateful(spec.stateful),
        watermark_node(spec.watermark_node),
        made(spec.make(context)),
        out(chain, position) {}

  std::string uid;
  bool stateful;
  int watermark_node;
  std::unique_ptr<stream_operator> made;
  link out;
};

namespace {

/// Names the emitter of a call for as long as it lasts.
class out_scope {
 public:
  out_scope(emitter*& slot, emitter& out) : slot_(slot) { slot_ = &out; }
  out_scope(const out_scope&) = delete;
  out_scope& operator=(const out_scope&) = delete;
  ~out_scope() { slot_ = nullptr; }

 private:
  emitter*& slot_;
};

}  // namespace

void operator_chain::link::emit(batch rows) {
  if (!rows || rows->num_rows() == 0) return;
  const auto next = position_ + 1;
  if (next == chain_.nodes_.size()) {
    chain_.out_->emit(std::move(rows));
  } else {
    auto& receiver = *chain_.nodes_[next];
    receiver.made->process(0, rows, receiver.out);
  }
}

operator_chain::operator_chain(const std::vector<operator_spec>& specs, const operator_context& context) {
  nodes_.reserve(specs.size());
  for (const auto& spec : specs) nodes_.push_back(std::make_unique<node>(spec, context, *this, nodes_.size()));
}

operator_chain::~operator_chain() = default;

template <class Call>
void operator_chain::for_each(emitter& out, const Call& call) {
  const out_scope scope(out_, out);
  for (auto& each : nodes_) call(*each->made, each->out);
}

void operator_chain::restore(const std::function<const state_view&(const std::string& uid)>& view_of) {
  for (auto& each : nodes_) {
    if (each->stateful) each->made->restore(view_of(each->uid));
  }
}

void operator_chain::restore_watermark(timestamp mark) {
  for (auto& each : nodes_) each->made->restore_watermark(mark);
}

void operator_chain::begin_epoch(epoch e, const evaluation_context& context) {
  for (auto& each : nodes_) each->made->begin_epoch(e, context);
}

void operator_chain::process(int port, const batch& rows, emitter& out) {
  if (!rows || rows->num_rows() == 0) return;
  if (nodes_.empty()) return out.emit(rows);
  const out_scope scope(out_, out);
  auto& first = *nodes_.front();
  first.made->process(port, rows, first.out);
}

void operator_chain::on_idle(emitter& out) {
  for_each(out, [](stream_operator& op, emitter& next) { op.on_idle(next); });
}

void operator_chain::on_timer(timestamp now, emitter& out) {
  for_each(out, [now](stream_operator& op, emitter& next) { op.on_timer(now, next); });
}

void operator_chain::on_watermark(timestamp mark, emitter& out) {
  for_each(out, [mark](stream_operator& op, emitter& next) { op.on_watermark(mark, next); });
}

void operator_chain::on_barrier(epoch e, const watermark& mark, emitter& out) {
  for_each(out, [&](stream_operator& op, emitter& next) {
    if (mark) op.on_watermark(*mark, next);
    op.on_barrier(e, next);
  });
}

std::vector<operator_delta> operator_chain::snapshot(epoch e) {
  std::vector<operator_delta> deltas;
  for (auto& each : nodes_) {
    if (!each->stateful) continue;
    auto& taken = deltas.emplace_back();
    taken.uid = each->uid;
    each->made->snapshot(e, taken.delta);
  }
  return deltas;
}

std::vector<operator_report> operator_chain::metrics() const {
  std::vector<operator_report> reports;
  for (const auto& each : nodes_) {
    if (each->stateful) reports.push_back({each->uid, each->made->metrics()});
  }
  return reports;
}

std::vector<std::pair<int, timestamp>> operator_chain::observed() const {
  std::vector<std::pair<int, timestamp>> seen;
  for (const auto& each : nodes_) {
    if (each->watermark_node < 0) continue;
    if (const auto greatest = each->made->observed_event_time()) seen.emplace_back(each->watermark_node, *greatest);
  }
  return seen;
}

bool operator_chain::stateful() const {
  return std::any_of(nodes_.begin(), nodes_.end(), [](const auto& each) { return each->stateful; });
}

}  // namespace flow
