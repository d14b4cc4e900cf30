#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <nlohmann/json.hpp>

#include "actors/inbox.hpp"
#include "actors/sink_writer.hpp"
#include "actors/stage_worker.hpp"
#include "actors/waiting_call.hpp"
#include "flow/bound_expression.hpp"
#include "flow/error.hpp"
#include "flow/source.hpp"

/// What the actors say to each other (protocols.hpp says who says what to whom). Messages stay inside the process and are never
/// written as bytes.
namespace flow {

struct query_launch;

// On the edges of the graph.
struct item_message {
  std::uint32_t edge = 0;  ///< The receiver's input.
  std::uint32_t slot = 0;  ///< The sender's output, to be named in credit_message.
  stream_item item;
};
struct credit_message {
  std::uint32_t slot = 0;
  std::uint32_t batches = 0;
};

// From the query actor to stages and sink.
struct epoch_message {
  epoch number;
  evaluation_context context;
};
struct run_message {
  epoch number;
  evaluation_context context;
  watermark passed;
  std::vector<source_split> splits;
};
struct assign_message {
  std::vector<source_split> splits;
};
struct inject_message {
  epoch number;
  bool last = false;     ///< Nothing is read after it.
  bool settled = false;  ///< All readers have said that they have read all there is.
};
struct drain_message {
  std::uint64_t token = 0;
  bool settle = false;  ///< All readers have read all there was: whoever still finds nothing stops holding back the watermark.
};
struct publish_message {
  epoch number;
  nlohmann::json prepared;
};

// From an actor to itself, or from a reader's callback.
struct read_message {};
struct available_message {
  std::uint64_t ticket = 0;  ///< Which reader; 0: all.
};
struct idle_check_message {};
struct compact_message {};

// To the query actor.
struct stage_done_message {
  std::size_t participant = 0;
  epoch number;
  std::shared_ptr<const stage_report> report;
  std::vector<split_position> unfinished;  ///< Continuous: of a source actor.
  std::vector<nlohmann::json> readers;     ///< Readers' metrics.
};
struct sink_done_message {
  prepared_epoch what;
};
struct published_message {
  epoch number;
};
struct active_message {};
struct quiet_message {
  std::size_t participant = 0;
  std::uint64_t token = 0;
};
struct failed_message {
  flow::error cause;
};
struct tick_message {
  std::uint64_t generation = 0;
};
struct barrier_tick_message {};
struct discoverable_message {};
struct stop_message {};
struct drain_request_message {
  std::shared_ptr<waiting_call> call;
};
struct ended_message {};

// Between the query actor and the source planner.
struct discover_message {
  read_limit limit;
};
struct discovered_message {
  std::uint64_t sequence = 0;                     ///< Counts the answers.
  std::vector<std::vector<source_split>> splits;  ///< Per source.
  std::vector<nlohmann::json> positions;          ///< Micro-batch: per source, after these splits.
  std::vector<instance_delta> logs;               ///< Micro-batch: what has changed in the sources' logs.
  bool saw_all = true;                            ///< Every source could look.
};
struct position_message {
  epoch number;
  std::uint64_t sequence = 0;  ///< Splits given out later than this answer are unfinished from their begin.
  std::vector<std::vector<split_position>> unfinished;
};
struct positions_message {
  epoch number;
  std::vector<nlohmann::json> positions;
  std::vector<instance_delta> logs;  ///< What has changed in the sources' logs.
};
struct settle_message {
  epoch number;
  std::vector<nlohmann::json> positions;
};
struct settled_message {
  epoch number;
};

// Between the query actor and the checkpoint. The sink is told of durable plans too.
struct plan_message {
  epoch number;
  nlohmann::json plan;
};
struct planned_message {
  epoch number;
};
struct delta_message {
  epoch number;
  std::shared_ptr<const stage_report> report;
};
struct commit_message {
  std::shared_ptr<const epoch_record> record;
  std::vector<instance_delta> logs;  ///< What has changed in the sources' logs.
};
struct committed_message {
  epoch number;
};

// Between a query's supervisor and its runs.
struct run_ended_message {
  std::optional<flow::error> failure;
  epoch published;  ///< The run's newest.
};
struct relaunch_message {};
struct relaunched_message {
  std::shared_ptr<query_launch> launch;  ///< The next run's, or after a failure still the last one's.
  std::optional<flow::error> failure;
};

}  // namespace flow

#define FLOW_MESSAGE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(flow::name)
FLOW_MESSAGE(item_message)
FLOW_MESSAGE(credit_message)
FLOW_MESSAGE(epoch_message)
FLOW_MESSAGE(run_message)
FLOW_MESSAGE(assign_message)
FLOW_MESSAGE(inject_message)
FLOW_MESSAGE(drain_message)
FLOW_MESSAGE(publish_message)
FLOW_MESSAGE(read_message)
FLOW_MESSAGE(available_message)
FLOW_MESSAGE(idle_check_message)
FLOW_MESSAGE(compact_message)
FLOW_MESSAGE(stage_done_message)
FLOW_MESSAGE(sink_done_message)
FLOW_MESSAGE(published_message)
FLOW_MESSAGE(active_message)
FLOW_MESSAGE(quiet_message)
FLOW_MESSAGE(failed_message)
FLOW_MESSAGE(tick_message)
FLOW_MESSAGE(barrier_tick_message)
FLOW_MESSAGE(discoverable_message)
FLOW_MESSAGE(stop_message)
FLOW_MESSAGE(drain_request_message)
FLOW_MESSAGE(ended_message)
FLOW_MESSAGE(discover_message)
FLOW_MESSAGE(discovered_message)
FLOW_MESSAGE(position_message)
FLOW_MESSAGE(positions_message)
FLOW_MESSAGE(settle_message)
FLOW_MESSAGE(settled_message)
FLOW_MESSAGE(plan_message)
FLOW_MESSAGE(planned_message)
FLOW_MESSAGE(delta_message)
FLOW_MESSAGE(commit_message)
FLOW_MESSAGE(committed_message)
FLOW_MESSAGE(run_ended_message)
FLOW_MESSAGE(relaunch_message)
FLOW_MESSAGE(relaunched_message)
#undef FLOW_MESSAGE
