#include <boost/test/unit_test.hpp>

#include "checkpoint/checkpoint_report.hpp"
#include "checkpoint/lmdb_environment.hpp"
#include "checkpoint/record_codec.hpp"
#include "tests/state/checkpoint_model.hpp"

using namespace flow;
using namespace flow::testing;
using json = nlohmann::json;

namespace {

/// Commits epochs first..last of the model query.
void commit_epochs(checkpoint_store& store, std::uint64_t first, std::uint64_t last, std::uint32_t parallelism = 2) {
  for (auto e = first; e <= last; ++e) store.commit(record_of(e), deltas_of(changes_of_epoch(e), "op", parallelism));
}

/// Makes it look as if another release had written the checkpoint.
void set_format(const std::filesystem::path& dir, int number) {
  const auto environment = std::make_shared<lmdb_environment>(dir / state_file, lmdb_options{});
  environment->write("age", 0, [&](const lmdb_transaction& t) { t.put(table::meta, "format", seal("format", number)); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_store_rules)

BOOST_AUTO_TEST_CASE(checkpoint_whose_state_is_gone_is_refused_instead_of_begun_anew) {
  for (const bool emptied : {false, true}) {
    temporary_directory dir;
    commit_epochs(*checkpoint_store::open(dir.path()), 1, 2);
    emptied ? std::filesystem::resize_file(dir.path() / state_file, 0) : void(std::filesystem::remove(dir.path() / state_file));
    BOOST_CHECK_EXCEPTION(checkpoint_store::open(dir.path()), error, [&](const error& e) {
      return e.code() == errc::checkpoint_corrupt && std::string(e.what()).find("lost its state") != std::string::npos;
    });
  }
}

BOOST_AUTO_TEST_CASE(new_checkpoint_is_empty_and_keeps_its_query_id) {
  temporary_directory dir;
  std::string id;
  {
    const auto store = checkpoint_store::open(dir.path() / "deep" / "checkpoint");
    id = store->query_id();
    BOOST_TEST(id.size() == 36u);
    BOOST_TEST(store->fencing_epoch() == 1u);
    BOOST_TEST(!store->newest());
    BOOST_TEST(store->plan_signature().is_null());
    BOOST_TEST(!store->last_sink_committed());
    BOOST_TEST(contents(*store, "op", 1, {}).empty());
    store->set_plan_signature({{"operators", {"op"}}});
  }
  const auto store = checkpoint_store::open(dir.path() / "deep" / "checkpoint");
  BOOST_TEST(store->query_id() == id);
  BOOST_TEST(store->fencing_epoch() == 2u);
  BOOST_TEST(store->plan_signature() == json({{"operators", {"op"}}}));
  BOOST_TEST(std::filesystem::exists(dir.path() / "deep" / "checkpoint" / "metadata.json"));
}

BOOST_AUTO_TEST_CASE(committed_epoch_comes_back_whole) {
  temporary_directory dir;
  { commit_epochs(*checkpoint_store::open(dir.path()), 1, 3); }
  const auto store = checkpoint_store::open(dir.path());
  const auto record = store->newest();
  BOOST_REQUIRE(record);
  const auto expected = record_of(3);
  BOOST_TEST((record->number == expected.number));
  BOOST_TEST(record->sources == expected.sources);
  BOOST_TEST(record->watermarks == expected.watermarks);
  BOOST_TEST((record->late_watermark == expected.late_watermark));
  BOOST_TEST(record->sinks == expected.sinks);
  BOOST_TEST(record->info == expected.info);
  BOOST_TEST((record->committed_at == expected.committed_at));
  BOOST_TEST((contents(*store, "op", 2, {3}) == model_at(3)));
  BOOST_TEST((contents(*store, "op", 2, {2}) == model_at(2)));
}

BOOST_AUTO_TEST_CASE(record_without_optional_parts_comes_back) {
  temporary_directory dir;
  {
    epoch_record bare;
    bare.number = {1};
    checkpoint_store::open(dir.path())->commit(bare, {});
  }
  const auto record = checkpoint_store::open(dir.path())->newest();
  BOOST_REQUIRE(record);
  BOOST_TEST(record->sources.is_null());
  BOOST_TEST(!record->late_watermark);
}

BOOST_AUTO_TEST_CASE(plan_is_durable_until_its_epoch_commits) {
  temporary_directory dir;
  {
    const auto store = checkpoint_store::open(dir.path());
    store->put_plan({1}, {{"end", 5}});
    store->put_plan({1}, {{"end", 6}});
  }
  const auto store = checkpoint_store::open(dir.path());
  BOOST_TEST(store->plan({1}).value() == json({{"end", 6}}));
  store->commit(record_of(1), {});
  BOOST_TEST(!store->plan({1}));
  store->put_plan({2}, 7);
  BOOST_TEST(store->plan({2}).value() == 7);
}

BOOST_AUTO_TEST_CASE(as_many_epochs_are_retained_as_asked_for) {
  temporary_directory dir;
  checkpoint_settings settings;
  settings.epochs_retained = 3;
  const auto store = checkpoint_store::open(dir.path(), settings);
  commit_epochs(*store, 1, 10);
  std::vector<std::uint64_t> kept;
  for (const auto e : store->epochs()) kept.push_back(e.value);
  BOOST_TEST(kept == std::vector<std::uint64_t>({8, 9, 10}), boost::test_tools::per_element());
  for (const auto e : kept) BOOST_TEST((contents(*store, "op", 1, {e}) == model_at(e)));
  BOOST_TEST(!store->find({7}));
  BOOST_TEST(failure_of([&] { store->open_state("op", 0, 1, {7}); })->message.find("epoch 7") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(epochs_that_the_sink_has_not_committed_are_kept) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  commit_epochs(*store, 1, 3);
  store->sink_committed({3});
  commit_epochs(*store, 4, 8);
  BOOST_TEST(store->epochs().front().value == 3u);
  BOOST_TEST((contents(*store, "op", 1, {3}) == model_at(3)));
  store->sink_committed({8});
  commit_epochs(*store, 9, 9);
  BOOST_TEST(store->epochs().front().value == 8u);
}

BOOST_AUTO_TEST_CASE(sink_progress_is_durable_with_the_next_write) {
  temporary_directory dir;
  {
    const auto store = checkpoint_store::open(dir.path());
    commit_epochs(*store, 1, 1);
    store->sink_committed({1});
    store->put_plan({2}, 0);
  }
  BOOST_TEST(checkpoint_store::open(dir.path())->last_sink_committed()->value == 1u);
}

BOOST_AUTO_TEST_CASE(fewer_than_two_retained_epochs_are_refused) {
  temporary_directory dir;
  checkpoint_settings settings;
  settings.epochs_retained = 1;
  const auto failed = failure_of([&] { checkpoint_store::open(dir.path(), settings); });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(epochs_must_ascend) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  commit_epochs(*store, 1, 2);
  const auto failed = failure_of([&] { store->commit(record_of(2), {}); });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::illegal_state));
}

BOOST_AUTO_TEST_CASE(rolled_back_checkpoint_goes_on_as_if_the_newer_epochs_had_not_been) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  commit_epochs(*store, 1, 5);
  store->sink_committed({5});
  store->put_plan({5}, "stale");
  store->put_plan({6}, "planned");
  store->roll_back_to({4});
  BOOST_TEST(store->newest()->number.value == 4u);
  BOOST_TEST(!store->plan({5}));
  BOOST_TEST(!store->plan({6}));
  BOOST_TEST(store->last_sink_committed()->value == 4u);
  BOOST_TEST((contents(*store, "op", 3, {4}) == model_at(4)));
  commit_epochs(*store, 5, 7);
  BOOST_TEST((contents(*store, "op", 3, {7}) == model_at(7)));
  BOOST_TEST(store->verify().at("ok") == true);
}

BOOST_AUTO_TEST_CASE(roll_back_may_keep_the_next_plan) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  commit_epochs(*store, 1, 2);
  store->put_plan({3}, "next");
  store->put_plan({4}, "later");
  store->roll_back_to({2}, true);
  BOOST_TEST(store->plan({3}).value() == "next");
  BOOST_TEST(!store->plan({4}));
}

