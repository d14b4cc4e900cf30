#include <mutex>

#include <arrow/api.h>

#include "case_runner.hpp"
#include "row_comparison.hpp"

namespace flow::conformance {

using nlohmann::json;

namespace {

/// One case's query, started, fed step by step, and restarted from its checkpoint if wanted.
class stream_run {
 public:
  stream_run(const corpus_case& c, const run_settings& settings)
      : case_(c),
        settings_(settings),
        checkpoint_(settings.scratch / c.name),
        session_(session_for(c.name)),
        query_(session_, c),
        result_(query_.build()) {
    std::filesystem::remove_all(checkpoint_);
  }
  ~stream_run() {
    if (running_) running_->stop();
    std::filesystem::remove_all(checkpoint_);
  }
  stream_run(const stream_run&) = delete;
  stream_run& operator=(const stream_run&) = delete;

  const dataset& result() const { return result_; }

  void start() {
    auto writer = result_.write_stream();
    writer.output_mode(case_.mode)
        .option("checkpointLocation", checkpoint_.string())
        .parallelism(settings_.parallelism)
        .state_store(settings_.state)
        .trigger(trigger::processing_time("1 hour"))  // Epochs run only when a step asks for them.
        .foreach_batch([this](const dataset& rows, std::int64_t) { take(rows); });
    running_ = writer.start();
    running_->process_all_available();
  }

  /// Feeds one step and returns the rows it led to.
  json step(const json& rows) {
    if (case_.mode != output_mode::complete) emitted_ = json::array();
    query_.feed(rows);
    running_->process_all_available();
    return emitted_;
  }

  /// The watermark that the next epoch will use. A run that has had no epoch yet reports none: then the last known one stands.
  const json& watermark() {
    const auto progress = running_->last_progress();
    if (progress.is_object()) {
      watermark_ = progress.contains("eventTime") ? progress["eventTime"].value("nextWatermark", json(nullptr)) : json(nullptr);
    }
    return watermark_;
  }

  void restart() {
    running_->stop();
    running_.reset();
    start();
  }

 private:
  void take(const dataset& rows) {
    if (case_.mode == output_mode::complete) emitted_ = json::array();
    for (auto& row : rows_of(rows)) emitted_.push_back(std::move(row));
  }

  const corpus_case& case_;
  const run_settings& settings_;
  std::filesystem::path checkpoint_;
  session session_;
  corpus_query query_;
  dataset result_;
  query_ptr running_;
  json emitted_ = json::array();
  json watermark_;
};

/// "2024-01-01T10:00:00.000Z" as "2024-01-01 10:00:00", fractions kept only when they say something.
json corpus_time(const json& iso) {
  if (!iso.is_string()) return iso;
  auto text = iso.get<std::string>();
  if (text.size() > 10) text[10] = ' ';
  if (!text.empty() && text.back() == 'Z') text.pop_back();
  if (const auto dot = text.find('.'); dot != std::string::npos) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return text == "1970-01-01 00:00:00" ? json(nullptr) : json(text);
}

json normal_time(const json& corpus) { return corpus.is_string() ? corpus_time(corpus) : corpus; }

}  // namespace

outcome run_stream_case(const corpus_case& c, const run_settings& settings) {
  const auto fail = [&](const std::string& why) { return outcome{c.name, outcome::kind::fail, why}; };
  std::size_t step = 0;
  bool started = false;
  try {
    stream_run run(c, settings);
    run.start();
    started = true;
    if (c.expect_error == refusal::analysis) return fail("should be refused before it starts");
    if (c.expect_schema) {
      const auto wrong = schema_difference(*c.expect_schema, *run.result().schema());
      if (!wrong.empty()) return fail(wrong);
    }
    for (; step < c.steps.size(); ++step) {
      const auto at = "step " + std::to_string(step) + ": ";
      const auto rows = run.step(c.steps[step]);
      if (step >= c.expect.size()) break;
      const auto wrong = first_difference(*run.result().schema(), c.expect[step], rows, c.ordered);
      if (!wrong.empty()) return fail(at + wrong);
      if (step < c.watermark.size() && normal_time(c.watermark[step]) != corpus_time(run.watermark())) {
        return fail(at + "watermark: expected " + c.watermark[step].dump() + ", got " + run.watermark().dump());
      }
      if (settings.restart_every_step && c.restart) run.restart();
    }
    if (c.expect_error == refusal::runtime) return fail("should fail in step " + std::to_string(c.error_step));
    return {c.name, outcome::kind::pass, ""};
  } catch (const error& e) {
    const bool early =
        !started && (c.expect_error == refusal::analysis || (c.expect_error == refusal::runtime && c.error_step == 0));
    const bool in_step = started && c.expect_error == refusal::runtime && step == static_cast<std::size_t>(c.error_step);
    return refused(c.name, early || in_step, e.what());
  }
}

}  // namespace flow::conformance
