#include "actors/stage_graph.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "flow/error.hpp"

namespace flow {

std::vector<int> own_watermark_nodes(const physical_stage& stage) {
  std::vector<int> own;
  for (const auto& op : stage.chain) {
    if (op.watermark_node >= 0) own.push_back(op.watermark_node);
  }
  return own;
}

stage_graph::stage_graph(const physical_plan& plan, const std::vector<int>& reader_counts, int parallelism) {
  const auto wanted = static_cast<std::size_t>(std::max(parallelism, 1));
  std::map<int, std::size_t> position;
  std::set<int> sources;
  for (const auto& stage : plan.stages) {
    const auto here = nodes_.size();
    auto count = wanted;
    if (stage.source >= 0) {
      if (!sources.insert(stage.source).second) throw error(errc::illegal_state, "two stages of the plan read one source");
      const int readers = reader_counts.at(static_cast<std::size_t>(stage.source));
      if (readers > 0) count = static_cast<std::size_t>(readers);
    }
    nodes_.emplace_back(stage.single ? 1 : count);
    auto& marks = watermark_nodes_.emplace_back(own_watermark_nodes(stage));
    for (const auto& input : stage.inputs) {
      const auto from = position.find(input.from_stage);
      if (from == position.end()) {
        throw error(errc::illegal_state, "stage " + std::to_string(stage.id) + " of the plan reads stage " +
                                             std::to_string(input.from_stage) + ", which does not come before it");
      }
      connect(from->second, here, input);
      const auto& before = watermark_nodes_[from->second];
      marks.insert(marks.end(), before.begin(), before.end());
    }
    std::sort(marks.begin(), marks.end());
    marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
    position[stage.id] = here;
  }
  if (nodes_.empty()) throw error(errc::illegal_state, "a plan without stages cannot run");
  const auto last = nodes_.size() - 1;
  nodes_.emplace_back(1);
  connect(last, last + 1, {plan.stages[last].id, exchange_kind::gather, {}, 0});
  watermark_nodes_.push_back(watermark_nodes_[last]);
}

void stage_graph::connect(std::size_t from, std::size_t to, const stage_input& how) {
  const auto receivers = nodes_[to].size();
  for (std::uint32_t i = 0; i < nodes_[from].size(); ++i) {
    auto& out = nodes_[from][i].outputs.emplace_back();
    out.kind = how.exchange;
    out.keys = how.keys;
    const auto add = [&](std::size_t j) {
      auto& inputs = nodes_[to][j].inputs;
      out.targets.push_back(
          {static_cast<std::uint32_t>(to), static_cast<std::uint32_t>(j), static_cast<std::uint32_t>(inputs.size())});
      inputs.push_back({static_cast<std::uint32_t>(from), i, how.port});
    };
    if (how.exchange == exchange_kind::forward) {
      add(i % receivers);
    } else if (how.exchange == exchange_kind::gather) {
      add(0);
    } else {
      for (std::size_t j = 0; j < receivers; ++j) add(j);
    }
  }
  // A receiver that no sender is forwarded to would wait for barriers for ever: the first sender serves it with barriers only.
  if (how.exchange != exchange_kind::forward) return;
  for (std::size_t j = nodes_[from].size(); j < receivers; ++j) {
    auto& out = nodes_[from][j % nodes_[from].size()].outputs.emplace_back();
    out.kind = exchange_kind::gather;
    out.carries_rows = false;
    auto& inputs = nodes_[to][j].inputs;
    out.targets.push_back(
        {static_cast<std::uint32_t>(to), static_cast<std::uint32_t>(j), static_cast<std::uint32_t>(inputs.size())});
    inputs.push_back({static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(j % nodes_[from].size()), how.port});
  }
}

std::size_t stage_graph::edge_count() const {
  std::size_t count = 0;
  for (const auto& stage : nodes_) {
    for (const auto& each : stage) count += each.inputs.size();
  }
  return count;
}

std::size_t stage_graph::participant(std::size_t stage, std::size_t instance) const {
  std::size_t before = 0;
  for (std::size_t s = 0; s < stage; ++s) before += nodes_[s].size();
  return before + instance;
}

}  // namespace flow
