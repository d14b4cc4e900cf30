#include "checkpoint/checkpoint_report.hpp"

#include <unistd.h>

#include <mutex>
#include <set>

#include "checkpoint/checkpoint_lock.hpp"
#include "checkpoint/record_codec.hpp"
#include "flow/checkpoint.hpp"
#include "flow/error.hpp"
#include "state/merge_cursor.hpp"
#include "state/operator_state.hpp"
#include "state/segment.hpp"

namespace flow {
namespace {

using json = nlohmann::json;
namespace fs = std::filesystem;

std::string record_name(std::string_view kind, std::string_view key, const fs::path& file) {
  return std::string(kind) + " " + std::to_string(from_big_endian(key)) + " in " + file.string();
}

/// Runs `body` with a transaction of `reader`.
template <class Body>
auto reading(lmdb_reader& reader, Body body) {
  const std::scoped_lock guard(reader);
  struct ending {
    lmdb_reader& reader;
    ~ending() { reader.end(); }
  } const end{reader};
  return body(reader.transaction());
}

/// Gives segments' bytes by their ids.
auto fetch_segment(const lmdb_transaction& t, const std::string& name) {
  return [&t, &name](std::uint64_t wanted) {
    const auto bytes = t.get(table::segments, big_endian(wanted));
    if (!bytes) throw error(errc::checkpoint_corrupt, name + " is missing");
    return *bytes;
  };
}

json describe_meta(const lmdb_transaction& t, const fs::path& file) {
  auto meta = json::object();
  t.each(table::meta, [&](std::string_view key, std::string_view stored) {
    try {
      meta[std::string(key)] = unseal(key, stored, "meta record \"" + std::string(key) + "\" in " + file.string());
    } catch (const error& damage) {
      meta[std::string(key)] = {{"damaged", damage.what()}};
    }
    return true;
  });
  return meta;
}

json describe_records(const lmdb_transaction& t, table which, std::string_view kind, const fs::path& file) {
  auto records = json::array();
  t.each(which, [&](std::string_view key, std::string_view stored) {
    try {
      auto content = unseal(key, stored, record_name(kind, key, file));
      if (which == table::plans) content = {{"epoch", from_big_endian(key)}, {"plan", std::move(content)}};
      records.push_back(std::move(content));
    } catch (const error& damage) {
      records.push_back({{"epoch", from_big_endian(key)}, {"damaged", damage.what()}});
    }
    return true;
  });
  return records;
}

/// The entries of a source's log.
json describe_log(const lmdb_transaction& t, const run_list& list, const std::string& name, const fs::path& file) {
  const auto check = [&](segment_slot& slot) {
    const auto& origin = slot.view.origin();
    slot.view.verify(segment_name(name, slot.id, origin.first_epoch, origin.last_epoch, file));
    slot.checked = true;
  };
  std::vector<std::vector<lane>> runs;
  for (const auto& r : list.runs) {
    auto& lanes = runs.emplace_back();
    for (std::size_t i = 0; i < r->segments.size(); ++i) {
      const auto id = r->segments[i];
      const auto text = segment_name(name, id, r->first_epoch, r->last_epoch, file);
      add_to_lanes(lanes, {id, view_segment(*r, i, text, fetch_segment(t, text)), false});
    }
  }
  merge_cursor cursor(check);
  for (auto& lanes : runs) {
    for (auto& each : lanes) cursor.add(each);
  }
  auto entries = json::object();
  for (cursor.seek({}); cursor.valid(); cursor.next()) {
    const auto& e = cursor.entry();
    if (!e.erased) entries[std::string(e.key)] = json::parse(e.value, nullptr, false);
  }
  return entries;
}

/// What the sources remember as of the newest epoch, by their numbers.
json describe_logs(const lmdb_transaction& t, const json& epochs, const fs::path& file) {
  auto logs = json::object();
  if (epochs.empty() || !epochs.back().contains("state")) return logs;
  run_pool pool;
  for (const auto& [uid, list] : state_from_json(epochs.back(), pool, "the newest epoch's record in " + file.string())) {
    if (!uid.starts_with(source_log_prefix)) continue;
    auto& log = logs[uid.substr(source_log_prefix.size())];
    try {
      log = describe_log(t, *list, uid, file);
    } catch (const error& damage) {
      log = {{"damaged", damage.what()}};
    }
  }
  return logs;
}

/// What the newest record says of each operator, added up.
json summarize_operators(const json& epochs) {
  auto operators = json::object();
  if (epochs.empty() || !epochs.back().contains("state")) return operators;
  for (const auto& [uid, list] : epochs.back().at("state").items()) {
    if (uid.starts_with(source_log_prefix)) continue;
    std::uint64_t entries = 0, bytes = 0, segments = 0;
    for (const auto& r : list.at("runs")) {
      entries += r.at("entries").get<std::uint64_t>();
      bytes += r.at("bytes").get<std::uint64_t>();
      for (const auto& range : r.at("segments")) segments += range.at(1).get<std::uint64_t>();
    }
    operators[uid] = {{"parallelism", list.at("parallelism")},
                      {"runs", list.at("runs").size()},
                      {"segments", segments},
                      {"entries", entries},
                      {"bytes", bytes}};
  }
  return operators;
}

/// Collects what is wrong instead of stopping at the first of it.
class verifier {
 public:
  verifier(const lmdb_transaction& transaction, const fs::path& file) : transaction_(transaction), file_(file) {}

  json report() {
    check_records(table::meta, "meta record");
    check_records(table::plans, "plan of epoch");
    check_records(table::sinks, "sink record");
    check_epochs();
    return {{"ok", problems_.empty()}, {"problems", problems_}, {"epochs", epochs_}, {"segments", checked_.size()}};
  }

