#pragma once

#include <memory>

#include <nlohmann/json.hpp>

#include "flow/sink.hpp"
#include "sinks/kafka/record_parts.hpp"
#include "sinks/kafka/sink_settings.hpp"

namespace flow {

/// How a Kafka sink keeps its guarantee: the calls of flow::sink that depend on it.
class record_delivery {
 public:
  virtual ~record_delivery() = default;
  virtual epoch recover(epoch newest, const nlohmann::json& prepared) = 0;
  virtual void write(epoch e, const record_rows& rows) = 0;
  virtual nlohmann::json prepare(epoch e) = 0;
  virtual void commit(epoch e, const nlohmann::json& prepared) = 0;
};

std::unique_ptr<record_delivery> make_exactly_once(const kafka_sink_settings& settings, const sink_context& context);
std::unique_ptr<record_delivery> make_at_least_once(const kafka_sink_settings& settings, const sink_context& context);

}  // namespace flow
