#include <map>
#include <memory>
#include <string>

#include <arrow/record_batch.h>

#include "flow/engine.hpp"
#include "flow/error.hpp"
#include "flow/physical_plan.hpp"
#include "operators/operator_chain.hpp"

namespace flow {

namespace {

/// A bounded run starts from nothing.
class no_state : public state_view {
 public:
  using state_view::scan;
  void scan(std::string_view, std::string_view,
            const std::function<bool(std::string_view key, std::string_view value)>&) const override {}
  bool get(std::uint64_t, std::string_view, std::string&) const override { return false; }
  std::uint64_t approximate_size() const override { return 0; }
};

/// One instance of every stage, wired by direct calls.
class local_run {
 public:
  local_run(const physical_plan& plan, const evaluation_context& context) : plan_(plan) {
    for (const auto& stage : plan.stages) add_stage(stage, context);
    for (std::size_t i = 0; i < plan.stages.size(); ++i) {
      for (const auto& input : plan.stages[i].inputs) connect(input, i);
    }
  }

  std::vector<batch> run() {
    for (std::size_t i = 0; i < plan_.stages.size(); ++i) {
      if (plan_.stages[i].source >= 0) read_all(plan_.sources[static_cast<std::size_t>(plan_.stages[i].source)], i);
    }
    for (auto& stage : stages_) stage->chain.on_barrier(epoch{1}, {}, *stage);
    return std::move(results_);
  }

 private:
  /// A stage's chain, and the emitter that hands its rows to the stages after it.
  struct running_stage : emitter {
    running_stage(const physical_stage& stage, local_run& owner)
        : chain(stage.chain, operator_context{}), owner_of_results(owner) {}

    void emit(batch rows) override {
      if (!rows || rows->num_rows() == 0) return;
      if (last) owner_of_results.results_.push_back(rows);
      for (const auto& [receiver, port] : receivers) receiver->chain.process(port, rows, *receiver);
    }

    operator_chain chain;
    local_run& owner_of_results;
    std::vector<std::pair<running_stage*, int>> receivers;
    bool last = false;
  };

  void add_stage(const physical_stage& stage, const evaluation_context& context) {
    position_of_[stage.id] = stages_.size();
    auto& added = *stages_.emplace_back(std::make_unique<running_stage>(stage, *this));
    added.last = stages_.size() == plan_.stages.size();
    added.chain.restore([this](const std::string&) -> const state_view& { return nothing_; });
    added.chain.begin_epoch(epoch{1}, context);
  }

  void connect(const stage_input& input, std::size_t receiver) {
    const auto sender = position_of_.find(input.from_stage);
    if (sender == position_of_.end() || sender->second >= receiver) {
      throw error(errc::illegal_state, "run_local: stage " + std::to_string(plan_.stages[receiver].id) + " reads stage " +
                                           std::to_string(input.from_stage) + ", which does not come before it");
    }
    stages_[sender->second]->receivers.emplace_back(stages_[receiver].get(), input.port);
  }

  void read_all(const physical_source& from, std::size_t position) {
    auto& stage = *stages_[position];
    const auto opened = from.provider->make(false);
    opened->project(from.columns);
    opened->want(from.wanted);
    opened->restore(nullptr);
    for (const auto& split : opened->discover({.ignore_rate_limits = true, .now = {}})) {
      const auto reader = opened->open(split, nullptr);
      batch rows;
      for (auto status = reader->read({}, rows); status != read_status::end; status = reader->read({}, rows)) {
        if (status == read_status::rows) stage.chain.process(0, rows, stage);
      }
    }
  }

  const physical_plan& plan_;
  no_state nothing_;
  std::vector<std::unique_ptr<running_stage>> stages_;
  std::map<int, std::size_t> position_of_;
  std::vector<batch> results_;
};

}  // namespace

std::vector<batch> run_local(const physical_plan& plan, const evaluation_context& context) {
  return local_run(plan, context).run();
}

}  // namespace flow
