#include "flow/checkpoint.hpp"

#include <unistd.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <random>
#include <set>
#include <unordered_set>

#include "checkpoint/checkpoint_lock.hpp"
#include "checkpoint/checkpoint_report.hpp"
#include "checkpoint/compaction.hpp"
#include "checkpoint/lmdb_environment.hpp"
#include "checkpoint/record_codec.hpp"
#include "checkpoint/state_generation.hpp"
#include "flow/clock.hpp"
#include "flow/error.hpp"
#include "flow/failpoint.hpp"
#include "state/operator_state.hpp"

namespace flow {
namespace {

using json = nlohmann::json;
namespace fs = std::filesystem;

/// 2: runs whose values lie in segments apart from their keys. 3: sources have logs; without one, all is in the position.
constexpr int format_version = 3;
constexpr int oldest_readable = 2;
/// Segments cleared away in one transaction: bounds what a commit does besides its own work.
constexpr std::size_t cleared_at_once = 64;

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

/// Removes a temporary checkpoint's directory, after everything in it is closed.
struct directory_remover {
  fs::path dir;

  explicit directory_remover(fs::path d) : dir(std::move(d)) {}
  directory_remover(const directory_remover&) = delete;
  directory_remover& operator=(const directory_remover&) = delete;
  ~directory_remover() {
    std::error_code ignored;
    if (!dir.empty()) fs::remove_all(dir, ignored);
  }
};

/// Keys that lie in segments of their own, which later epochs' values refer to.
struct stored_keys {
  struct piece {
    std::uint64_t id;
    std::size_t size;
  };
  std::shared_ptr<const key_list> keys;
  std::uint16_t lane = 0;
  std::vector<piece> pieces;
};
/// By operator and instance: those that the newest whole delta names.
using key_registry = std::map<std::pair<std::string, std::uint32_t>, std::vector<stored_keys>>;

/// Writes deltas as segments of at most about `segment_bytes`.
class delta_writer {
 public:
  delta_writer(const lmdb_transaction& transaction, std::uint64_t& next_id, key_registry& known, std::size_t segment_bytes)
      : transaction_(transaction), next_id_(next_id), known_(known), segment_bytes_(segment_bytes) {}

  void write(const instance_delta& from, std::uint64_t epoch, run& into) {
    const segment_origin origin{epoch, epoch, group_range::of(from.instance, from.parallelism)};
    from.delta->whole() ? write_whole(from, origin, into) : write_changes(from, origin, into);
  }

 private:
  void write_changes(const instance_delta& from, const segment_origin& origin, run& into) {
    std::vector<std::uint32_t> order;
    if (!from.delta->sorted()) order = from.delta->sorted_order();
    const ordered_delta source{from.delta.get(), order.empty() ? nullptr : &order};
    for (std::size_t i = 0; i < source.size(); ++i) {
      const auto entry = source.entry(i);
      if (!origin.groups.contains(entry.group)) refuse_group(from, entry.group);
      builder_.add(entry);
      if (builder_.bytes() >= segment_bytes_) store(origin, into);
    }
    if (!builder_.empty()) store(origin, into);
  }

  /// Keys that are stored already are not written again.
  void write_whole(const instance_delta& from, segment_origin origin, run& into) {
    auto& known = known_[{from.uid, from.instance}];
    std::vector<stored_keys> named;
    const auto value_size = from.delta->value_size();
    for (const auto& column : from.delta->columns()) {
      auto at = std::find_if(known.begin(), known.end(), [&](const auto& k) { return k.keys == column.keys; });
      if (at == known.end()) {
        origin.lane = free_lane(known);
        at = known.insert(at, write_keys(from, column.keys, origin));
      }
      named.push_back(*at);
      std::size_t from_key = 0;
      for (const auto& piece : named.back().pieces) {
        const std::string_view values(column.values.data() + from_key * value_size, piece.size * value_size);
        const value_segment segment{values, static_cast<std::uint32_t>(piece.size), value_size, piece.id};
        const auto id = next_id_++;
        segment.write(transaction_.reserve(table::segments, big_endian(id), segment.bytes()), origin);
        into.keys.resize(into.segments.size());
        into.segments.push_back(id);
        into.keys.push_back(piece.id);
        into.entries += piece.size;
        into.bytes += segment.bytes();
        from_key += piece.size;
      }
    }
    known = std::move(named);
  }

