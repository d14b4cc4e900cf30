#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>

#include <arrow/record_batch.h>

#include "actors/query_board.hpp"
#include "session/push_source.hpp"
#include "tests/state/checkpoint_model.hpp"

using namespace flow;
using namespace flow::testing;

BOOST_AUTO_TEST_SUITE(threads)

BOOST_AUTO_TEST_CASE(rows_pushed_by_several_threads_are_read_once_each) {
  constexpr int pushers = 3, rows_each = 300;
  const auto schema = parse_schema("n BIGINT");
  const auto channel = std::make_shared<push_input::channel>(schema, 16);
  push_source_provider provider{channel};
  const auto from = provider.make(true);
  from->project({0});
  from->restore(nullptr);
  std::vector<std::thread> all;
  for (int p = 0; p < pushers; ++p) {
    all.emplace_back([&, p] {
      for (int i = 0; i < rows_each; ++i) channel->push(batch_from_json(schema, {{p * rows_each + i}}));
    });
  }
  std::vector<int> seen(pushers * rows_each, 0);
  for (std::size_t count = 0; count < seen.size();) {
    for (const auto& split : from->discover({})) {
      const auto reader = from->open(split, nullptr);
      batch rows;
      while (reader->read({}, rows) == read_status::rows) {
        for (const auto& row : batch_to_json(*rows)) ++seen.at(row.at(0).get<std::size_t>()), ++count;
      }
    }
    from->commit(from->position({}));
    std::this_thread::yield();
  }
  for (auto& each : all) each.join();
  BOOST_TEST(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
}

BOOST_AUTO_TEST_CASE(operators_read_their_state_while_the_store_commits_and_merges) {
  constexpr std::uint64_t epochs = 40;
  const temporary_directory dir;
  checkpoint_settings settings;
  settings.map_bytes = 4096;  // So that the map moves under the readers.
  const auto store = checkpoint_store::open(dir.path(), settings);
  const auto state = store->open_state("op", 0, 1, {}, state_store_kind::lmdb);
  std::atomic<bool> done{false};
  std::thread looker([&] {
    while (!done) {
      store->describe();
      store->statistics();
      std::this_thread::yield();
    }
  });
  std::thread reader([&] {
    while (!done) {
      contents(*state);
      std::string value;
      state->get(hash_bytes("k1"), "k1", value);
    }
  });
  for (std::uint64_t e = 1; e <= epochs; ++e) {
    store->commit(record_of(e), deltas_of(changes_of_epoch(e), "op", 1));
    store->compact();
  }
  done = true;
  reader.join();
  looker.join();
  BOOST_TEST((contents(*store, "op", 1, {epochs}) == model_at(epochs)));
}

BOOST_AUTO_TEST_CASE(board_tells_every_waiter_of_the_end) {
  query_board board;
  std::atomic<int> woken{0};
  std::vector<std::thread> waiters;
  for (int i = 0; i < 3; ++i) {
    waiters.emplace_back([&] {
      while (!board.wait(std::chrono::milliseconds(1))) {
        board.status();
        board.recent_progress();
      }
      board.wait();
      BOOST_TEST_REQUIRE(board.failure().has_value());
      ++woken;
    });
  }
  for (int i = 0; i < 200; ++i) {
    board.set_status({"Processing", true, true});
    board.add_progress({{"batchId", i}});
  }
  board.end(error(errc::query_failed, "over"));
  for (auto& each : waiters) each.join();
  BOOST_TEST(woken == 3);
}

BOOST_AUTO_TEST_SUITE_END()
