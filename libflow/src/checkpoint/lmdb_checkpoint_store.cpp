#include "checkpoint/lmdb_checkpoint_store.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

#include "checkpoint/checkpoint_report.hpp"
#include "checkpoint/state_generation.hpp"
#include "flow/clock.hpp"
#include "flow/error.hpp"
#include "flow/failpoint.hpp"

namespace flow {

using json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// 2: runs whose values lie in segments apart from their keys. 3: sources have logs; without one, all is in the position.
constexpr int format_version = 3;
constexpr int oldest_readable = 2;

std::string random_uuid() {
  std::random_device random;
  std::string text;
  for (const char c : std::string_view("xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx")) {
    const auto nibble = random() & 15u;
    text += c == 'x' ? "0123456789abcdef"[nibble] : c == 'y' ? "89ab"[nibble & 3u] : c;
  }
  return text;
}

void make_directory(const fs::path& dir) {
  std::error_code failed;
  fs::create_directories(dir, failed);
  if (failed) {
    throw error(errc::storage_failed, "cannot make the checkpoint directory " + dir.string() + ": " + failed.message());
  }
}

fs::path prepared(const fs::path& dir) {
  make_directory(dir);
  return dir;
}

lmdb_options environment_options(const checkpoint_settings& settings) {
  lmdb_options options;
  options.map_bytes = settings.map_bytes;
  options.no_sync = settings.temporary;
  options.fault = settings.fault;
  return options;
}

}  // namespace

lmdb_checkpoint_store::lmdb_checkpoint_store(const fs::path& dir, checkpoint_settings settings)
    : dir_(prepared(dir)),
      settings_(std::move(settings)),
      remover_(settings_.temporary ? dir_ : fs::path()),
      lock_(dir_, settings_.take_over),
      environment_(open_environment()),
      reader_(environment_) {
  if (settings_.epochs_retained < 2) {
    throw error(errc::invalid_argument, "epochs_retained is " + std::to_string(settings_.epochs_retained) +
                                            ", but at least 2 must be kept: a sink may have to go back by one");
  }
  take_ownership();
  remove_former_state_files(dir_);
  load_epochs();
  clear_orphans();
}

/// Out of the reach of an owner before that may be alive.
std::shared_ptr<lmdb_environment> lmdb_checkpoint_store::open_environment() {
  if (lock_.contested()) {
    renew_state_file(dir_);
    lock_.settle();
  }
  check_owner();
  refuse_lost_state();
  return std::make_shared<lmdb_environment>(current_state_file(dir_), environment_options(settings_));
}

/// The metadata file is written once there is state.
void lmdb_checkpoint_store::refuse_lost_state() const {
  const auto state = current_state_file(dir_);
  std::error_code none;
  const auto size = fs::file_size(state, none);
  if ((!none && size > 0) || !fs::exists(dir_ / metadata_file, none)) return;
  throw error(errc::checkpoint_corrupt,
              "the checkpoint " + dir_.string() + " has lost its state: " + state.string() +
                  " is empty or missing; restore it from a copy, or remove the directory to start anew");
}

void lmdb_checkpoint_store::write(std::string_view operation, std::size_t bytes,
                                  const std::function<void(const lmdb_transaction&)>& body) {
  write_as_owner(operation, bytes, [&](const lmdb_transaction& t) {
    body(t);
    if (sink_record_due_) t.put(table::sinks, "committed", seal("committed", sink_committed_->value));
  });
  sink_record_due_ = false;
}

/// Checked before, so that an owner that has been replaced writes nothing more, and after, so that it never takes for durable
/// what its successor may not have seen: a process can stop anywhere in between.
void lmdb_checkpoint_store::write_as_owner(std::string_view operation, std::size_t bytes,
                                           const std::function<void(const lmdb_transaction&)>& body) {
  environment_->write(operation, bytes, [&](const lmdb_transaction& t) {
    check_owner();
    body(t);
  });
  check_owner();
}

void lmdb_checkpoint_store::check_owner() const {
  if (lock_.held()) return;
  const auto pid = checkpoint_lock::last_owner(dir_);
  const auto who = !pid               ? "somebody who removed its lock"
                   : *pid == getpid() ? "another query of this process"
                                      : "the process with pid " + std::to_string(*pid);
  throw error(errc::checkpoint_taken_over, "the checkpoint " + dir_.string() + " has been taken over by " + who +
                                               ": this query ends, and what it had not committed is done there");
}

