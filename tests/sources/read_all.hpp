#pragma once

#include <string>
#include <utility>
#include <vector>

#include "flow/connector_registry.hpp"
#include "flow/source.hpp"

using option_list = std::vector<std::pair<std::string, std::string>>;

inline flow::source_request make_request(const option_list& settings, flow::schema_ptr schema = nullptr,
                                         bool streaming = true) {
  flow::source_request request;
  for (const auto& [key, value] : settings) request.options.set(key, value);
  request.schema = std::move(schema);
  request.streaming = streaming;
  return request;
}

inline flow::source_provider_ptr provide(const std::string& format, const flow::source_request& request) {
  flow::connector_registry registry;
  flow::register_sources(registry);
  return registry.source(format)(request);
}

/// All rows of a split from a position, as JSON rows.
inline nlohmann::json read_split(const flow::source& from, const flow::source_split& split,
                                 const flow::read_budget& budget = {}, const nlohmann::json& position = nullptr) {
  auto reader = from.open(split, position);
  auto rows = nlohmann::json::array();
  flow::batch out;
  while (reader->read(budget, out) == flow::read_status::rows) {
    for (auto& row : flow::batch_to_json(*out)) rows.push_back(std::move(row));
  }
  return rows;
}

inline nlohmann::json read_splits(const flow::source& from, const std::vector<flow::source_split>& splits,
                                  const flow::read_budget& budget = {}) {
  auto rows = nlohmann::json::array();
  for (const auto& split : splits) {
    for (auto& row : read_split(from, split, budget)) rows.push_back(std::move(row));
  }
  return rows;
}
