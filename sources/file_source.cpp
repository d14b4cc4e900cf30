#include "sources/file_source.hpp"

#include <strings.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include <arrow/api.h>

#include "flow/clock.hpp"
#include "flow/error.hpp"
#include "flow/row_codec.hpp"
#include "flow/state.hpp"
#include "sources/file_input.hpp"
#include "sources/file_log.hpp"

namespace flow {
namespace {

/// A larger file is read by several readers.
constexpr std::int64_t chunk_bytes = 32 << 20;

/// A directory changed less than this before it was listed may have changed again within its clock's grain.
constexpr std::int64_t settled_micros = 2'000'000;

/// What the log's keys begin with: of files seen, with their times, and of splits that have not been read to their ends.
constexpr std::string_view file_key = "file ", split_key = "split ";

void put(state_delta& log, std::string_view kind, const std::string& name, const std::string& value) {
  const auto key = std::string(kind) + name;
  log.put(hash_bytes(key), key, value);
}

void erase(state_delta& log, std::string_view kind, const std::string& name) {
  const auto key = std::string(kind) + name;
  log.erase(hash_bytes(key), key);
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

nlohmann::json partitions_json(const std::vector<partition_text>& partitions) {
  auto out = nlohmann::json::array();
  for (const auto& [name, text] : partitions) out.push_back({name, text});
  return out;
}

std::vector<partition_text> partitions_of(const nlohmann::json& description) {
  std::vector<partition_text> out;
  for (const auto& one : description.at("partitions"))
    out.emplace_back(one.at(0).get<std::string>(), one.at(1).get<std::string>());
  return out;
}

/// A format's rows with the file's partition values beside them.
class file_split_reader final : public split_reader {
 public:
  file_split_reader(std::unique_ptr<format_reader> rows, std::int64_t begin, schema_ptr schema, std::vector<int> from_file,
                    std::vector<std::shared_ptr<arrow::Scalar>> constants, bool ignore_corrupt)
      : rows_(std::move(rows)),
        begin_(begin),
        schema_(std::move(schema)),
        from_file_(std::move(from_file)),
        constants_(std::move(constants)),
        ignore_corrupt_(ignore_corrupt) {}

  read_status read(const read_budget& budget, batch& out) override {
    out = nullptr;
    batch decoded;
    if (rows_ == nullptr || !next(budget, decoded)) return read_status::end;
    arrow::ArrayVector columns;
    for (std::size_t i = 0; i < from_file_.size(); ++i) {
      columns.push_back(from_file_[i] >= 0 ? decoded->column(from_file_[i]) : repeated(*constants_[i], decoded->num_rows()));
    }
    out = arrow::RecordBatch::Make(schema_, decoded->num_rows(), std::move(columns));
    return read_status::rows;
  }

  std::int64_t take_left_out() override {
    const auto all = rows_ == nullptr ? 0 : rows_->rows_left_out();
    return all - std::exchange(left_out_, all);
  }

  nlohmann::json position() const override { return {{"offset", rows_ == nullptr ? begin_ : rows_->position()}}; }
  nlohmann::json metrics() const override { return {{"malformedRows", rows_ == nullptr ? 0 : rows_->malformed_rows()}}; }

 private:
  bool next(const read_budget& budget, batch& decoded) {
    try {
      return rows_->read(budget, decoded);
    } catch (const error& e) {
      if (!ignore_corrupt_ || e.code() != errc::unreadable_input) throw;
      return false;
    }
  }

  static array repeated(const arrow::Scalar& value, std::int64_t rows) {
    auto made = arrow::MakeArrayFromScalar(value, rows);
    if (!made.ok()) throw error(errc::query_failed, "a partition column cannot be made: " + made.status().message());
    return std::move(made).ValueUnsafe();
  }

  std::unique_ptr<format_reader> rows_;
  std::int64_t begin_;
  schema_ptr schema_;
  std::vector<int> from_file_;  ///< Per column: the decoded batch's, or -1 for a constant.
  std::vector<std::shared_ptr<arrow::Scalar>> constants_;
  bool ignore_corrupt_;
  std::int64_t left_out_ = 0;
};

class file_source final : public source {
 public:
  file_source(std::shared_ptr<const file_table> table, bool streaming)
      : table_(std::move(table)), streaming_(streaming), log_(age_limit(table_->settings)), projected_(table_->schema) {
    for (int i = 0; i < table_->schema->num_fields(); ++i) columns_.push_back(i);
  }

  schema_ptr schema() const override { return projected_; }

  void project(const std::vector<int>& columns) override {
    arrow::FieldVector fields;
    for (const int i : columns) fields.push_back(table_->schema->field(i));
    columns_ = columns;
    projected_ = arrow::schema(std::move(fields));
  }

  void want(const std::vector<wanted_texts>& all) override { wanted_ = all; }

  void restore_log(const state_view& log) override {
    readable([&] {
      log.scan([&](std::string_view key, std::string_view text) {
        const auto value = nlohmann::json::parse(text);
        if (key.starts_with(file_key)) {
          log_.restore_file(std::string(key.substr(file_key.size())), {value.get<std::int64_t>()});
        } else if (key.starts_with(split_key)) {
          unfinished_.push_back({std::string(key.substr(split_key.size())), value, true});
          logged_splits_.insert(unfinished_.back().id);
        }
        return true;
      });
    });
  }

  void restore(const nlohmann::json& position) override {
    if (position.is_null()) return;
    readable([&] { position.contains("log") ? restore_former(position) : restore_marks(position); });
    // They are given out again in the order in which files are found.
    std::sort(unfinished_.begin(), unfinished_.end(), [&](const source_split& a, const source_split& b) {
      return settings().latest_first ? found_before(b, a) : found_before(a, b);
    });
    for (const auto& split : unfinished_) remember(path_of(split));
  }

  std::shared_ptr<const state_delta> take_log_changes(const std::vector<split_position>& unfinished) override {
    auto changes = std::make_shared<state_delta>();
    log_.take_changes([&](const std::string& path, std::optional<timestamp> modified) {
      modified ? put(*changes, file_key, path, std::to_string(modified->microseconds)) : erase(*changes, file_key, path);
    });
    std::map<std::string, const source_split*> open;
    for (const auto& one : unfinished) open.emplace(one.what.id, &one.what);
    for (const auto& split : unfinished_) open.emplace(split.id, &split);
    log_splits(open, *changes);
    note_finished(open);
    return changes->empty() ? nullptr : changes;
  }

  std::vector<source_split> discover(const read_limit& limit) override {
    std::vector<source_split> out(unfinished_.begin(), unfinished_.end());
    unfinished_.clear();
    if (backlog_.empty() && directories_changed()) find_new_files();
    const bool unlimited = limit.ignore_rate_limits || !streaming_;
    std::int64_t files = 0, bytes = 0;
    while (!backlog_.empty()) {
      const auto& file = backlog_.front();
      if (!unlimited && (files >= settings().max_files || (files > 0 && bytes + file.size > settings().max_bytes))) break;
      ++files;
      bytes += file.size;
      log_.add(key_of(file.path), file.modified);
      remember(file.path);
      add_splits(file, out);
      backlog_.pop_front();
    }
    if (files > 0) log_.purge();
    return out;
  }

  void adopt(const std::vector<source_split>& planned) override {
    std::set<std::string> taken;
    for (const auto& split : planned) {
      const auto path = path_of(split);
      log_.add(key_of(path), {split.description.at("modified").get<std::int64_t>()});
      taken.insert(path);
      remember(path);
      std::erase_if(unfinished_, [&](const source_split& one) { return one.id == split.id; });
    }
    std::erase_if(backlog_, [&](const listed_file& file) { return taken.contains(file.path); });
    log_.purge();
  }

  nlohmann::json position(const std::vector<split_position>& unfinished) const override {
    auto offsets = nlohmann::json::object();
    for (const auto& one : unfinished) {
      const auto& begun = one.what.description;
      if (!one.position.is_null()) {
        offsets[one.what.id] = one.position.at("offset");
      } else if (begun.contains("resume")) {
        offsets[one.what.id] = begun.at("resume");
      }
    }
    for (const auto& split : unfinished_) {
      if (split.description.contains("resume")) offsets[split.id] = split.description.at("resume");
    }
    auto out = log_.marks();
    out["offsets"] = std::move(offsets);
    if (settings().clean != clean_mode::off) out["finished"] = finished_;
    return out;
  }

  void commit(const nlohmann::json& position) override {
    if (settings().clean == clean_mode::off || position.is_null()) return;
    for (const auto durable = position.value("finished", cleaned_); cleaned_ < durable; ++cleaned_) {
      clean(to_clean_.front());
      to_clean_.pop_front();
    }
  }

  std::unique_ptr<split_reader> open(const source_split& what, const nlohmann::json& position) const override {
    const auto& description = what.description;
    const auto path = description.at("path").get<std::string>();
    const auto begin = description.at("begin").get<std::int64_t>(), end = description.at("end").get<std::int64_t>();
    std::int64_t resume = description.value("resume", std::int64_t{-1});
    if (!position.is_null()) resume = position.at("offset").get<std::int64_t>();
    auto layout = layout_of(partitions_of(description));
    auto input = settings().ignore_missing ? open_if_present(path) : open_file(path);
    std::unique_ptr<format_reader> rows;
    if (input != nullptr && resume >= 0) {
      rows = layout.format->resume(std::move(input), resume, end, layout.file_columns);
    } else if (input != nullptr) {
      rows = layout.format->open(std::move(input), {begin, end}, layout.file_columns);
    }
    return std::make_unique<file_split_reader>(std::move(rows), std::max(begin, resume), projected_,
                                               std::move(layout.from_file), std::move(layout.constants),
                                               settings().ignore_corrupt);
  }

  duration poll_interval() const override { return milliseconds(50); }

 private:
  struct column_layout {
    file_format_ptr format;
    std::vector<int> file_columns;
    std::vector<int> from_file;
    std::vector<std::shared_ptr<arrow::Scalar>> constants;
  };

  static duration age_limit(const file_options& settings) {
    const bool limited = settings.max_files != std::numeric_limits<std::int64_t>::max() ||
                         settings.max_bytes != std::numeric_limits<std::int64_t>::max();
    // The newest files first, a few at a time: the old ones must not be forgotten before their turn.
    if (settings.latest_first && limited) return {std::numeric_limits<std::int64_t>::max()};
    return settings.max_age;
  }

  template <class Read>
  static void readable(const Read& read) {
    try {
      read();
    } catch (const nlohmann::json::exception& e) {
      throw error(errc::checkpoint_corrupt,
                  std::string("the file source's files in the checkpoint cannot be read: ") + e.what());
    }
  }

  void restore_marks(const nlohmann::json& position) {
    log_.restore_marks(position);
    finished_ = cleaned_ = position.value("finished", std::int64_t{0});
    const auto& offsets = position.at("offsets");
    for (auto& split : unfinished_) {
      if (const auto at = offsets.find(split.id); at != offsets.end()) split.description["resume"] = *at;
    }
  }

  /// Of a checkpoint of format 2, whose positions hold everything.
  void restore_former(const nlohmann::json& position) {
    log_.restore_former(position.at("log"));
    for (const auto& one : position.at("unfinished")) {
      source_split split{one.at("id").get<std::string>(), one.at("split"), true};
      if (!one.at("position").is_null()) split.description["resume"] = one.at("position").at("offset");
      unfinished_.push_back(std::move(split));
    }
  }

  /// Splits that stay unread over several epochs are recorded once; the position says how far into them.
  void log_splits(const std::map<std::string, const source_split*>& open, state_delta& changes) {
    std::erase_if(logged_splits_, [&](const std::string& id) {
      if (open.contains(id)) return false;
      erase(changes, split_key, id);
      return true;
    });
    for (const auto& [id, split] : open) {
      if (!logged_splits_.insert(id).second) continue;
      auto description = split->description;
      description.erase("resume");
      put(changes, split_key, id, description.dump());
    }
  }

  void note_finished(const std::map<std::string, const source_split*>& open) {
    if (given_out_.empty()) return;
    std::set<std::string> unread;
    for (const auto& [id, split] : open) unread.insert(path_of(*split));
    std::erase_if(given_out_, [&](const std::string& path) {
      if (unread.contains(path)) return false;
      to_clean_.push_back(path);
      ++finished_;
      return true;
    });
  }

  static std::string path_of(const source_split& split) { return split.description.at("path").get<std::string>(); }

  static bool found_before(const source_split& a, const source_split& b) {
    const auto rank = [](const source_split& split) {
      const auto& what = split.description;
      return std::make_tuple(what.at("modified").get<std::int64_t>(), what.at("path").get<std::string>(),
                             what.at("begin").get<std::int64_t>());
    };
    return rank(a) < rank(b);
  }

  const file_options& settings() const { return table_->settings; }
  std::string key_of(const std::string& path) const { return settings().file_name_only ? file_name(path) : path; }

  void remember(const std::string& path) {
    if (settings().clean != clean_mode::off) given_out_.insert(path);
  }

  bool directories_changed() const {
    if (visited_.empty()) return true;
    return std::any_of(visited_.begin(), visited_.end(), [this](const visited_directory& directory) {
      struct stat info {};
      if (::stat(directory.path.c_str(), &info) != 0) return true;
      const auto modified = info.st_mtim.tv_sec * 1'000'000 + info.st_mtim.tv_nsec / 1000;
      return modified != directory.modified || modified + settled_micros > listed_at_;
    });
  }

  void find_new_files() {
    if (!streaming_ && listed_) return;
    listed_ = true;
    visited_.clear();
    listed_at_ = system_now().microseconds;
    auto files = list_files(settings().listing, &visited_);
    // A glob may match other directories next time.
    if (is_glob(settings().listing.path)) visited_.clear();
    if (streaming_ && !files.empty() && !settings().latest_first) forget_old(files);
    std::erase_if(files, [this](const listed_file& file) { return !log_.is_new(key_of(file.path), file.modified); });
    if (streaming_) {
      for (const auto& file : files) check_name(file.path);
    }
    if (settings().latest_first) std::reverse(files.begin(), files.end());
    if (settings().file_name_only) keep_one_of_each_name(files);
    backlog_.assign(std::make_move_iterator(files.begin()), std::make_move_iterator(files.end()));
  }

  /// Files older than the newest by more than maxFileAge are not read; at the first start all there are count.
  void forget_old(std::vector<listed_file>& files) const {
    if (log_.size() == 0) return;
    const auto newest = files.back().modified.microseconds;
    if (settings().max_age.microseconds >= newest) return;
    std::erase_if(
        files, [&](const listed_file& file) { return file.modified.microseconds < newest - settings().max_age.microseconds; });
  }

  static void keep_one_of_each_name(std::vector<listed_file>& files) {
    std::set<std::string> names;
    std::erase_if(files, [&](const listed_file& file) { return !names.insert(file_name(file.path)).second; });
  }

  void add_splits(const listed_file& file, std::vector<source_split>& out) const {
    const nlohmann::json whole = {{"path", file.path},
                                  {"begin", 0},
                                  {"end", std::numeric_limits<std::int64_t>::max()},
                                  {"size", file.size},
                                  {"modified", file.modified.microseconds},
                                  {"partitions", partitions_json(file.partitions)}};
    const auto pieces =
        table_->format->divisible() ? std::max<std::int64_t>(1, (file.size + chunk_bytes / 2) / chunk_bytes) : 1;
    for (std::int64_t i = 0; i < pieces; ++i) {
      auto piece = whole;
      piece["begin"] = i * chunk_bytes;
      if (i + 1 < pieces) piece["end"] = (i + 1) * chunk_bytes;
      out.push_back({pieces == 1 ? file.path : file.path + "#" + std::to_string(i * chunk_bytes), std::move(piece), true});
    }
  }

  column_layout layout_of(const std::vector<partition_text>& partitions) const {
    column_layout out;
    const auto in_file = table_->columns_in_file(partitions);
    out.format = table_->format->with_schema(in_file);
    std::vector<wanted_texts> wanted;
    for (const int column : columns_) {
      const auto& field = *table_->schema->field(column);
      const auto named = [&](const std::string& name) { return ::strcasecmp(name.c_str(), field.name().c_str()) == 0; };
      const auto partition =
          std::find_if(partitions.begin(), partitions.end(), [&](const auto& one) { return named(one.first); });
      if (partition != partitions.end()) {
        out.from_file.push_back(-1);
        out.constants.push_back(partition_value(partition->second, field.type()));
        continue;
      }
      int index = 0;
      while (index < in_file->num_fields() && !named(in_file->field(index)->name())) ++index;
      out.constants.push_back(index < in_file->num_fields() ? nullptr : arrow::MakeNullScalar(field.type()));
      out.from_file.push_back(index < in_file->num_fields() ? static_cast<int>(out.file_columns.size()) : -1);
      if (index == in_file->num_fields()) continue;
      for (const auto& one : wanted_) {
        if (one.column == column) wanted.push_back({index, one.values});
      }
      out.file_columns.push_back(index);
    }
    if (auto selective = wanted.empty() ? nullptr : out.format->wanting(wanted)) out.format = std::move(selective);
    return out;
  }

  /// What cannot be cleaned is left: the rows are safe, and the next start does not read the file again.
  void clean(const std::string& path) const {
    std::error_code ignored;
    if (settings().clean == clean_mode::remove) {
      std::filesystem::remove(path, ignored);
      return;
    }
    const auto target = std::filesystem::path(settings().archive_dir) / std::filesystem::absolute(path).relative_path();
    std::filesystem::create_directories(target.parent_path(), ignored);
    std::filesystem::rename(path, target, ignored);
  }

  std::shared_ptr<const file_table> table_;
  bool streaming_;
  file_log log_;
  schema_ptr projected_;
  std::vector<int> columns_;
  std::vector<wanted_texts> wanted_;
  std::vector<source_split> unfinished_;    ///< Restored and not given out yet.
  std::set<std::string> logged_splits_;     ///< Ids of those in the log.
  std::deque<listed_file> backlog_;         ///< Listed and not given out yet.
  std::set<std::string> given_out_;         ///< To be cleaned once they have been read.
  std::deque<std::string> to_clean_;        ///< Read, to be cleaned when their epoch is durable.
  std::int64_t finished_ = 0;               ///< Files that have ever come into to_clean_.
  std::int64_t cleaned_ = 0;                ///< Of these, have left it.
  std::vector<visited_directory> visited_;  ///< By the last listing.
  std::int64_t listed_at_ = 0;
  bool listed_ = false;
};

}  // namespace

std::unique_ptr<source> make_file_source(std::shared_ptr<const file_table> table, bool streaming) {
  return std::make_unique<file_source>(std::move(table), streaming);
}

}  // namespace flow
