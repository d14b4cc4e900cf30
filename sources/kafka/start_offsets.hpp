#pragma once

#include "sources/kafka/topic_view.hpp"

namespace flow {

/// The offsets that a bound means now, for these partitions. A bound that says so of each must name exactly these.
/// @param option_stem  "starting" or "ending", for messages.
/// @param latest_without_match  whether a time after the last record means the end; else it is an error.
/// @throws error{invalid_option, unreadable_input}.
partition_offsets resolve_bound(const offset_bound& bound, const std::vector<topic_partition>& partitions,
                                const topic_view& view, const std::string& option_stem, bool latest_without_match);

}  // namespace flow