  /// Two lists in one run must not be taken for one.
  static std::uint16_t free_lane(const std::vector<stored_keys>& known) {
    std::uint16_t lane = 0;
    while (std::any_of(known.begin(), known.end(), [&](const auto& k) { return k.lane == lane; })) ++lane;
    return lane;
  }

  stored_keys write_keys(const instance_delta& from, const std::shared_ptr<const key_list>& keys,
                         const segment_origin& origin) {
    stored_keys stored{keys, origin.lane, {}};
    const auto end_piece = [&] {
      stored.pieces.push_back({next_id_, builder_.entries()});
      builder_.write(transaction_.reserve(table::segments, big_endian(next_id_++), builder_.bytes()), origin);
      builder_.clear();
    };
    for (std::size_t i = 0; i < keys->size(); ++i) {
      if (!origin.groups.contains(keys->groups[i])) refuse_group(from, keys->groups[i]);
      builder_.add({keys->key(i), {}, keys->groups[i], false});
      if (builder_.bytes() >= segment_bytes_) end_piece();
    }
    if (!builder_.empty()) end_piece();
    return stored;
  }

  void store(const segment_origin& origin, run& into) {
    const auto id = next_id_++;
    builder_.write(transaction_.reserve(table::segments, big_endian(id), builder_.bytes()), origin);
    into.segments.push_back(id);
    if (!into.keys.empty()) into.keys.push_back(0);
    into.entries += builder_.entries();
    into.bytes += builder_.bytes();
    builder_.clear();
  }

  [[noreturn]] static void refuse_group(const instance_delta& from, key_group group) {
    throw error(errc::illegal_state, "instance " + std::to_string(from.instance) + " of " + std::to_string(from.parallelism) +
                                         " of operator \"" + from.uid + "\" changed a key of group " +
                                         std::to_string(group.value) +
                                         ", which another instance owns: the key could not be restored");
  }

  const lmdb_transaction& transaction_;
  std::uint64_t& next_id_;
  key_registry& known_;
  std::size_t segment_bytes_;
  segment_builder builder_;
};

class lmdb_checkpoint_store final : public checkpoint_store {
 public:
  lmdb_checkpoint_store(const fs::path& dir, checkpoint_settings settings);

  std::string query_id() const override { return query_id_; }
  std::uint64_t fencing_epoch() const override { return fencing_epoch_; }
  void check_owner() const override;
  json plan_signature() const override;
  void set_plan_signature(const json& signature) override;
  json first_positions() const override;
  void set_first_positions(const json& positions) override;
  std::optional<epoch_record> newest() const override;
  std::optional<epoch_record> find(epoch number) const override;
  std::vector<epoch> epochs() const override;
  void put_plan(epoch number, const json& plan) override;
  std::optional<json> plan(epoch number) const override;
  void commit(const epoch_record& record, const std::vector<instance_delta>& deltas) override;
  void sink_committed(epoch number) override;
  std::optional<epoch> last_sink_committed() const override;
  void roll_back_to(epoch number, bool keep_next_plan) override;
  std::unique_ptr<operator_state> open_state(const std::string& uid, std::uint32_t instance, std::uint32_t parallelism,
                                             epoch at, state_store_kind kind) override;
  bool compact(std::size_t budget) override;
  checkpoint_statistics statistics() const override;
  json describe() const override;
  json verify() const override;
  void copy_to(const fs::path& to) const override;

 private:
  /// A retained epoch; without lists if its record is damaged.
  struct retained_epoch {
    std::optional<state_lists> state;
    std::string damage;
  };
  struct unsaved_segment {
    std::uint64_t id;
    std::string bytes;
  };
  struct watcher {
    std::string uid;
    std::weak_ptr<state_mailbox> mailbox;
  };

  template <class Body>
  auto read(Body body) const;
  void write(std::string_view operation, std::size_t bytes, const std::function<void(const lmdb_transaction&)>& body);
  void write_as_owner(std::string_view operation, std::size_t bytes, const std::function<void(const lmdb_transaction&)>& body);

