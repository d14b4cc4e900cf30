#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace flow {

struct topic_partition {
  std::string topic;
  int partition = 0;

  auto operator<=>(const topic_partition&) const = default;
};

/// The offset of the next record, by partition.
using partition_offsets = std::map<topic_partition, std::int64_t>;

/// "orders-3".
std::string to_string(const topic_partition& what);
/// "orders-0, orders-1".
std::string to_string(const std::vector<topic_partition>& all);

/// {"orders": {"0": 17, "1": 4}}, as in Spark's options, checkpoints and progress reports.
nlohmann::json to_json(const partition_offsets& offsets);
/// @throws error{invalid_option}: `option` is what to blame.
partition_offsets parse_partition_offsets(std::string_view option, std::string_view text);
/// The same from JSON that to_json() made.
partition_offsets partition_offsets_from(const nlohmann::json& json);
/// {"orders": [0, 1]}.
std::vector<topic_partition> parse_partitions(std::string_view option, std::string_view text);

}  // namespace flow