void lmdb_checkpoint_store::take_ownership() {
  const auto name = [&](std::string_view key) {
    return "meta record \"" + std::string(key) + "\" in " + environment_->file().string();
  };
  bool renewed = false;
  write_as_owner("open", 0, [&](const lmdb_transaction& t) {
    check_small_records(t);
    const auto stored = [&](std::string_view key) {
      const auto bytes = t.get(table::meta, key);
      return bytes ? unseal(key, *bytes, name(key)) : json();
    };
    const auto format = stored("format");
    const bool made = format.is_null();
    if (!made && (format < oldest_readable || format > format_version)) {
      throw error(errc::checkpoint_mismatch, "the checkpoint " + dir_.string() + " has the format " + format.dump() +
                                                 ", this release reads the formats " + std::to_string(oldest_readable) +
                                                 " to " + std::to_string(format_version));
    }
    // What is written from now on, an older release would misunderstand.
    renewed = format != format_version;
    if (renewed) t.put(table::meta, "format", seal("format", format_version));
    if (made) {
      t.put(table::meta, "query", seal("query", random_uuid()));
      t.put(table::meta, "created", seal("created", system_now().microseconds));
    }
    query_id_ = stored("query").get<std::string>();
    const auto owner = stored("owner");
    fencing_epoch_ = owner.is_null() ? 1 : owner.at("fencing").get<std::uint64_t>() + 1;
    t.put(table::meta, "owner", seal("owner", {{"fencing", fencing_epoch_}, {"pid", getpid()}}));
    if (const auto committed = t.get(table::sinks, "committed")) {
      sink_committed_ =
          epoch{unseal("committed", *committed, "sink record in " + environment_->file().string()).get<std::uint64_t>()};
    }
  });
  // A crash may have come between the environment's making and the file's.
  if (!renewed && fs::exists(dir_ / metadata_file)) return;
  if (!settings_.temporary) sync_directory_of_state(dir_);
  write_metadata();
  if (!settings_.temporary) sync_directory_of_state(dir_);
}

/// A damaged key would make a record look as if it had never been written.
void lmdb_checkpoint_store::check_small_records(const lmdb_transaction& t) const {
  static const std::set<std::string_view> known{"format", "query", "created",   "owner",
                                                "plan",   "first", "committed", transaction_key};
  for (const auto which : {table::meta, table::sinks, table::plans}) {
    t.each(which, [&](std::string_view key, std::string_view stored) {
      const bool named = which != table::plans;
      const auto name =
          (named ? "the record \"" + std::string(key) + "\"" : "the plan of epoch " + std::to_string(from_big_endian(key))) +
          " in " + environment_->file().string();
      if (named && !known.contains(key)) throw error(errc::checkpoint_corrupt, name + " is damaged: nothing has such a name");
      unseal(key, stored, name);
      return true;
    });
  }
}

void lmdb_checkpoint_store::write_metadata() const {
  std::ofstream out(dir_ / metadata_file);
  out << json{{"id", query_id_}, {"format", format_version}, {"store", state_file}}.dump(2) << "\n";
  if (!out.flush()) throw error(errc::storage_failed, "cannot write " + (dir_ / metadata_file).string());
}

std::string lmdb_checkpoint_store::epoch_name(epoch number) const {
  return "the record of epoch " + std::to_string(number.value) + " in " + environment_->file().string();
}

void lmdb_checkpoint_store::load_epochs() {
  run_pool pool;
  retained_.clear();
  read([&](const lmdb_transaction& t) {
    t.each(table::epochs, [&](std::string_view key, std::string_view stored) {
      const epoch number{from_big_endian(key)};
      auto& kept = retained_[number.value];
      try {
        kept.state = state_from_json(unseal(key, stored, epoch_name(number)), pool, epoch_name(number));
      } catch (const error& damage) {
        kept.damage = damage.what();
      }
      return true;
    });
    const auto last = t.last_key(table::segments);
    next_segment_ = std::max(next_segment_, last ? from_big_endian(*last) + 1 : 1);
  });
  current_ = retained_.empty() ? state_lists{} : retained_.rbegin()->second.state.value_or(state_lists{});
}

/// What merges wrote before a crash, and what was waiting to be cleared away.
void lmdb_checkpoint_store::clear_orphans() {
  garbage_.clear();
  std::unordered_set<std::uint64_t> wanted;
  for (const auto& [number, kept] : retained_) {
    if (!kept.state) return;  // What belongs to a damaged record is not known.
    for (const auto& [uid, list] : *kept.state) {
      for (const auto& r : list->runs) {
        wanted.insert(r->segments.begin(), r->segments.end());
        wanted.insert(r->keys.begin(), r->keys.end());
      }
    }
  }
  read([&](const lmdb_transaction& t) {
    t.each(table::segments, [&](std::string_view key, std::string_view) {
      if (const auto id = from_big_endian(key); !wanted.contains(id)) garbage_.push_back(id);
      return true;
    });
  });
  if (garbage_.empty()) return;
  write("clear away orphans in", 0, [&](const lmdb_transaction& t) {
    for (const auto id : garbage_) t.erase(table::segments, big_endian(id));
  });
  garbage_.clear();
}

json lmdb_checkpoint_store::plan_signature() const {
  const std::scoped_lock guard(mutex_);
  return read([&](const lmdb_transaction& t) {
    const auto stored = t.get(table::meta, "plan");
    return stored ? unseal("plan", *stored, "the plan signature in " + environment_->file().string()) : json();
  });
}

