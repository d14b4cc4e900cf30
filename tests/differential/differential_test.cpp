#include <map>
#include <mutex>

#include <unistd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "generated_pipeline.hpp"

namespace fs = std::filesystem;
using namespace flow;
using differential::generated_pipeline;

namespace {

constexpr int files = 12;

/// One way to run a pipeline over the growing input.
enum class manner { micro_batch, continuous, switching };

class scratch_directory {
 public:
  explicit scratch_directory(std::uint64_t seed)
      : path_(fs::temp_directory_path() / ("flow-differential." + std::to_string(getpid()) + "." + std::to_string(seed))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~scratch_directory() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Folds what a sink receives into the result a reader would hold, as JSON text.
class folded_result {
 public:
  folded_result(output_mode mode, int keys) : mode_(mode), keys_(keys) {}

  void add(const nlohmann::json& rows) {
    if (mode_ == output_mode::complete) rows_.clear();
    for (const auto& row : rows) {
      if (mode_ == output_mode::append) {
        ++rows_[row.dump()];
        continue;
      }
      nlohmann::json key = nlohmann::json::array();
      for (int i = 0; i < keys_; ++i) key.push_back(row.at(static_cast<std::size_t>(i)));
      latest_[key.dump()] = row.dump();
      if (mode_ == output_mode::complete) ++rows_[row.dump()];
    }
  }
  std::map<std::string, int> rows() const {
    if (mode_ != output_mode::update) return rows_;
    std::map<std::string, int> all;
    for (const auto& [key, row] : latest_) ++all[row];
    return all;
  }

 private:
  output_mode mode_;
  int keys_;
  std::map<std::string, int> rows_;
  std::map<std::string, std::string> latest_;
};

nlohmann::json rounded(const dataset& rows) {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& part : rows.collect())
    for (auto& row : batch_to_json(*part)) {
      for (auto& value : row)
        if (value.is_number_float()) value = std::round(value.get<double>() * 1e6) / 1e6;
      all.push_back(row);
    }
  return all;
}

std::map<std::string, int> run(const generated_pipeline& p, manner how, std::uint64_t seed, const fs::path& home) {
  std::mt19937_64 random(seed * 7 + static_cast<std::uint64_t>(how));
  folded_result result(p.mode, p.key_columns);
  std::mutex lock;
  const int runs = how == manner::switching ? 4 : 1;
  const auto input = home / "in";
  fs::remove_all(input);
  for (int i = 0; i < runs; ++i) {
    differential::write_input(input, seed, files * i / runs, files * (i + 1) / runs);
    const bool continuous = how == manner::continuous || (how == manner::switching && random() % 2 == 0);
    auto s = session::make({.name = "differential", .threads = 2});
    auto stream = s.read_stream().schema(differential::input_ddl).option("maxFilesPerTrigger", 2).json(input.string());
    auto writer = p.build(stream).write_stream();
    writer.output_mode(p.mode).option("checkpointLocation",
                                      (home / ("checkpoint-" + std::to_string(static_cast<int>(how)))).string());
    writer.parallelism(static_cast<int>(1 + random() % 3)).state_store(random() % 2 == 0 ? "memory" : "lmdb");
    writer.foreach_batch([&](const dataset& rows, std::int64_t) {
      const auto all = rounded(rows);
      std::lock_guard guard(lock);
      result.add(all);
    });
    writer.trigger(continuous ? trigger::continuous("15 ms") : trigger::available_now());
    const auto query = writer.start();
    if (continuous) {
      query->process_all_available();
      query->stop();
    }
    query->await_termination();
  }
  return result.rows();
}

void check_equal(const std::map<std::string, int>& expected, const std::map<std::string, int>& got, const std::string& what) {
  int shown = 0;
  for (const auto& [row, n] : expected) {
    const auto found = got.find(row);
    if ((found == got.end() || found->second != n) && shown++ < 5)
      BOOST_ERROR(what << ": " << row << " expected " << n << " times, came " << (found == got.end() ? 0 : found->second));
  }
  for (const auto& [row, n] : got)
    if (!expected.contains(row) && shown++ < 5) BOOST_ERROR(what << ": " << row << " not expected, came " << n << " times");
}

}  // namespace

BOOST_DATA_TEST_CASE(modes_agree_on_generated_pipelines, boost::unit_test::data::xrange(20), seed) {
  const auto p = differential::draw_pipeline(static_cast<std::uint64_t>(seed));
  BOOST_TEST_CONTEXT("seed " << seed << ": " << p.description) {
    scratch_directory home(static_cast<std::uint64_t>(seed));
    const auto micro = run(p, manner::micro_batch, static_cast<std::uint64_t>(seed), home.path());
    BOOST_TEST(!micro.empty());
    if (p.has_bounded_twin) {
      auto s = session::make({.name = "bounded"});
      folded_result bounded(p.mode, p.key_columns);
      bounded.add(rounded(p.build(s.read().schema(differential::input_ddl).json((home.path() / "in").string()))));
      check_equal(bounded.rows(), micro, "micro-batch against bounded");
    }
    check_equal(micro, run(p, manner::continuous, static_cast<std::uint64_t>(seed), home.path()), "continuous");
    check_equal(micro, run(p, manner::switching, static_cast<std::uint64_t>(seed), home.path()), "switching");
  }
}
