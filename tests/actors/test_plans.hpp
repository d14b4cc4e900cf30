#pragma once

#include <filesystem>
#include <functional>

#include "flow/engine.hpp"
#include "flow/physical_plan.hpp"
#include "tests/actors/shelf_source.hpp"
#include "tests/actors/tray_sink.hpp"

namespace flow::test {

/// Rows straight from the source to the sink.
physical_plan pass_plan(std::vector<source_provider_ptr> sources);
/// Running totals per key: value = sum of values so far, emitted for the keys an epoch touched. Update mode.
physical_plan total_plan(std::vector<source_provider_ptr> sources);
/// Rows held back until the watermark (of `delay`) has passed their time; late rows are dropped. Append mode. One watermark
/// node per source.
physical_plan hold_plan(std::vector<source_provider_ptr> sources, duration delay);
/// Rows through an operator that calls `at_rows` (may throw).
physical_plan probe_plan(source_provider_ptr from, std::function<void()> at_rows, std::function<void()> at_barrier = {});

/// The last value per key.
std::map<std::int64_t, std::int64_t> latest_by_key(const std::vector<event>& rows);

/// A directory that is gone at the end of the test.
class scratch_dir {
 public:
  scratch_dir();
  ~scratch_dir();
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

session_options pool_of(int threads, bool busy_polling = false);
query_settings settings_for(const std::string& checkpoint, flow::trigger when, int parallelism = 2);

}  // namespace flow::test
