#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "bench_report.hpp"

namespace bench {

/// What went through a topic.
struct topic_totals {
  std::int64_t records = 0, bytes = 0;
};

inline nlohmann::json to_report(const topic_totals& all, const double seconds, const double cpu_seconds) {
  return {{"records", all.records},
          {"bytes", all.bytes},
          {"seconds", seconds},
          {"cpu_seconds", cpu_seconds},
          {"records_per_second", static_cast<double>(all.records) / seconds}};
}

/// Adds to the report of `which` how it stands to that of the reference: speed, and processor time saved.
inline void add_ratios(nlohmann::json& result, const char* which, const char* reference) {
  const auto of = [&](const char* run, const char* what) { return result[run][what].get<double>(); };
  const double speed = of(which, "records_per_second") / of(reference, "records_per_second");
  const double cpu = of(reference, "cpu_seconds") / of(which, "cpu_seconds");
  result[which]["ratio"] = speed;
  result[which]["cpu_ratio"] = cpu;
}

}  // namespace bench
