#include <algorithm>
#include <array>

#include "flow/error.hpp"
#include "session/session_state.hpp"

namespace flow {

namespace {

constexpr std::array known_settings = {
    std::string_view("spark.sql.streaming.multipleWatermarkPolicy"),
    std::string_view("spark.sql.streaming.noDataMicroBatches.enabled"),
    std::string_view("spark.sql.streaming.minBatchesToRetain"),
    std::string_view("spark.sql.streaming.checkpointLocation"),
    std::string_view("spark.sql.shuffle.partitions"),
    std::string_view("spark.sql.session.timeZone"),
    std::string_view("spark.sql.ansi.enabled"),
    std::string_view("spark.sql.caseSensitive"),
};

// Settings that have one value here: said so, rather than ignored.
void check_fixed(const options& given, std::string_view key, std::string_view only) {
  if (given.contains(key)) given.choice(key, only, {only});
}

void check_values(const options& given) {
  given.choice("spark.sql.streaming.multipleWatermarkPolicy", "min", {"min", "max"});
  given.boolean("spark.sql.streaming.noDataMicroBatches.enabled", true);
  given.integer("spark.sql.streaming.minBatchesToRetain", 2, 1, 1'000'000);
  given.integer("spark.sql.shuffle.partitions", 1, 1, 1024);
  check_fixed(given, "spark.sql.session.timeZone", "UTC");
  check_fixed(given, "spark.sql.ansi.enabled", "false");
  check_fixed(given, "spark.sql.caseSensitive", "false");
}

options as_options(const std::map<std::string, std::string, ignore_case_less>& values) {
  options all;
  for (const auto& [key, value] : values) all.set(key, value);
  return all;
}

}  // namespace

void session_conf::set(std::string_view key, std::string_view value) {
  const auto same = [&](std::string_view known) { return !ignore_case_less{}(known, key) && !ignore_case_less{}(key, known); };
  if (std::none_of(known_settings.begin(), known_settings.end(), same)) {
    std::vector<std::string> names(known_settings.begin(), known_settings.end());
    const auto near = nearest_name(key, names);
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
    throw error(errc::unknown_option, "unknown setting \"" + std::string(key) + "\"; " +
                                          (near.empty() ? "" : "did you mean \"" + near + "\"? ") + "the settings are: " + all);
  }
  options one;
  one.set(std::string(key), std::string(value));
  check_values(one);
  const std::lock_guard lock(mutex_);
  values_.insert_or_assign(std::string(key), std::string(value));
}

void session_conf::apply(query_settings& settings) const {
  const std::lock_guard lock(mutex_);
  const auto all = as_options(values_);
  const auto policy = all.choice("spark.sql.streaming.multipleWatermarkPolicy", "min", {"min", "max"});
  settings.policy = policy == "max" ? watermark_policy::max : watermark_policy::min;
  settings.no_data_epochs = all.boolean("spark.sql.streaming.noDataMicroBatches.enabled", true);
  const auto retained = all.integer("spark.sql.streaming.minBatchesToRetain", 2, 1, 1'000'000);
  settings.epochs_retained = static_cast<int>(std::max<std::int64_t>(2, retained));
}

std::string session_conf::checkpoint_root() const {
  const std::lock_guard lock(mutex_);
  return as_options(values_).text("spark.sql.streaming.checkpointLocation", "");
}

int session_conf::parallelism() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(as_options(values_).integer("spark.sql.shuffle.partitions", 0, 0, 1024));
}

}  // namespace flow