  std::shared_ptr<lmdb_environment> open_environment();
  void take_ownership();
  void check_small_records(const lmdb_transaction& t) const;
  void write_metadata() const;
  void load_epochs();
  void clear_orphans();
  std::string epoch_name(epoch number) const;
  void refuse_damaged(epoch number) const;
  epoch newest_number() const { return retained_.empty() ? epoch{} : epoch{retained_.rbegin()->first}; }

  state_lists add_runs(const lmdb_transaction& t, const epoch_record& record, const std::vector<instance_delta>& deltas,
                       std::uint64_t& next_id, key_registry& known) const;
  std::vector<std::uint64_t> epochs_to_drop(std::uint64_t newest) const;
  void erase_plans(const lmdb_transaction& t, const std::function<bool(std::uint64_t)>& which) const;
  void collect_garbage(const std::vector<std::uint64_t>& dropped);
  void discard_unreferenced(const std::vector<run_ptr>& candidates);
  void discard_keys(const std::vector<std::uint64_t>& candidates, const std::unordered_set<const run*>& referenced);
  void abandon_merges();
  std::unordered_set<const run*> referenced_runs() const;
  void publish(epoch number);

  bool start_merge();
  void step_merge(std::size_t& budget);
  void store_merged(compaction_job& job);
  void finish_merge();
  bool is_busy(const std::string& uid, const run_ptr& r) const;
  std::uint64_t unsaved_bytes() const;

  mutable std::mutex mutex_;
  fs::path dir_;
  checkpoint_settings settings_;
  directory_remover remover_;
  checkpoint_lock lock_;
  std::shared_ptr<lmdb_environment> environment_;
  mutable lmdb_reader reader_;

