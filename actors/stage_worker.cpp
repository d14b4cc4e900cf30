#include "actors/stage_worker.hpp"

#include <algorithm>

#include "flow/failpoint.hpp"

namespace flow {

namespace {

std::vector<std::vector<int>> tracker_inputs(const stage_parts& parts) {
  auto inputs = parts.input_nodes;
  // What is observed here, input by input: of a union, one side may be far ahead of the other.
  inputs.resize(inputs.size() + std::max<std::size_t>(1, parts.place.inputs.size()), parts.own_nodes);
  return inputs;
}

}  // namespace

stage_worker::stage_worker(stage_parts parts, const std::vector<bool>& at_once, outbox::transmitter transmit)
    : parts_(std::move(parts)),
      outbox_(parts_.place.outputs, parts_.output, parts_.window, at_once, std::move(transmit)),
      marks_(tracker_inputs(parts_), parts_.policy),
      applied_(parts_.restored_watermark),
      current_(parts_.last.next()) {
  for (std::size_t i = 0; i < parts_.restored_nodes.size(); ++i) marks_.restore(static_cast<int>(i), parts_.restored_nodes[i]);
  marks_.restore_combined(parts_.restored_watermark);
}

void stage_worker::begin(epoch number, const evaluation_context& context) {
  current_ = number;
  begun_ = true;
  parts_.chain->begin_epoch(number, context);
}

void stage_worker::ensure_begun() {
  if (!begun_) begin(current_, {parts_.clock(), current_.batch_id()});
}

void stage_worker::process(int port, const batch& rows, std::size_t edge) {
  ensure_begun();
  unsettled_ = true;
  rows_in_ += rows->num_rows();
  parts_.chain->process(port, rows, outbox_);
  if (parts_.continuous && !parts_.own_nodes.empty()) observe(edge);
}

void stage_worker::observe(std::size_t edge) {
  const auto own = parts_.place.inputs.size() + edge;
  for (const auto& [node, greatest] : parts_.chain->observed()) {
    const auto delay = parts_.watermarks[static_cast<std::size_t>(node)].delay;
    marks_.update(own, {node, watermark_behind(greatest, delay), false});
  }
  advance();
}

void stage_worker::watermark_from(std::size_t edge, const watermark_update& news) {
  ensure_begun();
  marks_.update(edge, news);
  advance();
}

bool stage_worker::mark_own_nodes(bool idle) {
  bool news = false;
  for (std::size_t edge = 0; edge < std::max<std::size_t>(1, parts_.place.inputs.size()); ++edge) {
    if (mark_own_nodes(edge, idle)) news = true;
  }
  return news;
}

bool stage_worker::mark_own_nodes(std::size_t edge, bool idle) {
  ensure_begun();
  for (const int node : parts_.own_nodes) marks_.update(parts_.place.inputs.size() + edge, {node, {}, idle});
  return advance();
}

bool stage_worker::advance() {
  if (const auto& now = marks_.combined(); now && *now > applied_.value_or(first_watermark)) {
    applied_ = now;
    parts_.chain->on_watermark(*now, outbox_);
  }
  const auto changes = marks_.changes();
  for (const auto& news : changes) outbox_.tell(news);
  return !changes.empty();
}

void stage_worker::idle() {
  if (!parts_.continuous || !unsettled_) return;
  unsettled_ = false;
  parts_.chain->on_idle(outbox_);
}

stage_report stage_worker::finish(const barrier& mark) {
  ensure_begun();
  stage_report report;
  parts_.chain->on_barrier(mark.number, mark.passed, outbox_);
  outbox_.tell(mark);
  report.observed = parts_.chain->observed();
  report.operators = parts_.chain->metrics();
  for (const int node : parts_.own_nodes) report.nodes.push_back({node, marks_.node(node), marks_.idle(node)});
  report.passed = parts_.continuous ? applied_ : mark.passed;
  report.rows_in = std::exchange(rows_in_, 0);
  report.deltas = snapshot(mark.number);
  current_ = mark.number.next();
  begun_ = false;
  return report;
}

std::vector<instance_delta> stage_worker::snapshot(epoch number) {
  std::vector<instance_delta> deltas;
  for (auto& [uid, delta] : parts_.chain->snapshot(number)) {
    if (delta.empty()) continue;
    if (parts_.views_read_on) delta.sort();
    const auto kept = std::make_shared<const state_delta>(std::move(delta));
    if (parts_.views_read_on) {
      const auto at = std::find(parts_.state_uids.begin(), parts_.state_uids.end(), uid) - parts_.state_uids.begin();
      parts_.states[static_cast<std::size_t>(at)]->add(number, kept);
    }
    deltas.push_back({uid, parts_.instance, parts_.parallelism, kept});
  }
  return deltas;
}

}  // namespace flow
