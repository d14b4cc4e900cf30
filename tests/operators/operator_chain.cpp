#include "operators/operator_chain.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <map>

#include <arrow/record_batch.h>

#include "flow/engine.hpp"
#include "flow/error.hpp"
#include "flow/operator_factory.hpp"
#include "flow/physical_plan.hpp"
#include "flow/row_codec.hpp"
#include "tests/operators/map_state_view.hpp"
#include "tests/operators/operator_harness.hpp"

using namespace flow;
using namespace flow::testing;
using json = nlohmann::json;

namespace {

/// Writes down what it is told, and emits the last rows again on every signal.
class recorder : public stream_operator {
 public:
  recorder(std::string name, std::vector<std::string>& log) : name_(std::move(name)), log_(log) {}

  void process(int port, const batch& rows, emitter& out) override {
    note("rows" + (port ? std::to_string(port) : ""));
    last_ = rows;
    out.emit(rows);
  }
  void on_watermark(timestamp, emitter& out) override { signal("watermark", out); }
  void on_timer(timestamp, emitter& out) override { signal("timer", out); }
  void on_idle(emitter& out) override { signal("idle", out); }
  void on_barrier(epoch, emitter& out) override { signal("barrier", out); }
  void snapshot(epoch, state_delta& delta) override { delta.put(0, name_, "state"); }
  void restore(const state_view& view) override {
    std::string value;
    note(view.get(0, name_, value) ? "restored" : "new");
  }
  watermark observed_event_time() const override { return timestamp{static_cast<std::int64_t>(name_.size())}; }

 private:
  void note(const std::string& what) { log_.push_back(name_ + " " + what); }
  void signal(const char* what, emitter& out) {
    note(what);
    if (last_) out.emit(last_);
  }

  std::string name_;
  std::vector<std::string>& log_;
  batch last_;
};

operator_spec recording(const std::string& name, std::vector<std::string>& log, bool stateful) {
  operator_spec spec;
  spec.uid = name;
  spec.stateful = stateful;
  spec.watermark_node = stateful ? 7 : -1;
  spec.make = [name, &log](const operator_context&) { return std::make_unique<recorder>(name, log); };
  return spec;
}

using strings = std::vector<std::string>;

strings taken(strings& log) {
  auto lines = std::move(log);
  log.clear();
  return lines;
}

/// An expression that no row survives.
class failing : public bound_expression {
 public:
  failing() : bound_expression(types::integer()) {}
  arrow::Datum evaluate(const arrow::RecordBatch&, const evaluation_context&) const override {
    throw error(errc::evaluation_failed, "no row survives this");
  }
  void add_inputs(std::vector<int>&) const override {}
  std::string to_string() const override { return "failing"; }
};

/// A bounded source of given batches, one split each.
class batches_source : public source {
 public:
  explicit batches_source(std::vector<batch> parts) : parts_(std::move(parts)) {}

  schema_ptr schema() const override { return parts_.front()->schema(); }
  void restore(const json& position) override { BOOST_TEST(position.is_null()); }
  std::vector<source_split> discover(const read_limit& limit) override {
    BOOST_TEST(limit.ignore_rate_limits);
    std::vector<source_split> splits;
    for (std::size_t i = 0; i < parts_.size(); ++i) splits.push_back({std::to_string(i), i, true});
    return splits;
  }
  void adopt(const std::vector<source_split>&) override {}
  json position(const std::vector<split_position>&) const override { return nullptr; }
  std::unique_ptr<split_reader> open(const source_split& what, const json&) const override {
    return std::make_unique<reader>(parts_[what.description.get<std::size_t>()]);
  }
  void project(const std::vector<int>& columns) override {
    for (auto& part : parts_) {
      std::vector<array> chosen;
      arrow::FieldVector fields;
      for (const int column : columns) {
        chosen.push_back(part->column(column));
        fields.push_back(part->schema()->field(column));
      }
      part = arrow::RecordBatch::Make(arrow::schema(fields), part->num_rows(), chosen);
    }
  }

