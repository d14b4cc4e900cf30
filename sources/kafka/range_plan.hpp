#pragma once

#include <cstdint>
#include <vector>

#include "sources/kafka/topic_partition.hpp"

namespace flow {

/// Records of one partition: begin <= offset < end.
struct offset_range {
  topic_partition what;
  std::int64_t begin = 0, end = 0;

  bool operator==(const offset_range&) const = default;
};

/// Ends such that about `limit` records lie between `from` and them, dealt out in proportion to what each partition has, at
/// least one to each that has any (Spark's maxOffsetsPerTrigger).
partition_offsets limited_ends(const partition_offsets& from, const partition_offsets& until, std::int64_t limit);

/// The ranges between, larger ones cut so that there are about `at_least` (Spark's minPartitions; 0: none is cut). Empty ones
/// are left out.
std::vector<offset_range> cut_ranges(const partition_offsets& from, const partition_offsets& until, int at_least);

/// Records between, of partitions that both name.
std::int64_t records_between(const partition_offsets& from, const partition_offsets& until);

}  // namespace flow
