#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <arrow/record_batch.h>

#include "flow/error.hpp"
#include "session/push_source.hpp"

using namespace flow;

namespace {

struct channel_of_numbers {
  schema_ptr schema = parse_schema("n BIGINT");
  std::shared_ptr<push_input::channel> channel = std::make_shared<push_input::channel>(schema, 4);
  push_source_provider provider{channel};

  batch rows(nlohmann::json values) const {
    auto list = nlohmann::json::array();
    for (auto& value : values) list.push_back(nlohmann::json::array({value}));
    return batch_from_json(schema, list);
  }

  std::unique_ptr<source> opened(const nlohmann::json& position = nullptr) const {
    auto made = provider.make(true);
    made->project({0});
    made->restore(position);
    return made;
  }

  static nlohmann::json read(const source& from, const source_split& split) {
    const auto reader = from.open(split, nullptr);
    auto all = nlohmann::json::array();
    batch out;
    while (reader->read({}, out) == read_status::rows) {
      for (const auto& row : batch_to_json(*out)) all.push_back(row.at(0));
    }
    return all;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(all_rows_pushed_between_two_discoveries_are_one_split, channel_of_numbers) {
  const auto from = opened();
  BOOST_TEST(from->discover({}).empty());
  channel->push(rows({1, 2}));
  channel->push(rows({3}));
  const auto splits = from->discover({});
  BOOST_REQUIRE(splits.size() == 1u);
  BOOST_TEST(read(*from, splits[0]) == nlohmann::json({1, 2, 3}));
  BOOST_TEST(from->discover({}).empty());
}

BOOST_FIXTURE_TEST_CASE(restart_goes_on_from_the_recorded_position_and_one_epoch_further_back, channel_of_numbers) {
  nlohmann::json first, second;
  {
    const auto from = opened();
    channel->push(rows({1, 2}));
    from->discover({});
    first = from->position({});
    from->commit(first);
    channel->push(rows({3}));
    from->discover({});
    second = from->position({});
    from->commit(second);
    channel->push(rows({4}));
  }
  const auto again = opened(second);
  BOOST_TEST(read(*again, again->discover({}).at(0)) == nlohmann::json({4}));
  const auto earlier = opened(first);
  BOOST_TEST(read(*earlier, earlier->discover({}).at(0)) == nlohmann::json({3, 4}));
}

BOOST_FIXTURE_TEST_CASE(rows_after_a_restart_in_another_process_are_all_read_though_a_plan_of_the_first_was_interrupted,
                        channel_of_numbers) {
  nlohmann::json position;
  std::vector<source_split> interrupted;
  {
    const auto from = opened();
    channel->push(rows({1, 2}));
    from->discover({});
    position = from->position({});
    channel->push(rows({3, 4}));
    interrupted = from->discover({});
  }
  const channel_of_numbers next;
  const auto again = next.opened(position);
  again->adopt(interrupted);
  BOOST_TEST(read(*again, interrupted.at(0)) == nlohmann::json::array());
  next.channel->push(rows({5}));
  const auto splits = again->discover({});
  BOOST_REQUIRE(splits.size() == 1u);
  BOOST_TEST(read(*again, splits[0]) == nlohmann::json({5}));
}

BOOST_FIXTURE_TEST_CASE(queries_that_had_come_differently_far_read_the_same_rows_in_another_process, channel_of_numbers) {
  nlohmann::json behind, ahead;
  {
    const auto from = opened();
    behind = from->position({});
    channel->push(rows({1, 2, 3}));
    from->discover({});
    ahead = from->position({});
  }
  const channel_of_numbers next;
  const auto first = next.opened(behind);
  const auto second = next.opened(ahead);
  next.channel->push(rows({4}));
  BOOST_TEST(read(*first, first->discover({}).at(0)) == nlohmann::json({4}));
  const auto splits = second->discover({});
  BOOST_REQUIRE(splits.size() == 1u);
  BOOST_TEST(read(*second, splits[0]) == nlohmann::json({4}));
}

BOOST_FIXTURE_TEST_CASE(full_input_says_no_until_rows_are_durable, channel_of_numbers) {
  const auto from = opened();
  BOOST_TEST(channel->try_push(rows({1, 2, 3})));
  BOOST_TEST(!channel->try_push(rows({4, 5})));
  from->discover({});
  from->commit(from->position({}));
  BOOST_TEST(channel->try_push(rows({4, 5})));
}

BOOST_FIXTURE_TEST_CASE(endless_reader_is_woken_by_one_row, channel_of_numbers) {
  auto made = provider.make(true);
  made->set_continuous(true);
  made->restore(nullptr);
  const auto splits = made->discover({});
  BOOST_REQUIRE(splits.size() == 1u);
  BOOST_TEST(!splits[0].bounded);
  const auto reader = made->open(splits[0], nullptr);
  int woken = 0;
  reader->on_available([&] { ++woken; });
  batch out;
  BOOST_TEST((reader->read({}, out) == read_status::idle));
  channel->push(rows({7}));
  BOOST_TEST(woken == 1);
  BOOST_TEST((reader->read({}, out) == read_status::rows));
  BOOST_TEST(made->position({{splits[0], reader->position()}}).at("next") == 1);
}

BOOST_FIXTURE_TEST_CASE(rows_pushed_together_are_all_in_before_anyone_is_told, channel_of_numbers) {
  const auto other = std::make_shared<push_input::channel>(schema, 4);
  push_source_provider other_provider(other);
  const auto a = opened();
  const auto b = other_provider.make(true);
  b->restore(nullptr);
  std::size_t seen = 0;
  a->on_discoverable([&] { seen = a->discover({}).size() + b->discover({}).size(); });
  const std::vector<std::pair<push_input::channel*, batch>> all = {{channel.get(), rows({1})}, {other.get(), rows({2})}};
  push_input::channel::push_together(all);
  BOOST_TEST(seen == 2u);
}

BOOST_FIXTURE_TEST_CASE(rows_of_another_schema_are_refused, channel_of_numbers) {
  const auto text = batch_from_json(parse_schema("s STRING"), nlohmann::json::parse(R"([["x"]])"));
  BOOST_CHECK_EXCEPTION(channel->push(text), error, [](const error& e) { return e.code() == errc::type_mismatch; });
  channel->close();
  BOOST_CHECK_EXCEPTION(channel->push(rows({1})), error, [](const error& e) { return e.code() == errc::illegal_state; });
}
