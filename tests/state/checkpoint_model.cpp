#include "tests/state/checkpoint_model.hpp"

#include <cstdlib>
#include <random>

namespace flow::testing {

namespace fs = std::filesystem;

temporary_directory::temporary_directory() {
  auto name = (fs::temp_directory_path() / "flow-state-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = name;
}

temporary_directory::~temporary_directory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void play(const changes& what, model& to) {
  for (const auto& [key, value] : what) {
    if (value) {
      to[key] = *value;
    } else {
      to.erase(key);
    }
  }
}

std::shared_ptr<state_delta> delta_of(const changes& what) {
  auto delta = std::make_shared<state_delta>();
  // Last key first, so that sorting has something to do.
  for (auto each = what.rbegin(); each != what.rend(); ++each) {
    const auto hash = hash_bytes(each->first);
    if (each->second) {
      delta->put(hash, each->first, *each->second);
    } else {
      delta->erase(hash, each->first);
    }
  }
  return delta;
}

std::vector<instance_delta> deltas_of(const changes& what, const std::string& uid, std::uint32_t parallelism) {
  std::vector<changes> parts(parallelism);
  for (const auto& [key, value] : what) parts[owner_of(group_of(hash_bytes(key)), parallelism)][key] = value;
  std::vector<instance_delta> deltas;
  for (std::uint32_t i = 0; i < parallelism; ++i) deltas.push_back({uid, i, parallelism, delta_of(parts[i])});
  return deltas;
}

model contents(const state_view& state) {
  model all;
  std::string last;
  state.scan([&](std::string_view key, std::string_view value) {
    if (!all.empty() && std::string(key) <= last) throw std::runtime_error("scan is out of order");
    last = key;
    all[last] = value;
    return true;
  });
  return all;
}

model contents(checkpoint_store& store, const std::string& uid, std::uint32_t parallelism, epoch at) {
  model all;
  for (std::uint32_t i = 0; i < parallelism; ++i) {
    const auto part = contents(*store.open_state(uid, i, parallelism, at));
    for (const auto& [key, value] : part) {
      if (!all.emplace(key, value).second) throw std::runtime_error("two instances see the key " + key);
    }
  }
  return all;
}

epoch_record record_of(std::uint64_t number) {
  epoch_record record;
  record.number = {number};
  record.sources = {{{"position", number * 10}}};
  record.watermarks = {{"0", number}};
  record.late_watermark = timestamp{static_cast<std::int64_t>(number)};
  record.sinks = {{"files", number}};
  record.info = {{"rows", number}};
  record.committed_at = {static_cast<std::int64_t>(number)};
  return record;
}

changes changes_of_epoch(std::uint64_t e, int keys, int touched) {
  std::mt19937_64 random(e * 7919 + 1);
  changes what;
  for (int i = 0; i < touched; ++i) {
    const auto key = "key" + std::to_string(random() % static_cast<std::uint64_t>(keys));
    if (random() % 4 == 0) {
      what[key] = std::nullopt;
    } else {
      what[key] = "value " + std::to_string(e) + std::string(random() % 60, 'x');
    }
  }
  return what;
}

model model_at(std::uint64_t e) {
  model all;
  for (std::uint64_t each = 1; each <= e; ++each) play(changes_of_epoch(each), all);
  return all;
}

}  // namespace flow::testing
