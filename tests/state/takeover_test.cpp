#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <fstream>

#include "tests/state/checkpoint_model.hpp"

using namespace flow;
using namespace flow::testing;

namespace {

namespace fs = std::filesystem;

checkpoint_settings taking_over() {
  checkpoint_settings settings;
  settings.take_over = true;
  return settings;
}

void commit(checkpoint_store& store, std::uint64_t e) { store.commit(record_of(e), deltas_of(changes_of_epoch(e), "op", 1)); }

/// A checkpoint whose owner can be stopped inside a write transaction, with LMDB's writer lock held, as SIGSTOP would.
struct frozen_owner {
  temporary_directory dir;
  std::function<void()> meanwhile;  ///< Done by others during the next commit.
  std::unique_ptr<checkpoint_store> store;

  frozen_owner() {
    checkpoint_settings settings;
    settings.fault = [this](std::string_view operation) {
      if (operation == "commit" && meanwhile) std::exchange(meanwhile, nullptr)();
      return 0;
    };
    store = checkpoint_store::open(dir.path(), settings);
    commit(*store, 1);
    commit(*store, 2);
  }
  std::unique_ptr<checkpoint_store> taken() const { return checkpoint_store::open(dir.path(), taking_over()); }
};

bool is_taken_over(const std::optional<failure>& failed) { return failed && failed->code == errc::checkpoint_taken_over; }

}  // namespace

BOOST_AUTO_TEST_SUITE(takeover)

BOOST_AUTO_TEST_CASE(start_without_takeover_is_refused_and_told_how) {
  const frozen_owner owner;
  const auto refused = failure_of([&] { checkpoint_store::open(owner.dir.path()); });
  BOOST_REQUIRE(refused);
  BOOST_TEST((refused->code == errc::checkpoint_locked));
  for (const auto word : {"in use by", "takeOver=true", "--take-over"})
    BOOST_TEST(refused->message.find(word) != std::string::npos);
  commit(*owner.store, 3);
}

BOOST_AUTO_TEST_CASE(successor_has_every_committed_epoch_and_a_greater_fencing_epoch) {
  const frozen_owner owner;
  const auto successor = owner.taken();
  BOOST_TEST(successor->query_id() == owner.store->query_id());
  BOOST_TEST(successor->fencing_epoch() > owner.store->fencing_epoch());
  BOOST_TEST(successor->newest()->number.value == 2u);
  BOOST_TEST((contents(*successor, "op", 1, {2}) == model_at(2)));
  BOOST_TEST(successor->verify().at("ok") == true);
}

BOOST_AUTO_TEST_CASE(replaced_owner_writes_nothing_more_and_says_who_replaced_it) {
  const frozen_owner owner;
  const auto successor = owner.taken();
  BOOST_TEST(is_taken_over(failure_of([&] { owner.store->check_owner(); })));
  BOOST_TEST(is_taken_over(failure_of([&] { commit(*owner.store, 3); })));
  BOOST_TEST(is_taken_over(failure_of([&] { owner.store->put_plan({3}, {{"rows", 1}}); })));
  BOOST_TEST(is_taken_over(failure_of([&] { owner.store->roll_back_to({1}); })));
  successor->check_owner();
  commit(*successor, 3);
  BOOST_TEST((contents(*successor, "op", 1, {3}) == model_at(3)));
}

BOOST_AUTO_TEST_CASE(owner_frozen_with_the_writer_lock_holds_nobody_up_and_its_commit_does_not_count) {
  frozen_owner owner;
  std::unique_ptr<checkpoint_store> successor;
  owner.meanwhile = [&] {
    successor = owner.taken();
    BOOST_TEST(successor->newest()->number.value == 2u);
    commit(*successor, 3);
  };
  BOOST_TEST(is_taken_over(failure_of([&] { commit(*owner.store, 3); })));
  BOOST_REQUIRE(successor);
  commit(*successor, 4);
  BOOST_TEST((contents(*successor, "op", 1, {4}) == model_at(4)));
  BOOST_TEST(successor->verify().at("ok") == true);
}

BOOST_AUTO_TEST_CASE(successors_replace_each_other_and_leave_one_file) {
  const frozen_owner first;
  auto second = first.taken();
  commit(*second, 3);
  auto third = first.taken();
  commit(*third, 4);
  BOOST_TEST(is_taken_over(failure_of([&] { commit(*second, 4); })));
  second.reset();
  third.reset();
  int files = 0;
  for (const auto& entry : fs::directory_iterator(first.dir.path())) {
    const auto name = entry.path().filename().string();
    files += entry.is_regular_file() && !entry.is_symlink() && name.starts_with("state") && name.ends_with(".lmdb");
  }
  BOOST_TEST(files == 1);
  const auto restarted = checkpoint_store::open(first.dir.path());
  BOOST_TEST((contents(*restarted, "op", 1, {4}) == model_at(4)));
}

BOOST_AUTO_TEST_CASE(takeover_of_a_free_checkpoint_is_an_ordinary_start) {
  temporary_directory dir;
  commit(*checkpoint_store::open(dir.path()), 1);
  const auto store = checkpoint_store::open(dir.path(), taking_over());
  BOOST_TEST(store->newest()->number.value == 1u);
  BOOST_TEST(!fs::is_symlink(dir.path() / "state.lmdb"));
}

BOOST_AUTO_TEST_CASE(takeover_left_unfinished_is_finished_by_the_next_start) {
  const frozen_owner owner;
  // As a successor that died after it had put its lock in place.
  std::ofstream(owner.dir.path() / "lock.next") << "1\ntaking over\n";
  fs::rename(owner.dir.path() / "lock.next", owner.dir.path() / "lock");
  const auto next = checkpoint_store::open(owner.dir.path());
  BOOST_TEST(fs::is_symlink(owner.dir.path() / "state.lmdb"));
  commit(*next, 3);
  BOOST_TEST(is_taken_over(failure_of([&] { commit(*owner.store, 3); })));
  BOOST_TEST((contents(*next, "op", 1, {3}) == model_at(3)));
}

BOOST_AUTO_TEST_CASE(reports_and_copies_follow_the_successor) {
  const frozen_owner owner;
  const auto successor = owner.taken();
  commit(*successor, 3);
  BOOST_TEST(describe_checkpoint(owner.dir.path()).at("epochs").back().at("epoch") == 3);
  BOOST_TEST(verify_checkpoint(owner.dir.path()).at("ok") == true);
  const temporary_directory target;
  copy_checkpoint(owner.dir.path(), target.path() / "copy");
  BOOST_TEST((contents(*checkpoint_store::open(target.path() / "copy"), "op", 1, {3}) == model_at(3)));
}

BOOST_AUTO_TEST_SUITE_END()
