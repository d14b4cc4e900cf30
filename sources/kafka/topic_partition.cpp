#include "sources/kafka/topic_partition.hpp"

#include <charconv>

#include "flow/error.hpp"

namespace flow {

namespace {

[[noreturn]] void refuse(std::string_view option, std::string_view text, std::string_view expected) {
  throw error(errc::invalid_option, "option \"" + std::string(option) + "\" has the value \"" + std::string(text) +
                                        "\"; expected " + std::string(expected));
}

constexpr std::string_view offsets_form = R"(JSON such as {"topicA":{"0":23,"1":-1},"topicB":{"0":-2}})";
constexpr std::string_view partitions_form = R"(JSON such as {"topicA":[0,1],"topicB":[2,4]})";

int partition_number(std::string_view digits) {
  int number = -1;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return failure == std::errc{} && end == digits.data() + digits.size() ? number : -1;
}

}  // namespace

std::string to_string(const topic_partition& what) { return what.topic + "-" + std::to_string(what.partition); }

std::string to_string(const std::vector<topic_partition>& all) {
  std::string text;
  for (const auto& each : all) text += (text.empty() ? "" : ", ") + to_string(each);
  return text;
}

nlohmann::json to_json(const partition_offsets& offsets) {
  auto json = nlohmann::json::object();
  for (const auto& [what, offset] : offsets) json[what.topic][std::to_string(what.partition)] = offset;
  return json;
}

partition_offsets partition_offsets_from(const nlohmann::json& json) {
  partition_offsets offsets;
  for (const auto& [topic, partitions] : json.items()) {
    for (const auto& [partition, offset] : partitions.items()) {
      offsets[{topic, partition_number(partition)}] = offset.get<std::int64_t>();
    }
  }
  return offsets;
}

partition_offsets parse_partition_offsets(std::string_view option, std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) refuse(option, text, offsets_form);
  for (const auto& [topic, partitions] : json.items()) {
    if (!partitions.is_object()) refuse(option, text, offsets_form);
    for (const auto& [partition, offset] : partitions.items()) {
      if (partition_number(partition) < 0 || !offset.is_number_integer()) refuse(option, text, offsets_form);
    }
  }
  return partition_offsets_from(json);
}

std::vector<topic_partition> parse_partitions(std::string_view option, std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) refuse(option, text, partitions_form);
  std::vector<topic_partition> all;
  for (const auto& [topic, partitions] : json.items()) {
    if (!partitions.is_array()) refuse(option, text, partitions_form);
    for (const auto& partition : partitions) {
      if (!partition.is_number_integer() || partition.get<std::int64_t>() < 0) refuse(option, text, partitions_form);
      all.push_back({topic, partition.get<int>()});
    }
  }
  if (all.empty()) refuse(option, text, "at least one partition to assign, " + std::string(partitions_form));
  return all;
}

}  // namespace flow
