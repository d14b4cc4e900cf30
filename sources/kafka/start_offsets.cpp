#include "sources/kafka/start_offsets.hpp"

#include <algorithm>

#include "flow/error.hpp"

namespace flow {

namespace {

class resolver {
 public:
  resolver(const std::vector<topic_partition>& partitions, const topic_view& view, std::string stem, bool latest_without_match)
      : partitions_(partitions), view_(view), stem_(std::move(stem)), latest_without_match_(latest_without_match) {}

  partition_offsets operator()(const same_offset& all) const { return view_.offsets(partitions_, all.offset); }

  partition_offsets operator()(const offset_of_each& each) const {
    require_all(each.offsets, stem_ + "Offsets", " (-1 for latest, -2 for earliest)");
    auto offsets = each.offsets;
    for (const auto logical : {latest_offset, earliest_offset}) {
      std::vector<topic_partition> asked;
      for (const auto& [what, offset] : each.offsets) {
        if (offset == logical) asked.push_back(what);
      }
      if (asked.empty()) continue;
      for (const auto& [what, offset] : view_.offsets(asked, logical)) offsets[what] = offset;
    }
    return offsets;
  }

  partition_offsets operator()(const same_time& all) const {
    partition_offsets times;
    for (const auto& each : partitions_) times[each] = all.milliseconds;
    return at(times);
  }

  partition_offsets operator()(const time_of_each& each) const {
    require_all(each.milliseconds, stem_ + "OffsetsByTimestamp", "");
    return at(each.milliseconds);
  }

 private:
  void require_all(const partition_offsets& given, const std::string& option, const std::string& hint) const {
    std::vector<topic_partition> named;
    for (const auto& [what, offset] : given) named.push_back(what);
    if (named == partitions_) return;
    throw error(errc::invalid_option, "option \"" + option + "\" must name every partition" + hint +
                                          ", and no other; it names [" + to_string(named) + "], the query reads [" +
                                          to_string(partitions_) + "]");
  }

  partition_offsets at(const partition_offsets& times) const {
    auto offsets = view_.offsets_at(times);
    std::vector<topic_partition> beyond;
    for (const auto& [what, offset] : offsets) {
      if (offset == latest_offset) beyond.push_back(what);
    }
    if (beyond.empty()) return offsets;
    if (!latest_without_match_) {
      const auto& first = beyond.front();
      throw error(errc::invalid_option,
                  "no record of " + to_string(beyond) + " has a timestamp of " + std::to_string(times.at(first)) +
                      " or later; choose an earlier one, or set \"startingOffsetsByTimestampStrategy\" to latest");
    }
    for (const auto& [what, offset] : view_.offsets(beyond, latest_offset)) offsets[what] = offset;
    return offsets;
  }

  const std::vector<topic_partition>& partitions_;
  const topic_view& view_;
  const std::string stem_;
  const bool latest_without_match_;
};

}  // namespace

partition_offsets resolve_bound(const offset_bound& bound, const std::vector<topic_partition>& partitions,
                                const topic_view& view, const std::string& option_stem, bool latest_without_match) {
  return std::visit(resolver(partitions, view, option_stem, latest_without_match), bound);
}

}  // namespace flow
