#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "flow/options.hpp"
#include "sources/kafka/topic_partition.hpp"

namespace flow {

/// Stand for an offset in JSON, as in Spark and in Kafka's own protocol.
constexpr std::int64_t latest_offset = -1;
constexpr std::int64_t earliest_offset = -2;

/// The same end for every partition: earliest_offset or latest_offset.
struct same_offset {
  std::int64_t offset = latest_offset;
};
/// An offset for each, or latest_offset or earliest_offset.
struct offset_of_each {
  partition_offsets offsets;
};
/// The first record of each partition at or after this time (milliseconds since 1970).
struct same_time {
  std::int64_t milliseconds = 0;
};
struct time_of_each {
  partition_offsets milliseconds;
};

/// Where reading starts or ends, as said by startingOffsets, startingTimestamp, startingOffsetsByTimestamp or their ending
/// twins.
using offset_bound = std::variant<same_offset, offset_of_each, same_time, time_of_each>;

/// Reads the option that is set: by timestamp for all, by timestamp of each, offsets, in this order as in Spark.
/// @param stem  "starting" or "ending".
offset_bound read_offset_bound(const options& from, std::string_view stem, std::int64_t fallback);

/// Refuses what a bounded read cannot mean: starting at latest, ending at earliest, ends before their starts, other
/// partitions at the end than at the start. @throws error{invalid_option}.
void check_bounded(const offset_bound& start, const offset_bound& end);

}  // namespace flow
