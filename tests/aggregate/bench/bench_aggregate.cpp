// Word count as the partial aggregation sees it: batches of 45,000 words, 200,000 distinct, Zipf. Prints nanoseconds per word
// of the operator, of the key table alone, and of a hand-written loop over std::unordered_map for scale.
#include <time.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <random>
#include <string>
#include <unordered_map>

#include <arrow/api.h>

#include "flow/function_catalog.hpp"
#include "flow/operator_factory.hpp"
#include "operators/keyed_table.hpp"

namespace {

/// Time of this thread on a core, so that other load does not count.
std::chrono::nanoseconds cpu_time() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

std::vector<flow::array> make_batches(int batches, int rows) {
  constexpr int distinct = 200000;
  std::mt19937_64 random(1);
  std::vector<double> cumulative;
  double total = 0;
  for (int i = 1; i <= distinct; ++i) cumulative.push_back(total += 1.0 / i);
  std::vector<std::string> words;
  for (int i = 0; i < distinct; ++i) {
    std::string word;
    for (int n = i; n > 0 || word.size() < 3; n /= 17) word += static_cast<char>('a' + n % 17);
    words.push_back(word + std::string(random() % 4, 'x'));
  }
  std::uniform_real_distribution<double> uniform(0, total);
  std::vector<flow::array> out;
  for (int b = 0; b < batches; ++b) {
    arrow::StringBuilder builder;
    for (int i = 0; i < rows; ++i) {
      const auto at = std::lower_bound(cumulative.begin(), cumulative.end(), uniform(random)) - cumulative.begin();
      if (!builder.Append(words[static_cast<std::size_t>(at)]).ok()) std::abort();
    }
    out.push_back(builder.Finish().ValueOrDie());
  }
  return out;
}

class null_emitter : public flow::emitter {
 public:
  void emit(flow::batch rows) override { rows_ += rows->num_rows(); }
  std::int64_t rows_ = 0;
};

template <class F>
void report(const char* what, std::int64_t words, F run) {
  double best = 1e9;
  for (int turn = 0; turn < 5; ++turn) {
    const auto from = cpu_time();
    run();
    best = std::min(best, std::chrono::duration<double, std::nano>(cpu_time() - from).count() / static_cast<double>(words));
  }
  std::cout << what << ": " << best << " ns/word\n";
}

}  // namespace

int main() {
  const auto batches = make_batches(40, 45000);
  const std::int64_t words = 40 * 45000;
  report("key table and count", words, [&] {
    flow::keyed_table table;
    std::vector<std::uint32_t> ids;
    std::vector<std::int64_t> counts;
    for (const auto& column : batches) {
      table.find_or_insert_column(*column, ids);
      counts.resize(table.id_bound());
      for (const auto id : ids) ++counts[id];
    }
  });
  report("std::unordered_map<std::string, long>", words, [&] {
    std::unordered_map<std::string, std::int64_t> counts;
    for (const auto& column : batches) {
      const auto& strings = static_cast<const arrow::StringArray&>(*column);
      for (std::int64_t i = 0; i < strings.length(); ++i) ++counts[std::string(strings.GetView(i))];
    }
  });
#ifndef FLOW_BENCH_TABLE_ONLY
  const auto schema = arrow::schema({arrow::field("word", arrow::utf8())});
  const auto one = std::make_shared<arrow::Int32Scalar>(1);
  for (const auto stage : {flow::aggregate_stage::partial, flow::aggregate_stage::complete_rows}) {
    flow::aggregate_plan plan;
    plan.keys.push_back({"word", flow::bind_column(0, arrow::utf8(), "word")});
    plan.calls.push_back(
        {"count", flow::function_catalog::builtin().at("count").bind_aggregate({flow::bind_literal(one)}, {}), nullptr});
    plan.stage = stage;
    const auto spec = flow::make_aggregate(schema, std::move(plan));
    null_emitter out;
    report(stage == flow::aggregate_stage::partial ? "partial update and flush" : "update and emit", words, [&] {
      const auto op = spec.make({});
      for (const auto& column : batches) op->process(0, arrow::RecordBatch::Make(schema, column->length(), {column}), out);
      op->on_barrier({1}, out);
    });
  }
#endif
}
