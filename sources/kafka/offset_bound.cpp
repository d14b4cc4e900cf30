#include "sources/kafka/offset_bound.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "flow/error.hpp"

namespace flow {

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\n");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

partition_offsets offsets_of(const std::string& option, const std::string& text) {
  auto offsets = parse_partition_offsets(option, text);
  for (const auto& [what, offset] : offsets) {
    if (offset >= earliest_offset) continue;
    throw error(errc::invalid_option, "option \"" + option + "\": " + to_string(what) + " has the offset " +
                                          std::to_string(offset) + "; expected an offset, -1 for latest or -2 for earliest");
  }
  return offsets;
}

void compare(const partition_offsets& start, const partition_offsets& end, const char* option_stem) {
  std::set<topic_partition> first, second;
  for (const auto& [what, offset] : start) first.insert(what);
  for (const auto& [what, offset] : end) second.insert(what);
  const std::string starting = "starting" + std::string(option_stem), ending = "ending" + std::string(option_stem);
  if (first != second) {
    throw error(errc::invalid_option,
                "options \"" + starting + "\" and \"" + ending + "\" name different partitions; name the same ones in both");
  }
  for (const auto& [what, offset] : start) {
    const auto last = end.at(what);
    if (offset < 0 || last < 0 || offset <= last) continue;
    throw error(errc::invalid_option, "option \"" + starting + "\" is after \"" + ending + "\" for " + to_string(what) + ": " +
                                          std::to_string(offset) + " > " + std::to_string(last));
  }
}

}  // namespace

offset_bound read_offset_bound(const options& from, std::string_view stem, std::int64_t fallback) {
  const std::string name(stem);
  const auto timestamp = name + "Timestamp", by_timestamp = name + "OffsetsByTimestamp", offsets = name + "Offsets";
  const auto times = from.find(by_timestamp);
  const auto wanted = from.find(offsets);
  if (from.find(timestamp)) return same_time{from.integer(timestamp, 0, 0, std::numeric_limits<std::int64_t>::max())};
  if (times) {
    auto each = parse_partition_offsets(by_timestamp, *times);
    for (const auto& [what, at] : each) {
      if (at >= 0) continue;
      throw error(errc::invalid_option, "option \"" + by_timestamp + "\": " + to_string(what) + " has the time " +
                                            std::to_string(at) + "; expected milliseconds since 1970");
    }
    return time_of_each{std::move(each)};
  }
  if (!wanted) return same_offset{fallback};
  const auto text = trimmed(*wanted);
  if (lower(text) == "earliest") return same_offset{earliest_offset};
  if (lower(text) == "latest") return same_offset{latest_offset};
  if (!text.starts_with('{')) {
    throw error(errc::invalid_option, "option \"" + offsets + "\" has the value \"" + *wanted +
                                          "\"; expected earliest, latest, or JSON such as {\"topicA\":{\"0\":23,\"1\":-1}}");
  }
  return offset_of_each{offsets_of(offsets, text)};
}

void check_bounded(const offset_bound& start, const offset_bound& end) {
  const auto* all_start = std::get_if<same_offset>(&start);
  if (all_start && all_start->offset == latest_offset) {
    throw error(errc::invalid_option,
                "option \"startingOffsets\" cannot be latest when a topic is read once: there would be nothing to read");
  }
  const auto* all_end = std::get_if<same_offset>(&end);
  if (all_end && all_end->offset == earliest_offset) {
    throw error(errc::invalid_option, "option \"endingOffsets\" cannot be earliest: there would be nothing to read");
  }
  const auto* first = std::get_if<offset_of_each>(&start);
  const auto* last = std::get_if<offset_of_each>(&end);
  const auto refuse = [](const offset_of_each* bound, std::int64_t offset, const std::string& text) {
    if (!bound) return;
    for (const auto& [what, at] : bound->offsets) {
      if (at == offset)
        throw error(errc::invalid_option, text + " for " + to_string(what) + ": there would be nothing to read");
    }
  };
  refuse(first, latest_offset, "option \"startingOffsets\" cannot be latest (-1)");
  refuse(last, earliest_offset, "option \"endingOffsets\" cannot be earliest (-2)");
  if (first && last) compare(first->offsets, last->offsets, "Offsets");
  const auto* first_times = std::get_if<time_of_each>(&start);
  const auto* last_times = std::get_if<time_of_each>(&end);
  if (first_times && last_times) compare(first_times->milliseconds, last_times->milliseconds, "OffsetsByTimestamp");
}

}  // namespace flow
