#pragma once

#include <map>
#include <string>
#include <string_view>

#include "flow/options.hpp"
#include "kafka/rdkafka_handles.hpp"

namespace flow {

enum class kafka_role { source, sink };

/// The checked kafka.* options of one reader or writer: librdkafka's property names, without the prefix.
struct kafka_client_options {
  std::map<std::string, std::string> properties;

  const std::string& servers() const { return properties.at("bootstrap.servers"); }
  bool contains(std::string_view name) const { return properties.contains(std::string(name)); }
  /// The property as an integer, or the fallback where it is not set.
  std::int64_t integer(std::string_view name, std::int64_t fallback) const;
};

/// Reads every kafka.* option and marks it as known. Properties that the engine owns (group offsets, serializers,
/// interceptors, transactional.id ...) are refused with what to use instead, as Spark does; names that only the Java client
/// has, with librdkafka's way of saying it; all others with librdkafka's own words if it does not know them.
/// @throws error{invalid_option, unknown_option}; without kafka.bootstrap.servers too.
kafka_client_options read_kafka_options(const options& from, kafka_role role);

/// A librdkafka configuration with these properties.
rdkafka_conf make_conf(const kafka_client_options& from);

/// Sets a property of the engine's own. @throws error{invalid_option} with librdkafka's words.
void set_property(rd_kafka_conf_t& conf, const std::string& name, const std::string& value);

}  // namespace flow