 private:
  template <class Check>
  void attempt(Check check) {
    try {
      check();
    } catch (const error& problem) {
      problems_.push_back(problem.what());
    }
  }

  void check_records(table which, std::string_view kind) {
    attempt([&] {
      transaction_.each(which, [&](std::string_view key, std::string_view stored) {
        const auto name = which == table::meta ? std::string(kind) + " \"" + std::string(key) + "\" in " + file_.string()
                                               : record_name(kind, key, file_);
        attempt([&] { unseal(key, stored, name); });
        return true;
      });
    });
  }

  void check_epochs() {
    run_pool pool;
    attempt([&] {
      transaction_.each(table::epochs, [&](std::string_view key, std::string_view stored) {
        ++epochs_;
        attempt([&] {
          const auto name = record_name("the record of epoch", key, file_);
          const auto content = unseal(key, stored, name);
          record_from_json(content, name);
          for (const auto& [uid, list] : state_from_json(content, pool, name)) {
            for (const auto& r : list->runs) check_run(uid, *r, from_big_endian(key));
          }
        });
        return true;
      });
    });
  }

  void check_run(const std::string& uid, const run& r, std::uint64_t epoch) {
    std::uint64_t entries = 0;
    bool whole = true;
    for (std::size_t i = 0; i < r.segments.size(); ++i) {
      const auto id = r.segments[i];
      const auto name = segment_name(uid, id, r.first_epoch, r.last_epoch, file_) + ", of which epoch " +
                        std::to_string(epoch) + " consists,";
      attempt([&] {
        whole = false;
        const auto view = view_segment(r, i, name, fetch_segment(transaction_, name));
        if (checked_.insert(id).second) {
          view.verify(name);
          check_order(view, name);
        }
        entries += view.size();
        whole = true;
      });
      if (!whole) return;
    }
    if (entries != r.entries) {
      problems_.push_back("operator \"" + uid + "\" has a run of " + std::to_string(entries) + " entries where epoch " +
                          std::to_string(epoch) + " expects " + std::to_string(r.entries));
    }
  }

  static void check_order(const segment_view& view, const std::string& name) {
    for (std::uint32_t i = 1; i < view.size(); ++i) {
      if (view.key(i - 1) < view.key(i)) continue;
      throw error(errc::checkpoint_corrupt, name + " is damaged: its keys are not in order");
    }
  }

  const lmdb_transaction& transaction_;
  const fs::path& file_;
  std::vector<std::string> problems_;
  std::set<std::uint64_t> checked_;
  std::uint64_t epochs_ = 0;
};

std::shared_ptr<lmdb_environment> open_to_read(const fs::path& dir) {
  const auto file = current_state_file(dir);
  if (!fs::exists(file)) {
    throw error(errc::unreadable_input, "there is no checkpoint in " + dir.string() + ": " + file.string() +
                                            " does not exist; give the directory that was the query's checkpointLocation");
  }
  lmdb_options options;
  options.read_only = true;
  // LMDB may not open a file with locks twice in a process: closing one would drop the locks of the other.
  options.no_lock = checkpoint_lock::last_owner(dir) == getpid();
  options.map_bytes = 0;
  return std::make_shared<lmdb_environment>(file, options);
}

}  // namespace

json describe(lmdb_reader& reader) {
  const auto& environment = reader.environment();
  return reading(reader, [&](const lmdb_transaction& t) {
    json report = {{"file", environment.file().string()},
                   {"fileBytes", environment.used_bytes()},
                   {"freeBytes", t.free_pages() * environment.page_bytes()},
                   {"meta", describe_meta(t, environment.file())},
                   {"epochs", describe_records(t, table::epochs, "the record of epoch", environment.file())},
                   {"plans", describe_records(t, table::plans, "the plan of epoch", environment.file())}};
    report["operators"] = summarize_operators(report.at("epochs"));
    report["sourceLogs"] = describe_logs(t, report.at("epochs"), environment.file());
    const auto committed = t.get(table::sinks, "committed");
    report["sinkCommitted"] =
        committed ? unseal("committed", *committed, "sink record in " + environment.file().string()) : json(nullptr);
    return report;
  });
}

json verify(lmdb_reader& reader) {
  return reading(reader, [&](const lmdb_transaction& t) { return verifier(t, reader.environment().file()).report(); });
}

void copy(const lmdb_environment& environment, const fs::path& to) {
  std::error_code failed;
  fs::create_directories(to, failed);
  if (failed) throw error(errc::storage_failed, "cannot make the directory " + to.string() + ": " + failed.message());
  const auto file = to / state_file;
  if (fs::exists(file)) {
    throw error(errc::unwritable_output, to.string() + " holds a checkpoint already: copy to a new directory");
  }
  // Complete under another name first, so that half a copy is never taken for a checkpoint.
  const auto partial = to / "state.lmdb.partial";
  fs::remove(partial, failed);
  environment.copy_to(partial);
  fs::rename(partial, file);
  const auto metadata = environment.file().parent_path() / metadata_file;
  if (fs::exists(metadata)) fs::copy_file(metadata, to / metadata_file, fs::copy_options::overwrite_existing);
}

json describe_checkpoint(const fs::path& dir) {
  lmdb_reader reader(open_to_read(dir));
  return describe(reader);
}

json verify_checkpoint(const fs::path& dir) {
  std::shared_ptr<lmdb_environment> environment;
  try {
    environment = open_to_read(dir);
  } catch (const error& problem) {
    if (problem.code() == errc::unreadable_input) throw;
    return {{"ok", false}, {"problems", {problem.what()}}};
  }
  lmdb_reader reader(environment);
  return verify(reader);
}

void copy_checkpoint(const fs::path& from, const fs::path& to) { copy(*open_to_read(from), to); }

}  // namespace flow
