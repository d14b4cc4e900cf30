#include "tests/operators/operator_harness.hpp"

#include <algorithm>
#include <cstdio>

#include <arrow/record_batch.h>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "flow/expression.hpp"
#include "tests/operators/map_state_view.hpp"

namespace flow::testing {

std::vector<std::string> as_multiset(const std::vector<std::string>& rows) {
  auto sorted = rows;
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::vector<std::string> as_list(const std::vector<std::string>& rows) { return rows; }

batch rows_of(const std::string& ddl, const nlohmann::json& rows) { return batch_from_json(parse_schema(ddl), rows); }

bound_ptr sql(const schema_ptr& schema, const std::string& text) { return bind(*parse_expression(text), *schema); }

std::vector<std::string> texts(const batch& rows) {
  std::vector<std::string> lines;
  for (const auto& row : batch_to_json(*rows)) lines.push_back(row.dump());
  return lines;
}

timestamp at(int minute, int second) { return {1'704'067'200'000'000 + (minute * 60 + second) * 1'000'000LL}; }

std::string at_text(int minute, int second) { return to_string(at(minute, second)); }

void collector::emit(batch rows) {
  if (!rows || rows->num_rows() == 0) return;
  const auto valid = rows->ValidateFull();
  BOOST_REQUIRE_MESSAGE(valid.ok(), "an emitted batch is broken: " << valid.ToString());
  batches_.push_back(std::move(rows));
}

std::vector<std::string> collector::take() {
  std::vector<std::string> lines;
  for (const auto& each : batches_) {
    for (auto& line : texts(each)) lines.push_back(std::move(line));
  }
  batches_.clear();
  return lines;
}

std::string harness_drive::text() const {
  const char* const splits[] = {"whole batches", "single rows", "odd splits"};
  return std::string(splits[static_cast<int>(batches)]) + (restore ? ", restored" : "") +
         (more_barriers ? ", barriers between batches" : "") + (store == state_store_kind::lmdb ? ", state on demand" : "") +
         ", cache " + std::to_string(cache_bytes) + ", seed " + std::to_string(seed);
}

namespace {

/// A batch cut into pieces that, put together, are the batch.
std::vector<batch> cut(const batch& rows, harness_drive::split how, std::mt19937& random) {
  if (how == harness_drive::split::whole) return {rows};
  std::vector<batch> pieces;
  for (std::int64_t begin = 0; begin < rows->num_rows();) {
    if (random() % 4 == 0) pieces.push_back(rows->Slice(begin, 0));
    const auto most = std::min<std::int64_t>(7, rows->num_rows() - begin);
    const auto size = how == harness_drive::split::single_rows ? 1 : 1 + static_cast<std::int64_t>(random()) % most;
    pieces.push_back(rows->Slice(begin, size));
    begin += size;
  }
  if (random() % 2 == 0) pieces.push_back(rows->Slice(rows->num_rows(), 0));
  return pieces;
}

/// An operator under test with its durable state.
class driven_operator {
 public:
  driven_operator(const harness_case& what, const harness_drive& how) : what_(what), how_(how), random_(how.seed) { start(); }

  std::vector<std::string> run(const harness_epoch& each) {
    begin();
    for (const auto& [port, rows] : each.rows) {
      for (const auto& piece : cut(rows, how_.batches, random_)) {
        made_->process(port, piece, out_);
        if (what_.continuous && random_() % 3 == 0) made_->on_idle(out_);
        if (how_.more_barriers && random_() % 2 == 0) {
          barrier();
          begin();
        }
      }
    }
    if (each.mark) {
      made_->on_watermark(*each.mark, out_);
      mark_ = each.mark;
    }
    barrier();
    check_schema();
    return what_.fold(out_.take());
  }

 private:
  void start() {
    operator_context place;
    place.state = how_.store;
    place.state_cache_bytes = how_.cache_bytes;
    place.continuous = what_.continuous;
    made_ = what_.spec.make(place);
    if (what_.spec.stateful) made_->restore(state_);
    if (mark_) made_->restore_watermark(*mark_);
  }

  void begin() {
    epoch_ = epoch_.next();
    made_->begin_epoch(epoch_, {.now = at(0), .batch_id = epoch_.batch_id()});
  }

  void barrier() {
    made_->on_barrier(epoch_, out_);
    state_delta delta;
    made_->snapshot(epoch_, delta);
    BOOST_REQUIRE(what_.spec.stateful || delta.empty());
    state_.apply(delta);
    if (how_.restore) start();
  }

  void check_schema() {
    for (const auto& rows : out_.batches()) {
      BOOST_REQUIRE_MESSAGE(rows->schema()->Equals(*what_.spec.output),
                            "emitted " << rows->schema()->ToString() << "\ninstead of " << what_.spec.output->ToString());
    }
  }

  const harness_case& what_;
  const harness_drive& how_;
  std::mt19937 random_;
  std::unique_ptr<stream_operator> made_;
  map_state_view state_;
  watermark mark_;
  epoch epoch_;
  collector out_;
};

std::vector<harness_drive> all_drives(const harness_case& what) {
  std::vector<harness_drive> drives;
  const auto seed = std::random_device{}();
  for (const auto batches : {harness_drive::split::whole, harness_drive::split::single_rows, harness_drive::split::odd}) {
    for (const bool restore : {false, true}) {
      for (const bool more : {false, true}) {
        if (more && !what.barriers_anywhere) continue;
        for (const std::size_t cache : {std::size_t{0}, std::size_t{1}, std::size_t{64} << 20}) {  // 0: in memory.
          const auto store = cache == 0 ? state_store_kind::memory : state_store_kind::lmdb;
          drives.push_back({batches, restore, more, store, cache, seed + static_cast<std::uint32_t>(drives.size())});
        }
      }
    }
  }
  return drives;
}

void check_drives(const harness_case& what, const std::vector<std::vector<std::string>>& expected) {
  for (const auto& how : all_drives(what)) {
    BOOST_TEST_CONTEXT(how.text()) {
      const auto given = drive_operator(what, how);
      BOOST_REQUIRE_EQUAL(given.size(), expected.size());
      for (std::size_t i = 0; i < given.size(); ++i) {
        BOOST_TEST_CONTEXT("epoch " << i + 1) { BOOST_TEST(given[i] == expected[i], boost::test_tools::per_element()); }
      }
    }
  }
}

}  // namespace

std::vector<std::vector<std::string>> drive_operator(const harness_case& what, const harness_drive& how) {
  driven_operator driven(what, how);
  std::vector<std::vector<std::string>> results;
  for (const auto& each : what.epochs) results.push_back(driven.run(each));
  return results;
}

void check_operator(const harness_case& what, const std::vector<nlohmann::json>& expected) {
  std::vector<std::vector<std::string>> lines;
  for (const auto& each : expected) {
    std::vector<std::string> rows;
    for (const auto& row : each) rows.push_back(row.dump());
    lines.push_back(what.fold(rows));
  }
  check_drives(what, lines);
}

std::vector<std::vector<std::string>> check_operator(const harness_case& what) {
  auto plain = drive_operator(what, {});
  check_drives(what, plain);
  return plain;
}

}  // namespace flow::testing
