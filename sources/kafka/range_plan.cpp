#include "sources/kafka/range_plan.hpp"

#include <algorithm>
#include <cmath>

namespace flow {

std::int64_t records_between(const partition_offsets& from, const partition_offsets& until) {
  std::int64_t records = 0;
  for (const auto& [what, end] : until) {
    if (const auto begin = from.find(what); begin != from.end()) records += std::max<std::int64_t>(end - begin->second, 0);
  }
  return records;
}

partition_offsets limited_ends(const partition_offsets& from, const partition_offsets& until, std::int64_t limit) {
  const auto total = static_cast<double>(records_between(from, until));
  if (total < 1) return until;
  auto ends = until;
  for (auto& [what, end] : ends) {
    const auto begin = from.find(what);
    if (begin == from.end() || end <= begin->second) continue;
    const double share = static_cast<double>(limit) * (static_cast<double>(end - begin->second) / total);
    const auto records = std::min(share < 1 ? std::ceil(share) : std::floor(share), static_cast<double>(end - begin->second));
    end = begin->second + static_cast<std::int64_t>(records);
  }
  return ends;
}

std::vector<offset_range> cut_ranges(const partition_offsets& from, const partition_offsets& until, int at_least) {
  std::vector<offset_range> ranges;
  for (const auto& [what, end] : until) {
    const auto begin = from.find(what);
    if (begin != from.end() && end > begin->second) ranges.push_back({what, begin->second, end});
  }
  if (static_cast<int>(ranges.size()) >= at_least) return ranges;
  const auto total = static_cast<double>(records_between(from, until));
  std::vector<offset_range> cut;
  for (const auto& range : ranges) {
    const auto size = range.end - range.begin;
    const auto parts = std::max<std::int64_t>(std::llround(static_cast<double>(size) / total * at_least), 1);
    auto begin = range.begin;
    for (std::int64_t part = 0; part < parts; ++part) {
      const auto end = begin + (range.end - begin) / (parts - part);
      if (end > begin) cut.push_back({range.what, begin, end});
      begin = end;
    }
  }
  return cut;
}

}  // namespace flow
