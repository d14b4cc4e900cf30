#pragma once

#include <memory>
#include <vector>

#include "actors/protocols.hpp"
#include "flow/source.hpp"

namespace flow {

/// Asks the sources of one query what there is to read, and keeps account of what it has given out.
class planner_actor : public planner_handle::base {
 public:
  planner_actor(caf::actor_config& config, std::vector<std::shared_ptr<source>> sources, bool continuous, query_handle query);

  const char* name() const override { return "flow.planner"; }
  void on_exit() override;

 protected:
  behavior_type make_behavior() override;

 private:
  void discover(const read_limit& limit);
  void end_micro_batch(discovered_message& answer);
  void answer_positions(position_message& m);

  /// Splits given out in one answer and perhaps not yet known to the readers.
  struct handed_out {
    std::uint64_t sequence = 0;
    std::size_t source = 0;
    source_split what;
  };

  std::vector<std::shared_ptr<source>> sources_;
  bool continuous_;
  query_handle query_;
  std::uint64_t sequence_ = 0;
  std::vector<handed_out> recent_;
};

}  // namespace flow
