#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace bench {

/// Sum modulo 2^64 of FNV-1a 64 over each result row's text: free of the rows' order.
class result_hash {
 public:
  void add(std::string_view row) {
    std::uint64_t h = 0xcbf29ce484222325ull;
    for (const char c : row) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    sum_ += h;
  }
  std::string text() const {
    char hex[17];
    std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(sum_));
    return hex;
  }

 private:
  std::uint64_t sum_ = 0;
};

/// Wall and processor time since construction.
class stopwatch {
 public:
  stopwatch() : start_(std::chrono::steady_clock::now()), cpu_(cpu_now()) {}
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  double cpu_seconds() const { return cpu_now() - cpu_; }

 private:
  static double cpu_now() {
    rusage u{};
    getrusage(RUSAGE_SELF, &u);
    const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
    return of(u.ru_utime) + of(u.ru_stime);
  }
  std::chrono::steady_clock::time_point start_;
  double cpu_;
};

inline double max_rss_mb() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  return static_cast<double>(u.ru_maxrss) / 1024;
}

/// One line of result: rows and bytes went through in the stopwatch's time.
inline nlohmann::json report(const std::string& workload, int threads, std::int64_t rows, std::int64_t bytes, double wall,
                             double cpu, const result_hash& hash) {
  return {{"workload", workload},
          {"threads", threads},
          {"rows", rows},
          {"bytes", bytes},
          {"seconds", wall},
          {"rows_per_s", static_cast<double>(rows) / wall},
          {"cpu_seconds", cpu},
          {"max_rss_mb", max_rss_mb()},
          {"result_hash", hash.text()}};
}

}  // namespace bench
