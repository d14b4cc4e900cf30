#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "flow/output_mode.hpp"
#include "flow/source.hpp"
#include "flow/stream_operator.hpp"
#include "flow/time.hpp"

namespace flow {

/// How rows go from the instances of one stage to those of the next.
enum class exchange_kind {
  forward,    ///< Instance i to instance i (equal parallelism), or all to the only instance.
  hash,       ///< To the instance that owns the key group of `keys`.
  gather,     ///< All to one.
  broadcast,  ///< Every row to every instance.
};

/// An edge of the stage graph, arriving at port `port` of the first operator of a stage.
struct stage_input {
  int from_stage = -1;
  exchange_kind exchange = exchange_kind::forward;
  std::vector<int> keys;  ///< For `hash`: columns of the sending stage's output.
  int port = 0;
};

/// Operators fused into one actor per instance. A stage starts either with a source's readers or with inputs.
struct physical_stage {
  int id = 0;
  int source = -1;                   ///< Index into physical_plan::sources, or -1.
  std::vector<stage_input> inputs;   ///< Empty iff source >= 0.
  std::vector<operator_spec> chain;  ///< In order of the rows; may be empty.
  bool single = false;               ///< Exactly one instance whatever the parallelism.
  schema_ptr output;
};

struct physical_source {
  source_provider_ptr provider;
  std::vector<int> columns;               ///< Columns of the provider's schema that are read, ascending.
  std::string uid;                        ///< "source-0".
  std::vector<wanted_texts> wanted = {};  ///< What the first condition asks of rows.
};

/// One with_watermark of the query.
struct watermark_spec {
  std::string column;
  duration delay{};
  std::string origin = {};  ///< The column in terms of those that sources and aggregations give; "" if not known.
};

enum class watermark_policy { min, max };

/// What the engine runs: stages in an order in which senders come before receivers; the last one feeds the sink.
struct physical_plan {
  std::vector<physical_source> sources;
  std::vector<physical_stage> stages;
  std::vector<watermark_spec> watermarks;  ///< Index = operator_spec::watermark_node.
  schema_ptr output;
  std::string logical_text, analyzed_text, optimized_text, physical_text;  ///< explain(true)'s four parts.
};

/// What must agree between a checkpoint and a plan: sources, stateful operators by uid with their signatures, watermarks,
/// output mode.
nlohmann::json plan_signature(const physical_plan& plan, output_mode mode);
/// Differences that forbid a restart, one readable line each with what can be done; empty if the state can be taken over.
std::vector<std::string> plan_differences(const nlohmann::json& stored, const nlohmann::json& current);

}  // namespace flow