 private:
  /// Rows one by one, with an idle answer first.
  class reader : public split_reader {
   public:
    explicit reader(batch rows) : rows_(std::move(rows)) {}
    read_status read(const read_budget&, batch& out) override {
      if (!asked_) {
        asked_ = true;
        return read_status::idle;
      }
      if (next_ == rows_->num_rows()) return read_status::end;
      out = rows_->Slice(next_++, 1);
      return read_status::rows;
    }
    json position() const override { return next_; }

   private:
    batch rows_;
    std::int64_t next_ = 0;
    bool asked_ = false;
  };

  std::vector<batch> parts_;
};

class batches_provider : public source_provider {
 public:
  explicit batches_provider(std::vector<batch> parts) : parts_(std::move(parts)) {}
  std::string description() const override { return "batches"; }
  json signature() const override { return nullptr; }
  schema_ptr schema() const override { return parts_.front()->schema(); }
  std::unique_ptr<source> make(bool streaming) const override {
    BOOST_TEST(!streaming);
    return std::make_unique<batches_source>(parts_);
  }

 private:
  std::vector<batch> parts_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(chain)

BOOST_AUTO_TEST_CASE(rows_leaving_one_operator_on_a_signal_reach_the_next_before_the_signal) {
  strings log;
  operator_chain chain({recording("a", log, false), recording("b", log, true)}, {});
  collector out;
  const auto rows = rows_of("v INT", {{1}});
  chain.process(2, rows, out);
  BOOST_TEST(taken(log) == (strings{"a rows2", "b rows"}), boost::test_tools::per_element());
  chain.on_barrier({1}, at(1), out);
  BOOST_TEST(taken(log) == (strings{"a watermark", "b rows", "a barrier", "b rows", "b watermark", "b barrier"}),
             boost::test_tools::per_element());
  chain.on_barrier({1}, {}, out);
  BOOST_TEST(taken(log) == (strings{"a barrier", "b rows", "b barrier"}), boost::test_tools::per_element());
  chain.on_watermark(at(1), out);
  BOOST_TEST(taken(log) == (strings{"a watermark", "b rows", "b watermark"}), boost::test_tools::per_element());
  chain.on_timer(at(1), out);
  BOOST_TEST(taken(log) == (strings{"a timer", "b rows", "b timer"}), boost::test_tools::per_element());
  chain.on_idle(out);
  BOOST_TEST(taken(log) == (strings{"a idle", "b rows", "b idle"}), boost::test_tools::per_element());
  BOOST_TEST(out.batches().size() == 1u + 4 + 2 + 2 + 2 + 2);
}

BOOST_AUTO_TEST_CASE(state_observations_and_counters_are_those_of_the_operators_that_have_them) {
  strings log;
  operator_chain chain({recording("plain", log, false), recording("kept", log, true)}, {});
  map_state_view view;
  strings asked;
  chain.restore([&](const std::string& uid) -> const state_view& {
    asked.push_back(uid);
    return view;
  });
  BOOST_TEST(asked == strings{"kept"}, boost::test_tools::per_element());
  BOOST_TEST(taken(log) == strings{"kept new"}, boost::test_tools::per_element());
  const auto deltas = chain.snapshot({1});
  BOOST_REQUIRE_EQUAL(deltas.size(), 1u);
  BOOST_TEST(deltas[0].uid == "kept");
  BOOST_TEST(deltas[0].delta.entries().size() == 1u);
  BOOST_REQUIRE_EQUAL(chain.observed().size(), 1u);
  BOOST_TEST(chain.observed()[0].first == 7);
  BOOST_TEST(chain.observed()[0].second.microseconds == 4);
  BOOST_REQUIRE_EQUAL(chain.metrics().size(), 1u);
  BOOST_TEST(chain.metrics()[0].uid == "kept");
  BOOST_TEST(chain.stateful());
}

BOOST_AUTO_TEST_CASE(an_empty_chain_passes_rows) {
  operator_chain chain({}, {});
  collector out;
  const auto rows = rows_of("v INT", {{1}, {2}});
  chain.process(0, rows, out);
  chain.process(0, rows->Slice(0, 0), out);
  chain.on_barrier({1}, {}, out);
  BOOST_TEST(out.batches().size() == 1u);
  BOOST_TEST(out.batches()[0] == rows);
  BOOST_TEST(!chain.stateful());
}

BOOST_AUTO_TEST_CASE(each_row_goes_to_the_instance_that_owns_its_keys_group) {
  auto data = json::array();
  for (int i = 0; i < 500; ++i) data.push_back({i % 3 == 0 ? json() : json("key" + std::to_string(i % 70)), i});
  const auto rows = rows_of("k STRING, v INT", data);
  BOOST_TEST(row_partitioner(rows->schema(), {0}, 1).split(rows).front() == rows);
  const auto parts = row_partitioner(rows->schema(), {0}, 5).split(rows);
  BOOST_REQUIRE_EQUAL(parts.size(), 5u);
  std::vector<std::string> all;
  for (std::uint32_t part = 0; part < 5; ++part) {
    if (!parts[part]) continue;
    byte_rows keys;
    const std::vector<array> columns{parts[part]->column(0)};
    row_codec({types::string()}).encode(columns, parts[part]->num_rows(), keys);
    for (std::size_t i = 0; i < keys.size(); ++i) BOOST_TEST(owner_of(group_of(hash_bytes(keys[i])), 5) == part);
    for (auto& line : texts(parts[part])) all.push_back(std::move(line));
  }
  BOOST_TEST(as_multiset(all) == as_multiset(texts(rows)), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_part_without_rows_is_null_and_a_batch_of_one_key_is_not_copied) {
  const auto rows = rows_of("k STRING", {{"a"}, {"a"}});
  const auto parts = row_partitioner(rows->schema(), {0}, 4).split(rows);
  int given = 0;
  for (const auto& part : parts) {
    if (part) BOOST_TEST(part == rows);
    given += part ? 1 : 0;
  }
  BOOST_TEST(given == 1);
}

BOOST_AUTO_TEST_CASE(run_local_drives_every_stage_over_all_splits_and_ends_with_the_barrier) {
  const auto left = rows_of("id INT, v INT", {{1, 30}, {2, 10}, {3, 20}});
  const auto right = rows_of("id INT, v INT", {{4, 15}, {5, 40}});
  const auto schema = parse_schema("v INT");
  physical_plan plan;
  plan.sources = {{std::make_shared<batches_provider>(std::vector<batch>{left}), {1}, "source-0"},
                  {std::make_shared<batches_provider>(std::vector<batch>{right, right->Slice(1)}), {1}, "source-1"}};
  physical_stage first, second, sorted;
  first.id = 10;
  first.source = 0;
  second.id = 20;
  second.source = 1;
  second.chain = {make_filter(schema, sql(schema, "v > 20"))};
  sorted.id = 30;
  sorted.inputs = {{10, exchange_kind::gather, {}, 0}, {20, exchange_kind::gather, {}, 1}};
  sorted.chain = {make_merge(schema), make_sort(schema, {{{sql(schema, "v"), true, false}}, {}}),
                  make_limit(schema, 3, true, "")};
  plan.stages = {first, second, sorted};
  collector out;
  for (const auto& rows : run_local(plan, {})) out.emit(rows);
  BOOST_TEST(out.take() == (strings{"[40]", "[40]", "[30]"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(run_local_lets_errors_through) {
  const auto rows = rows_of("v INT", {{1}});
  physical_plan plan;
  plan.sources = {{std::make_shared<batches_provider>(std::vector<batch>{rows}), {0}, "source-0"}};
  physical_stage stage;
  stage.source = 0;
  stage.chain = {make_project(rows->schema(), {{"x", std::make_shared<failing>()}})};
  plan.stages = {stage};
  BOOST_CHECK_EXCEPTION(run_local(plan, {}), error, [](const error& e) { return e.code() == errc::evaluation_failed; });
}

BOOST_AUTO_TEST_SUITE_END()