BOOST_AUTO_TEST_CASE(roll_back_to_zero_forgets_everything_but_the_identity) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  const auto id = store->query_id();
  commit_epochs(*store, 1, 3);
  store->roll_back_to({0});
  BOOST_TEST(!store->newest());
  BOOST_TEST(store->query_id() == id);
  BOOST_TEST(store->statistics().segments == 0u);
  commit_epochs(*store, 1, 1);
  BOOST_TEST((contents(*store, "op", 1, {1}) == model_at(1)));
}

BOOST_AUTO_TEST_CASE(roll_back_to_an_epoch_not_held_names_those_that_are) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  commit_epochs(*store, 1, 5);
  const auto failed = failure_of([&] { store->roll_back_to({2}); });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::checkpoint_mismatch));
  BOOST_TEST(failed->message.find("it holds 4, 5") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(key_of_another_instance_is_refused_and_nothing_is_committed) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  const auto all = delta_of(changes_of_epoch(1));
  const auto failed = failure_of([&] { store->commit(record_of(1), {{"op", 0, 2, all}}); });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::illegal_state));
  BOOST_TEST(!store->newest());
}

BOOST_AUTO_TEST_CASE(temporary_checkpoint_leaves_nothing_behind) {
  temporary_directory dir;
  checkpoint_settings settings;
  settings.temporary = true;
  {
    const auto store = checkpoint_store::open(dir.path() / "t", settings);
    commit_epochs(*store, 1, 3);
    BOOST_TEST((contents(*store, "op", 1, {3}) == model_at(3)));
  }
  BOOST_TEST(!std::filesystem::exists(dir.path() / "t"));
}