  std::string query_id_;
  std::uint64_t fencing_epoch_ = 0;
  std::map<std::uint64_t, retained_epoch> retained_;
  state_lists current_;  ///< Of the newest epoch, with merges that the next commit will record.
  std::uint64_t next_segment_ = 1;
  key_registry known_keys_;
  std::deque<std::uint64_t> garbage_;  ///< Segments no epoch refers to.
  std::vector<unsaved_segment>
      unsaved_;  ///< Small merges' segments, saved by the next commit instead of a transaction of their own.
  std::vector<compaction_job> jobs_;  ///< Largest first; the last one is worked on.
  std::optional<epoch> sink_committed_;
  bool sink_record_due_ = false;
  std::vector<watcher> watchers_;
  checkpoint_statistics counters_;
};

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
  return std::make_shared<lmdb_environment>(current_state_file(dir_), environment_options(settings_));
}

template <class Body>
auto lmdb_checkpoint_store::read(Body body) const {
  const std::scoped_lock guard(reader_);
  struct ending {
    lmdb_reader& reader;
    ~ending() { reader.end(); }
  } const end{reader_};
  return body(reader_.transaction());
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

void lmdb_checkpoint_store::refuse_damaged(epoch number) const {
  const auto kept = retained_.find(number.value);
  if (kept != retained_.end() && !kept->second.state) {
    throw error(errc::checkpoint_corrupt,
                kept->second.damage + "; roll back to an older epoch, or restore the file from a copy");
  }
}

state_lists lmdb_checkpoint_store::add_runs(const lmdb_transaction& t, const epoch_record& record,
                                            const std::vector<instance_delta>& deltas, std::uint64_t& next_id,
                                            key_registry& known) const {
  std::map<std::string, std::vector<const instance_delta*>> by_uid;
  for (const auto& d : deltas) {
    if (d.delta && !d.delta->empty()) by_uid[d.uid].push_back(&d);
  }
  auto lists = current_;
  delta_writer writer(t, next_id, known, settings_.segment_bytes);
  for (auto& [uid, parts] : by_uid) {
    std::sort(parts.begin(), parts.end(), [](const auto* a, const auto* b) { return a->instance < b->instance; });
    auto added = std::make_shared<run>();
    added->first_epoch = added->last_epoch = record.number.value;
    for (const auto* part : parts) writer.write(*part, record.number.value, *added);
    auto& list = lists[uid];
    auto longer = list ? std::make_shared<run_list>(*list) : std::make_shared<run_list>();
    longer->parallelism = parts.front()->parallelism;
    // What all instances hold takes the place of all there was.
    const bool whole = std::all_of(parts.begin(), parts.end(), [](const auto* part) { return part->delta->whole(); });
    if (whole && parts.size() == longer->parallelism) longer->runs.clear();
    longer->runs.insert(longer->runs.begin(), std::move(added));
    list = std::move(longer);
  }
  return lists;
}

std::vector<std::uint64_t> lmdb_checkpoint_store::epochs_to_drop(std::uint64_t newest) const {
  std::vector<std::uint64_t> dropped;
  auto kept = retained_.size() + 1;
  for (const auto& [number, record] : retained_) {
    const bool needed_by_sink = sink_committed_ && number >= sink_committed_->value;
    if (kept <= static_cast<std::size_t>(settings_.epochs_retained) || needed_by_sink || number >= newest) break;
    dropped.push_back(number);
    --kept;
  }
  return dropped;
}

void lmdb_checkpoint_store::erase_plans(const lmdb_transaction& t, const std::function<bool(std::uint64_t)>& which) const {
  std::vector<std::string> keys;
  t.each(table::plans, [&](std::string_view key, std::string_view) {
    if (which(from_big_endian(key))) keys.emplace_back(key);
    return true;
  });
  for (const auto& key : keys) t.erase(table::plans, key);
}

void lmdb_checkpoint_store::commit(const epoch_record& record, const std::vector<instance_delta>& deltas) {
  const std::scoped_lock guard(mutex_);
  const auto number = record.number.value;
  if (number <= newest_number().value) {
    throw error(errc::illegal_state, "epoch " + std::to_string(number) + " cannot be committed after epoch " +
                                         std::to_string(newest_number().value) + " in " + dir_.string());
  }
  refuse_damaged(newest_number());
  failpoint("checkpoint.commit.before");
  auto bytes = unsaved_bytes();
  for (const auto& d : deltas) bytes += d.delta ? d.delta->stored_bytes() : 0;
  const auto dropped = epochs_to_drop(number);
  const auto cleared = std::min(cleared_at_once, garbage_.size());
  state_lists lists;
  std::uint64_t next_id = 0;
  key_registry known;
  write("commit epoch " + std::to_string(number) + " to", bytes, [&](const lmdb_transaction& t) {
    next_id = next_segment_;
    for (const auto& segment : unsaved_) t.put(table::segments, big_endian(segment.id), segment.bytes);
    known = known_keys_;
    lists = add_runs(t, record, deltas, next_id, known);
    const auto key = big_endian(number);
    t.put(table::epochs, key, seal(key, to_json(record, lists)));
    erase_plans(t, [&](std::uint64_t planned) { return planned <= number; });
    for (const auto old : dropped) t.erase(table::epochs, big_endian(old));
    for (std::size_t i = 0; i < cleared; ++i) t.erase(table::segments, big_endian(garbage_[i]));
    failpoint("checkpoint.commit.segments");
  });
  next_segment_ = next_id;
  known_keys_ = std::move(known);
  unsaved_.clear();
  garbage_.erase(garbage_.begin(), garbage_.begin() + static_cast<std::ptrdiff_t>(cleared));
  const auto before = std::exchange(current_, std::move(lists));
  retained_[number].state = current_;
  abandon_merges();
  collect_garbage(dropped);
  std::vector<run_ptr> replaced;
  for (const auto& [uid, list] : before) replaced.insert(replaced.end(), list->runs.begin(), list->runs.end());
  discard_unreferenced(replaced);
  ++counters_.commits;
  counters_.bytes_written += bytes;
  publish(record.number);
  failpoint("checkpoint.commit.after");
}

std::unordered_set<const run*> lmdb_checkpoint_store::referenced_runs() const {
  std::unordered_set<const run*> referenced;
  const auto add = [&](const state_lists& lists) {
    for (const auto& [uid, list] : lists) {
      for (const auto& r : list->runs) referenced.insert(r.get());
    }
  };
  for (const auto& [number, kept] : retained_) {
    if (kept.state) add(*kept.state);
  }
  add(current_);
  return referenced;
}

/// Forgets these epochs, whose records are gone, and notes the segments that only they referred to.
void lmdb_checkpoint_store::collect_garbage(const std::vector<std::uint64_t>& dropped) {
  std::vector<run_ptr> candidates;
  for (const auto number : dropped) {
    const auto old = std::move(retained_.extract(number).mapped());
    if (!old.state) continue;
    for (const auto& [uid, list] : *old.state) candidates.insert(candidates.end(), list->runs.begin(), list->runs.end());
  }
  discard_unreferenced(candidates);
}

void lmdb_checkpoint_store::discard_unreferenced(const std::vector<run_ptr>& candidates) {
  if (candidates.empty()) return;
  const auto referenced = referenced_runs();
  auto seen = referenced;
  std::vector<std::uint64_t> keys;
  for (const auto& r : candidates) {
    if (!seen.insert(r.get()).second) continue;
    garbage_.insert(garbage_.end(), r->segments.begin(), r->segments.end());
    keys.insert(keys.end(), r->keys.begin(), r->keys.end());
  }
  if (!keys.empty()) discard_keys(keys, referenced);
}

/// Several runs may share a segment of keys.
void lmdb_checkpoint_store::discard_keys(const std::vector<std::uint64_t>& candidates,
                                         const std::unordered_set<const run*>& referenced) {
  std::unordered_set<std::uint64_t> seen{0};
  for (const auto* r : referenced) seen.insert(r->keys.begin(), r->keys.end());
  std::unordered_set<std::uint64_t> discarded;
  for (const auto id : candidates) {
    if (seen.insert(id).second) discarded.insert(id);
  }
  garbage_.insert(garbage_.end(), discarded.begin(), discarded.end());
  for (auto& [instance, known] : known_keys_) {
    std::erase_if(known, [&](const stored_keys& stored) {
      return std::any_of(stored.pieces.begin(), stored.pieces.end(), [&](const auto& p) { return discarded.contains(p.id); });
    });
  }
}

/// Those whose runs have been replaced as a whole.
void lmdb_checkpoint_store::abandon_merges() {
  std::erase_if(jobs_, [this](const compaction_job& job) {
    const auto& runs = current_.at(job.uid())->runs;
    if (std::find(runs.begin(), runs.end(), job.inputs().front()) != runs.end()) return false;
    const auto& written = job.result().segments;
    garbage_.insert(garbage_.end(), written.begin(), written.end());
    return true;
  });
}

void lmdb_checkpoint_store::publish(epoch number) {
  static const auto nothing = std::make_shared<const run_list>();
  std::erase_if(watchers_, [&](const watcher& w) {
    const auto mailbox = w.mailbox.lock();
    if (!mailbox) return true;
    const auto list = current_.find(w.uid);
    mailbox->publish(number, list == current_.end() ? nothing : list->second);
    return false;
  });
}

void lmdb_checkpoint_store::sink_committed(epoch number) {
  const std::scoped_lock guard(mutex_);
  sink_committed_ = number;
  sink_record_due_ = true;
}

std::optional<epoch> lmdb_checkpoint_store::last_sink_committed() const {
  const std::scoped_lock guard(mutex_);
  return sink_committed_;
}

void lmdb_checkpoint_store::roll_back_to(epoch number, bool keep_next_plan) {
  const std::scoped_lock guard(mutex_);
  if (number.value != 0 && !retained_.contains(number.value)) {
    std::string known;
    for (const auto& [each, kept] : retained_) known += (known.empty() ? "" : ", ") + std::to_string(each);
    throw error(errc::checkpoint_mismatch, "the checkpoint " + dir_.string() + " cannot go back to epoch " +
                                               std::to_string(number.value) + ": it holds " + (known.empty() ? "none" : known) +
                                               "; raise minBatchesToRetain to keep more");
  }
  refuse_damaged(number);
  if (sink_committed_ && *sink_committed_ > number) {
    sink_committed_ = number;
    sink_record_due_ = true;
  }
  write("roll back", 0, [&](const lmdb_transaction& t) {
    for (auto later = retained_.upper_bound(number.value); later != retained_.end(); ++later) {
      t.erase(table::epochs, big_endian(later->first));
    }
    erase_plans(
        t, [&](std::uint64_t planned) { return planned > number.value && !(keep_next_plan && planned == number.value + 1); });
  });
  jobs_.clear();
  unsaved_.clear();
  known_keys_.clear();
  load_epochs();
  clear_orphans();
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

bool lmdb_checkpoint_store::is_busy(const std::string& uid, const run_ptr& r) const {
  const bool merging =
      std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& job) { return job.uid() == uid && job.uses(r); });
  return merging || std::any_of(unsaved_.begin(), unsaved_.end(), [&](const auto& segment) {
           return std::find(r->segments.begin(), r->segments.end(), segment.id) != r->segments.end();
         });
}

std::uint64_t lmdb_checkpoint_store::unsaved_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& segment : unsaved_) bytes += segment.bytes.size();
  return bytes;
}

