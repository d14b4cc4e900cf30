#include <boost/test/unit_test.hpp>

#include <sys/mount.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

#include "tests/state/checkpoint_model.hpp"

using namespace flow;
using namespace flow::testing;

namespace {

namespace fs = std::filesystem;

/// A file system of a few MiB, or nothing where mounting is not allowed.
class small_disk {
 public:
  explicit small_disk(const fs::path& dir) : dir_(dir) {
    mounted_ = mount("flow-test", dir.c_str(), "tmpfs", 0, "size=4m") == 0;
  }
  ~small_disk() {
    if (mounted_) umount2(dir_.c_str(), MNT_DETACH);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  fs::path dir_;
  bool mounted_ = false;
};

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const fs::path& file, const std::string& bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::in);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Flips a bit inside every occurrence of `text` in the checkpoint's file; how many there were.
int damage(const fs::path& dir, const std::string& text) {
  auto bytes = read_file(dir / "state.lmdb");
  int found = 0;
  for (auto at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + text.size())) {
    bytes[at + 1] = static_cast<char>(bytes[at + 1] ^ 1);
    ++found;
  }
  write_file(dir / "state.lmdb", bytes);
  return found;
}

bool names(const failure& failed, std::string_view what) { return failed.message.find(what) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(storage_failures)

BOOST_AUTO_TEST_CASE(map_grows_from_tiny) {
  temporary_directory dir;
  checkpoint_settings settings;
  settings.map_bytes = 4096;
  const auto store = checkpoint_store::open(dir.path(), settings);
  const auto state = store->open_state("op", 0, 1, {}, state_store_kind::lmdb);
  changes what;
  for (int i = 0; i < 200; ++i) what["big" + std::to_string(i)] = std::string(50'000, 'v');
  store->commit(record_of(1), deltas_of(what, "op", 1));
  model expected;
  play(what, expected);
  BOOST_TEST((contents(*state) == expected));
  BOOST_TEST(store->statistics().map_bytes > 10u << 20);
}

BOOST_AUTO_TEST_CASE(full_disk_is_named_and_the_last_epoch_stays) {
  temporary_directory dir;
  const small_disk disk(dir.path());
  if (!disk.mounted()) {
    std::cerr << "SKIPPED: mounting a small tmpfs is not permitted here\n";
    return;
  }
  std::uint64_t last = 0;
  {
    const auto store = checkpoint_store::open(dir.path() / "c");
    std::optional<failure> failed;
    for (std::uint64_t e = 1; e < 200 && !failed; ++e) {
      changes what = {{"key" + std::to_string(e), std::string(100'000, 'v')}};
      failed = failure_of([&] { store->commit(record_of(e), deltas_of(what, "op", 1)); });
      if (!failed) last = e;
    }
    BOOST_REQUIRE(failed);
    BOOST_TEST((failed->code == errc::storage_failed));
    BOOST_TEST(names(*failed, "epoch " + std::to_string(last + 1)));
    BOOST_TEST(names(*failed, "No space left on device"));
    BOOST_TEST(names(*failed, "state.lmdb"));
    BOOST_TEST(store->newest()->number.value == last);
    BOOST_TEST(contents(*store, "op", 1, {last}).size() == last);
  }
  const auto store = checkpoint_store::open(dir.path() / "c");
  BOOST_TEST(store->newest()->number.value == last);
  BOOST_TEST(contents(*store, "op", 1, {last}).size() == last);
  BOOST_TEST(store->verify().at("ok") == true);
}

BOOST_AUTO_TEST_CASE(failed_flush_is_named_and_the_last_epoch_stays) {
  temporary_directory dir;
  int code = 0;
  checkpoint_settings settings;
  settings.fault = [&](std::string_view operation) { return operation == "commit" ? code : 0; };
  const auto store = checkpoint_store::open(dir.path(), settings);
  store->commit(record_of(1), deltas_of(changes_of_epoch(1), "op", 1));
  code = EIO;
  const auto failed = failure_of([&] { store->commit(record_of(2), deltas_of(changes_of_epoch(2), "op", 1)); });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::storage_failed));
  BOOST_TEST(names(*failed, "commit epoch 2"));
  BOOST_TEST(names(*failed, "Input/output error"));
  BOOST_TEST(store->newest()->number.value == 1u);
  BOOST_TEST((contents(*store, "op", 1, {1}) == model_at(1)));
  code = 0;
  store->commit(record_of(2), deltas_of(changes_of_epoch(2), "op", 1));
  BOOST_TEST((contents(*store, "op", 1, {2}) == model_at(2)));
}

BOOST_AUTO_TEST_CASE(map_that_cannot_grow_is_named) {
  temporary_directory dir;
  checkpoint_settings settings;
  settings.map_bytes = 256u << 10;
  settings.fault = [](std::string_view operation) { return operation == "grow" ? ENOMEM : 0; };
  const auto failed = failure_of([&] {
    const auto store = checkpoint_store::open(dir.path(), settings);
    store->commit(record_of(1), deltas_of({{"k", std::string(4u << 20, 'v')}}, "op", 1));
  });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::storage_failed));
  BOOST_TEST(names(*failed, "grow the map"));
}

BOOST_AUTO_TEST_CASE(directory_that_cannot_be_made_is_named) {
  temporary_directory dir;
  { std::ofstream(dir.path() / "file") << "x"; }
  const auto failed = failure_of([&] { checkpoint_store::open(dir.path() / "file" / "checkpoint"); });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::storage_failed));
  BOOST_TEST(names(*failed, "file/checkpoint"));
}