BOOST_AUTO_TEST_CASE(space_of_old_state_is_used_again) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path());
  std::uint64_t early = 0;
  for (std::uint64_t e = 1; e <= 300; ++e) {
    store->commit(record_of(e), deltas_of(changes_of_epoch(e), "op", 1));
    while (store->compact()) {
    }
    if (e == 60) early = store->statistics().file_bytes;
  }
  BOOST_TEST(store->statistics().file_bytes < 2 * early);
  BOOST_TEST(store->statistics().runs < 12u);
  BOOST_TEST((contents(*store, "op", 1, {300}) == model_at(300)));
}

BOOST_AUTO_TEST_CASE(description_shows_records_plans_and_operators) {
  temporary_directory dir;
  {
    const auto store = checkpoint_store::open(dir.path());
    commit_epochs(*store, 1, 2);
    store->put_plan({3}, {{"end", 9}});
    BOOST_TEST(describe_checkpoint(dir.path()).at("epochs") == store->describe().at("epochs"));
  }
  const auto shown = describe_checkpoint(dir.path());
  BOOST_TEST(shown.at("epochs").size() == 2u);
  BOOST_TEST(shown.at("epochs").at(1).at("sources") == record_of(2).sources);
  BOOST_TEST(shown.at("plans").at(0).at("plan") == json({{"end", 9}}));
  BOOST_TEST(shown.at("operators").at("op").at("runs") == 2);
  BOOST_TEST(shown.at("operators").at("op").at("parallelism") == 2);
  BOOST_TEST(verify_checkpoint(dir.path()).at("ok") == true);
}