/// Small merges go before a large one under way, so that runs do not pile up meanwhile.
bool lmdb_checkpoint_store::start_merge() {
  for (const auto& [uid, list] : current_) {
    const auto& runs = list->runs;
    for (std::size_t begin = 0; begin < runs.size();) {
      auto end = begin;
      while (end < runs.size() && !is_busy(uid, runs[end])) ++end;
      if (const auto choice = choose_merge(std::span(runs).subspan(begin, end - begin))) {
        const auto first = runs.begin() + static_cast<std::ptrdiff_t>(begin + choice->begin);
        std::vector<run_ptr> inputs(first, first + static_cast<std::ptrdiff_t>(choice->count));
        const bool bottom = inputs.back() == runs.back();
        compaction_job job(uid, std::move(inputs), bottom, list->parallelism, settings_.segment_bytes);
        if (jobs_.empty() || 4 * job.input_bytes() <= jobs_.back().input_bytes()) {
          jobs_.push_back(std::move(job));
          return true;
        }
      }
      begin = std::max(end, begin + 1);
    }
  }
  return false;
}

void lmdb_checkpoint_store::store_merged(compaction_job& job) {
  const auto id = next_segment_++;
  const auto& segment = job.segment();
  const bool small = 2 * job.input_bytes() <= settings_.segment_bytes && unsaved_bytes() <= settings_.segment_bytes;
  counters_.bytes_written += segment.bytes();
  if (small) {
    unsaved_.push_back({id, segment.build(job.origin())});
  } else {
    write("write merged state to", segment.bytes(), [&](const lmdb_transaction& t) {
      segment.write(t.reserve(table::segments, big_endian(id), segment.bytes()), job.origin());
    });
  }
  job.written(id);
}