void lmdb_checkpoint_store::set_plan_signature(const json& signature) {
  const std::scoped_lock guard(mutex_);
  const auto sealed = seal("plan", signature);
  write("write the plan signature to", sealed.size(), [&](const lmdb_transaction& t) { t.put(table::meta, "plan", sealed); });
}

json lmdb_checkpoint_store::first_positions() const {
  const std::scoped_lock guard(mutex_);
  return read([&](const lmdb_transaction& t) {
    const auto stored = t.get(table::meta, "first");
    return stored ? unseal("first", *stored, "the first positions in " + environment_->file().string()) : json();
  });
}

void lmdb_checkpoint_store::set_first_positions(const json& positions) {
  const std::scoped_lock guard(mutex_);
  const auto sealed = seal("first", positions);
  write("write the first positions to", sealed.size(), [&](const lmdb_transaction& t) { t.put(table::meta, "first", sealed); });
}

std::optional<epoch_record> lmdb_checkpoint_store::newest() const {
  epoch number;
  {
    const std::scoped_lock guard(mutex_);
    if (retained_.empty()) return std::nullopt;
    number = newest_number();
  }
  return find(number);
}

std::optional<epoch_record> lmdb_checkpoint_store::find(epoch number) const {
  const std::scoped_lock guard(mutex_);
  return read([&](const lmdb_transaction& t) -> std::optional<epoch_record> {
    const auto key = big_endian(number.value);
    const auto stored = t.get(table::epochs, key);
    if (!stored) return std::nullopt;
    return record_from_json(unseal(key, *stored, epoch_name(number)), epoch_name(number));
  });
}

std::vector<epoch> lmdb_checkpoint_store::epochs() const {
  const std::scoped_lock guard(mutex_);
  std::vector<epoch> numbers;
  for (const auto& [number, kept] : retained_) numbers.push_back({number});
  return numbers;
}

void lmdb_checkpoint_store::put_plan(epoch number, const json& plan) {
  const std::scoped_lock guard(mutex_);
  const auto key = big_endian(number.value);
  const auto sealed = seal(key, plan);
  write("write the plan of epoch " + std::to_string(number.value) + " to", sealed.size(),
        [&](const lmdb_transaction& t) { t.put(table::plans, key, sealed); });
  failpoint("checkpoint.plan.after");
}

std::optional<json> lmdb_checkpoint_store::plan(epoch number) const {
  const std::scoped_lock guard(mutex_);
  return read([&](const lmdb_transaction& t) -> std::optional<json> {
    const auto key = big_endian(number.value);
    const auto stored = t.get(table::plans, key);
    if (!stored) return std::nullopt;
    return unseal(key, *stored, "the plan of epoch " + std::to_string(number.value) + " in " + environment_->file().string());
  });
}

std::unique_ptr<operator_state> lmdb_checkpoint_store::open_state(const std::string& uid, std::uint32_t instance,
                                                                  std::uint32_t parallelism, epoch at, state_store_kind kind) {
  const std::scoped_lock guard(mutex_);
  auto list = std::make_shared<const run_list>();
  if (at.value != 0) {
    refuse_damaged(at);
    const auto kept = retained_.find(at.value);
    if (kept == retained_.end()) {
      throw error(errc::checkpoint_mismatch,
                  "the checkpoint " + dir_.string() + " does not hold epoch " + std::to_string(at.value) + " any more");
    }
    if (const auto found = kept->second.state->find(uid); found != kept->second.state->end()) list = found->second;
  }
  auto mailbox = std::make_shared<state_mailbox>(environment_);
  watchers_.push_back({uid, mailbox});
  return std::make_unique<segment_state>(uid, group_range::of(instance, parallelism), kind, std::move(mailbox), at,
                                         std::move(list));
}

checkpoint_statistics lmdb_checkpoint_store::statistics() const {
  const std::scoped_lock guard(mutex_);
  auto result = counters_;
  for (const auto& [uid, list] : current_) {
    result.runs += list->runs.size();
    for (const auto& r : list->runs) {
      result.segments += r->segments.size();
      result.state_entries += r->entries;
      result.state_bytes += r->bytes;
    }
  }
  result.file_bytes = environment_->used_bytes();
  result.map_bytes = environment_->map_bytes();
  result.free_bytes = read([&](const lmdb_transaction& t) { return t.free_pages(); }) * environment_->page_bytes();
  return result;
}

json lmdb_checkpoint_store::describe() const {
  const std::scoped_lock guard(mutex_);
  return flow::describe(reader_);
}

json lmdb_checkpoint_store::verify() const {
  const std::scoped_lock guard(mutex_);
  return flow::verify(reader_);
}

void lmdb_checkpoint_store::copy_to(const fs::path& to) const {
  const std::scoped_lock guard(mutex_);
  flow::copy(*environment_, to);
}

std::unique_ptr<checkpoint_store> checkpoint_store::open(const fs::path& dir, checkpoint_settings settings) {
  return std::make_unique<lmdb_checkpoint_store>(dir, std::move(settings));
}

}  // namespace flow