BOOST_AUTO_TEST_CASE(directory_without_checkpoint_is_named) {
  temporary_directory dir;
  const auto failed = failure_of([&] { describe_checkpoint(dir.path()); });
  BOOST_REQUIRE(failed);
  BOOST_TEST((failed->code == errc::unreadable_input));
  BOOST_TEST(failed->message.find(dir.path().string()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(copy_holds_what_the_original_held_at_that_moment) {
  temporary_directory dir;
  const auto store = checkpoint_store::open(dir.path() / "a");
  commit_epochs(*store, 1, 4);
  store->copy_to(dir.path() / "b");
  commit_epochs(*store, 5, 6);
  copy_checkpoint(dir.path() / "a", dir.path() / "c");
  const auto earlier = checkpoint_store::open(dir.path() / "b");
  BOOST_TEST(earlier->query_id() == store->query_id());
  BOOST_TEST(earlier->newest()->number.value == 4u);
  BOOST_TEST((contents(*earlier, "op", 2, {4}) == model_at(4)));
  BOOST_TEST((contents(*checkpoint_store::open(dir.path() / "c"), "op", 2, {6}) == model_at(6)));
  BOOST_TEST((failure_of([&] { store->copy_to(dir.path() / "b"); })->code == errc::unwritable_output));
}

BOOST_AUTO_TEST_CASE(whole_delta_replaces_what_was_and_stores_keys_once) {
  temporary_directory dir;
  checkpoint_settings settings;
  settings.segment_bytes = 4096;
  const auto store = checkpoint_store::open(dir.path(), settings);
  auto keys = std::make_shared<key_list>();
  for (int i = 0; i < 1000; ++i) {
    const auto key = std::to_string(1'000'000 + i);
    keys->bytes.insert(keys->bytes.end(), key.begin(), key.end());
    keys->offsets.push_back(static_cast<std::uint32_t>(keys->bytes.size()));
    keys->groups.push_back(group_of(hash_bytes(key)));
  }
  const auto commit = [&](std::uint64_t number, char value) {
    auto delta = std::make_shared<state_delta>();
    delta->put_whole({{keys, std::vector<char>(3000, value)}}, 3);
    store->commit(record_of(number), {{"op", 0, 1, delta}});
  };
  commit_epochs(*store, 1, 3, 1);
  commit(4, 'x');
  const auto with_keys = store->statistics();
  BOOST_TEST(with_keys.runs == 1u);
  for (std::uint64_t e = 5; e < 12; ++e) commit(e, 'y');
  const auto later = store->statistics();
  BOOST_TEST(later.runs == 1u);
  BOOST_TEST(later.state_bytes == with_keys.state_bytes);
  while (store->compact()) {
  }
  const auto all_y = contents(*store, "op", 3, {11});
  BOOST_TEST(all_y.size() == 1000u);
  for (const auto& [key, value] : all_y) BOOST_TEST(value == "yyy");
  const auto report = store->verify();
  BOOST_TEST(report.at("ok") == true);
  // Keys and values of the two epochs retained: what came before is gone.
  BOOST_TEST(report.at("segments").get<std::size_t>() <= 2 * later.segments);
  BOOST_TEST(store->describe().at("epochs").back().at("state").at("op").at("runs").at(0).at("keys") ==
             store->describe().at("epochs").front().at("state").at("op").at("runs").at(0).at("keys"));
}

BOOST_AUTO_TEST_CASE(checkpoint_of_another_format_is_refused_by_its_number) {
  for (const int number : {1, 4}) {
    temporary_directory dir;
    { commit_epochs(*checkpoint_store::open(dir.path()), 1, 2); }
    set_format(dir.path(), number);
    const auto refused = failure_of([&] { checkpoint_store::open(dir.path()); });
    BOOST_REQUIRE(refused);
    BOOST_TEST((refused->code == errc::checkpoint_mismatch));
    BOOST_TEST(refused->message.find("has the format " + std::to_string(number) + ", this release reads the formats 2 to 3") !=
               std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(checkpoint_of_format_2_is_read_and_becomes_one_of_format_3) {
  temporary_directory dir;
  { commit_epochs(*checkpoint_store::open(dir.path()), 1, 2); }
  set_format(dir.path(), 2);
  BOOST_TEST((contents(*checkpoint_store::open(dir.path()), "op", 1, {2}) == model_at(2)));
  BOOST_TEST(describe_checkpoint(dir.path()).at("meta").at("format") == 3);
}

BOOST_AUTO_TEST_CASE(description_shows_the_newest_log_of_each_source_and_a_roll_back_the_older_one) {
  temporary_directory dir;
  const auto name = std::string(source_log_prefix) + "1";
  const auto log_of = [](const json& report) { return report.at("sourceLogs").at("1"); };
  {
    const auto store = checkpoint_store::open(dir.path());
    store->commit(record_of(1), deltas_of({{"file /a", "17"}, {"file /b", "18"}}, name, 1));
    store->commit(record_of(2), deltas_of({{"file /a", std::nullopt}, {"split /c", R"({"begin":0})"}}, name, 1));
    BOOST_TEST(log_of(store->describe()) == json({{"file /b", 18}, {"split /c", {{"begin", 0}}}}));
  }
  BOOST_TEST(describe_checkpoint(dir.path()).at("operators").empty());
  const auto store = checkpoint_store::open(dir.path());
  store->roll_back_to({1});
  BOOST_TEST(log_of(store->describe()) == json({{"file /a", 17}, {"file /b", 18}}));
  BOOST_TEST(store->verify().at("ok") == true);
}

BOOST_AUTO_TEST_SUITE_END()