void lmdb_checkpoint_store::finish_merge() {
  const auto job = std::move(jobs_.back());
  jobs_.pop_back();
  auto& list = current_.at(job.uid());
  auto shorter = std::make_shared<run_list>(*list);
  const auto first = std::find(shorter->runs.begin(), shorter->runs.end(), job.inputs().front());
  const auto at = shorter->runs.erase(first, first + static_cast<std::ptrdiff_t>(job.inputs().size()));
  if (!job.result().segments.empty()) shorter->runs.insert(at, std::make_shared<const run>(job.result()));
  list = std::move(shorter);
  discard_unreferenced(job.inputs());
  ++counters_.compactions;
  failpoint("checkpoint.compact.after");
}

void lmdb_checkpoint_store::step_merge(std::size_t& budget) {
  auto& job = jobs_.back();
  const auto done = read([&](const lmdb_transaction& t) { return job.step(t, environment_->file(), budget); });
  if (done == compaction_job::progress::segment_ready) store_merged(job);
  if (done == compaction_job::progress::finished) finish_merge();
}

bool lmdb_checkpoint_store::compact(std::size_t budget) {
  const std::scoped_lock guard(mutex_);
  if (!retained_.empty() && !retained_.rbegin()->second.state) return false;
  if (garbage_.size() > cleared_at_once) {
    write("clear away old state in", 0, [&](const lmdb_transaction& t) {
      for (std::size_t i = 0; i < cleared_at_once; ++i) t.erase(table::segments, big_endian(garbage_[i]));
    });
    garbage_.erase(garbage_.begin(), garbage_.begin() + static_cast<std::ptrdiff_t>(cleared_at_once));
    return true;
  }
  bool worked = false;
  while (budget > 0) {
    if (start_merge()) failpoint("checkpoint.compact.before");
    if (jobs_.empty()) return worked;
    step_merge(budget);
    worked = true;
  }
  return true;
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

}  // namespace

std::unique_ptr<checkpoint_store> checkpoint_store::open(const fs::path& dir, checkpoint_settings settings) {
  return std::make_unique<lmdb_checkpoint_store>(dir, std::move(settings));
}

}  // namespace flow