BOOST_AUTO_TEST_CASE(damaged_segment_is_named_with_operator_and_epochs) {
  temporary_directory dir;
  {
    const auto store = checkpoint_store::open(dir.path());
    store->commit(record_of(1), deltas_of({{"a", "first value"}}, "op", 1));
    store->commit(record_of(2), deltas_of({{"b", "second value"}}, "op", 1));
  }
  BOOST_REQUIRE(damage(dir.path(), "second value") > 0);
  const auto report = verify_checkpoint(dir.path());
  BOOST_TEST(report.at("ok") == false);
  const auto problem = report.at("problems").at(0).get<std::string>();
  BOOST_TEST(problem.find("operator \"op\" (epochs 2 to 2)") != std::string::npos);
  BOOST_TEST(problem.find("of which epoch 2 consists") != std::string::npos);
  const auto store = checkpoint_store::open(dir.path());
  for (const auto kind : {state_store_kind::memory, state_store_kind::lmdb}) {
    const auto state = store->open_state("op", 0, 1, {2}, kind);
    const auto failed = failure_of([&] { contents(*state); });
    BOOST_REQUIRE(failed);
    BOOST_TEST((failed->code == errc::checkpoint_corrupt));
    BOOST_TEST(names(*failed, "segment 2 of operator \"op\""));
  }
  // The older epoch does not need the damaged segment, but is used only when asked for.
  store->roll_back_to({1});
  BOOST_TEST((contents(*store, "op", 1, {1}) == model{{"a", "first value"}}));
}

BOOST_AUTO_TEST_CASE(damaged_record_is_named_and_nothing_older_is_used_unasked) {
  temporary_directory dir;
  {
    const auto store = checkpoint_store::open(dir.path());
    for (std::uint64_t e = 1; e <= 2; ++e) {
      auto record = record_of(e);
      record.info = "information of epoch " + std::to_string(e);
      store->commit(record, deltas_of(changes_of_epoch(e), "op", 1));
    }
  }
  BOOST_REQUIRE(damage(dir.path(), "information of epoch 2") > 0);
  BOOST_TEST(verify_checkpoint(dir.path()).at("ok") == false);
  BOOST_TEST(describe_checkpoint(dir.path()).at("epochs").at(1).contains("damaged"));
  const auto store = checkpoint_store::open(dir.path());
  for (const auto& failed : {failure_of([&] { store->newest(); }), failure_of([&] { store->commit(record_of(3), {}); }),
                             failure_of([&] { store->open_state("op", 0, 1, {2}); })}) {
    BOOST_REQUIRE(failed);
    BOOST_TEST((failed->code == errc::checkpoint_corrupt));
    BOOST_TEST(names(*failed, "the record of epoch 2"));
    BOOST_TEST(names(*failed, "checksum"));
  }
  store->roll_back_to({1});
  BOOST_TEST(store->newest()->number.value == 1u);
  BOOST_TEST((contents(*store, "op", 1, {1}) == model_at(1)));
  store->commit(record_of(2), deltas_of(changes_of_epoch(2), "op", 1));
  BOOST_TEST((contents(*store, "op", 1, {2}) == model_at(2)));
}

BOOST_AUTO_TEST_CASE(damaged_plan_is_named) {
  temporary_directory dir;
  { checkpoint_store::open(dir.path())->put_plan({1}, "the plan of files"); }
  BOOST_REQUIRE(damage(dir.path(), "the plan of files") > 0);
  const auto failed = failure_of([&] { checkpoint_store::open(dir.path())->plan({1}); });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::checkpoint_corrupt));
  BOOST_TEST(names(*failed, "plan of epoch 1"));
}

BOOST_AUTO_TEST_CASE(file_that_is_no_checkpoint_is_named) {
  temporary_directory dir;
  { std::ofstream(dir.path() / "state.lmdb") << std::string(100'000, 'x'); }
  const auto failed = failure_of([&] { checkpoint_store::open(dir.path()); });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::checkpoint_corrupt));
  BOOST_TEST(names(*failed, "state.lmdb"));
}

BOOST_AUTO_TEST_CASE(file_cut_short_is_refused) {
  temporary_directory dir;
  {
    const auto store = checkpoint_store::open(dir.path());
    for (std::uint64_t e = 1; e <= 4; ++e) {
      store->commit(record_of(e), deltas_of({{"k" + std::to_string(e), std::string(4u << 20, 'v')}}, "op", 1));
    }
  }
  fs::resize_file(dir.path() / "state.lmdb", 1u << 20);
  BOOST_TEST(verify_checkpoint(dir.path()).at("ok") == false);
  const auto failed = failure_of([&] { checkpoint_store::open(dir.path()); });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::checkpoint_corrupt));
}

BOOST_AUTO_TEST_SUITE_END()
