#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <random>

#include "tests/state/checkpoint_model.hpp"

using namespace flow;
using namespace flow::testing;

namespace {

/// A query that commits, reads, merges, stops, changes its parallelism and goes back, at random, beside a model of it.
class random_query {
 public:
  explicit random_query(std::uint64_t seed) : random_(seed) {
    settings_.segment_bytes = std::size_t{512} << below(6);
    settings_.map_bytes = std::size_t{32} << (10 + below(6));
    settings_.epochs_retained = 2 + static_cast<int>(below(3));
    kind_ = below(2) == 0 ? state_store_kind::memory : state_store_kind::lmdb;
    open();
  }

  void step() {
    switch (below(12)) {
      case 0:
        open();
        break;
      case 1:
        go_back();
        break;
      case 2:
        check_restored();
        break;
      case 3:
      case 4:
        check_read();
        break;
      case 5:
      case 6:
        store_->compact(100 + below(200'000));
        break;
      case 7:
        hand_over();
        break;
      default:
        commit();
    }
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  void open() {
    views_.clear();
    in_flight_.clear();
    store_.reset();
    store_ = checkpoint_store::open(dir_.path(), settings_);
    const auto newest = store_->newest();
    BOOST_REQUIRE((newest ? newest->number.value : 0) == committed_);
    restore();
  }

  void restore() {
    parallelism_ = static_cast<std::uint32_t>(1 + below(4));
    views_.clear();
    in_flight_.clear();
    for (std::uint32_t i = 0; i < parallelism_; ++i) {
      views_.push_back(store_->open_state("op", i, parallelism_, {committed_}, kind_));
    }
    current_ = history_[committed_];
    next_ = committed_ + 1;
    lists_.assign(parallelism_, {});
  }

  void go_back() {
    const auto kept = store_->epochs();
    if (kept.empty()) return;
    views_.clear();
    in_flight_.clear();
    committed_ = kept[below(kept.size())].value;
    store_->roll_back_to({committed_});
    restore();
  }

  changes some_changes() {
    changes what;
    const auto keys = below(3) == 0 ? 20u : 3000u;
    for (auto n = below(4) == 0 ? below(1500) : below(60); n > 0; --n) {
      const auto key = std::to_string(below(keys));
      what[key] = below(3) == 0 ? std::nullopt : std::optional(std::string(below(80), static_cast<char>('a' + below(26))));
    }
    return what;
  }

  /// New values of one size for all keys, where an instance has any.
  std::vector<instance_delta> whole_deltas() {
    std::vector<model> parts(parallelism_);
    const auto size = static_cast<std::uint32_t>(below(20));
    for (auto& [key, value] : current_) {
      value = std::string(size, static_cast<char>('a' + below(26)));
      parts[owner_of(group_of(hash_bytes(key)), parallelism_)][key] = value;
    }
    std::vector<instance_delta> deltas;
    for (std::uint32_t i = 0; i < parallelism_; ++i) {
      auto delta = std::make_shared<state_delta>();
      if (!parts[i].empty()) delta->put_whole(columns_of(parts[i], lists_[i]), size);
      deltas.push_back({"op", i, parallelism_, std::move(delta)});
    }
    return deltas;
  }

  /// Lists of keys are used again while their keys are there; new keys make a new list.
  static std::vector<state_delta::column> columns_of(model held, std::vector<std::shared_ptr<const key_list>>& lists) {
    std::vector<state_delta::column> columns;
    const auto column_of = [&](const std::shared_ptr<const key_list>& keys) {
      std::vector<char> values;
      for (std::size_t i = 0; i < keys->size(); ++i) {
        const auto& value = held.at(std::string(keys->key(i)));
        values.insert(values.end(), value.begin(), value.end());
      }
      for (std::size_t i = 0; i < keys->size(); ++i) held.erase(std::string(keys->key(i)));
      columns.push_back({keys, std::move(values)});
    };
    std::erase_if(lists, [&](const auto& keys) {
      for (std::size_t i = 0; i < keys->size(); ++i) {
        if (!held.contains(std::string(keys->key(i)))) return true;
      }
      return false;
    });
    for (const auto& keys : lists) column_of(keys);
    if (held.empty()) return columns;
    key_list added;
    for (const auto& [key, value] : held) {
      added.bytes.insert(added.bytes.end(), key.begin(), key.end());
      added.offsets.push_back(static_cast<std::uint32_t>(added.bytes.size()));
      added.groups.push_back(group_of(hash_bytes(key)));
    }
    lists.push_back(std::make_shared<const key_list>(std::move(added)));
    column_of(lists.back());
    return columns;
  }

  std::vector<instance_delta> some_deltas() {
    if (!current_.empty() && below(3) == 0) return whole_deltas();
    const auto what = some_changes();
    play(what, current_);
    return deltas_of(what, "op", parallelism_);
  }

  void hand_over() {
    auto deltas = some_deltas();
    history_[next_] = current_;
    for (std::uint32_t i = 0; i < parallelism_; ++i) views_[i]->add({next_}, deltas[i].delta);
    in_flight_[next_++] = std::move(deltas);
  }

  void commit() {
    if (in_flight_.empty()) hand_over();
    const auto oldest = in_flight_.begin();
    store_->commit(record_of(oldest->first), oldest->second);
    committed_ = oldest->first;
    in_flight_.erase(oldest);
  }

  void check_read() {
    model seen;
    for (const auto& view : views_) seen.merge(contents(*view));
    BOOST_REQUIRE(seen == current_);
    for (int i = 0; i < 50; ++i) {
      const auto key = std::to_string(below(3000));
      const auto hash = hash_bytes(key);
      std::string value;
      const bool found = views_[owner_of(group_of(hash), parallelism_)]->get(hash, key, value);
      const auto expected = current_.find(key);
      BOOST_REQUIRE(found == (expected != current_.end()));
      if (found) BOOST_REQUIRE(value == expected->second);
    }
  }

  void check_restored() {
    for (const auto e : store_->epochs()) {
      BOOST_REQUIRE(contents(*store_, "op", static_cast<std::uint32_t>(1 + below(5)), e) == history_[e.value]);
    }
    BOOST_REQUIRE(store_->verify().at("ok") == true);
  }

  std::mt19937_64 random_;
  temporary_directory dir_;
  checkpoint_settings settings_;
  state_store_kind kind_ = state_store_kind::memory;
  std::unique_ptr<checkpoint_store> store_;
  std::vector<std::unique_ptr<operator_state>> views_;
  std::uint32_t parallelism_ = 1;
  std::uint64_t committed_ = 0, next_ = 1;
  std::map<std::uint64_t, std::vector<instance_delta>> in_flight_;
  model current_;
  std::vector<std::vector<std::shared_ptr<const key_list>>> lists_;  ///< Of whole deltas, by instance.
  std::map<std::uint64_t, model> history_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(random_operations)

BOOST_AUTO_TEST_CASE(store_agrees_with_the_standard_map) {
  const char* given = std::getenv("FLOW_TEST_SEED");
  const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  for (auto seed = first; seed < first + (given != nullptr ? 1u : 10u); ++seed) {
    BOOST_TEST_CONTEXT("FLOW_TEST_SEED=" << seed) {
      random_query query(seed);
      for (int i = 0; i < 150; ++i) {
        try {
          query.step();
        } catch (const error& e) {
          BOOST_FAIL(e.what());
        }
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
