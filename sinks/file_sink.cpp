#include "sinks/file_sink.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <arrow/api.h>

#include "flow/bound_expression.hpp"
#include "flow/error.hpp"
#include "flow/failpoint.hpp"
#include "flow/format_writer.hpp"
#include "flow/row_codec.hpp"
#include "sinks/durable_file.hpp"
#include "sinks/manifest_log.hpp"
#include "sinks/partition_path.hpp"

namespace flow {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t flush_bytes = 1 << 20;
constexpr std::size_t most_open_files = 128;
/// Of all folders' files together: they may be thousands.
constexpr std::size_t most_buffered_bytes = 32 << 20;

struct file_sink_settings {
  std::string format;
  std::string path;
  std::vector<std::string> partition_by;
  flow::options options;

  std::string description() const { return "FileSink[" + format + ", " + path + "]"; }
};

/// Where the columns of the result go: into folders' names or into files.
struct column_split {
  std::vector<int> folders, files;
  schema_ptr file_schema;
};

bool same_name(std::string_view a, std::string_view b) { return !ignore_case_less{}(a, b) && !ignore_case_less{}(b, a); }

column_split split_columns(const arrow::Schema& schema, const std::vector<std::string>& partition_by) {
  column_split split;
  for (const auto& name : partition_by) {
    const auto& fields = schema.fields();
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return same_name(f->name(), name); });
    if (found == fields.end()) {
      const auto near = nearest_name(name, schema.field_names());
      throw error(errc::unknown_column, "partition_by names a column \"" + name + "\" that the result does not have" +
                                            (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
    }
    if (std::find(split.folders.begin(), split.folders.end(), found - fields.begin()) != split.folders.end()) {
      throw error(errc::invalid_argument, "partition_by names the column \"" + name + "\" twice; name it once");
    }
    const auto kind = (*found)->type()->id();
    if (kind == arrow::Type::STRUCT || kind == arrow::Type::LIST || kind == arrow::Type::MAP || kind == arrow::Type::BINARY) {
      throw error(errc::type_mismatch, "column " + name + " of type " + to_ddl(*(*found)->type()) + " cannot name folders");
    }
    split.folders.push_back(static_cast<int>(found - fields.begin()));
  }
  arrow::FieldVector kept;
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (std::find(split.folders.begin(), split.folders.end(), i) != split.folders.end()) continue;
    split.files.push_back(i);
    kept.push_back(schema.field(i));
  }
  if (kept.empty()) throw error(errc::unsupported_plan, "all columns are in partition_by: nothing is left for the files");
  split.file_schema = arrow::schema(std::move(kept));
  return split;
}

// Options are checked by making the writer: it reads those it knows.
format_writer_ptr make_writer(const file_sink_settings& settings, const schema_ptr& schema) {
  auto writer = find_format_writer(settings.format, settings.options, schema);
  settings.options.required("path", "the directory that format \"" + settings.format + "\" writes to");
  settings.options.choice("compression", "none", {"none", "uncompressed"});
  settings.options.finish("format \"" + settings.format + "\"");
  return writer;
}

// A file of the epoch being written: hidden until the epoch is committed.
struct pending_file {
  fs::path hidden, visible;  // Below the directory.
  std::string buffer;
  std::int64_t bytes = 0;
  std::int64_t rows = 0;
  bool begun = false;
  std::optional<append_file> file;

  void flush(const fs::path& root) {
    if (buffer.empty()) return;
    open(root);
    file->write(buffer);
    bytes += static_cast<std::int64_t>(buffer.size());
    buffer.clear();
  }

  void open(const fs::path& root) {
    if (file) return;
    file.emplace(root / hidden, begun ? append_file::start::append : append_file::start::empty);
    begun = true;
  }
};

std::string hex_digits(std::uint64_t value) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

class file_sink final : public sink {
 public:
  explicit file_sink(file_sink_settings settings) : settings_(std::move(settings)), root_(settings_.path) {}

  void open(const sink_context& context) override {
    query_id_ = context.query_id;
    fencing_epoch_ = context.fencing_epoch;
    columns_ = split_columns(*context.schema, settings_.partition_by);
    writer_ = make_writer(settings_, columns_.file_schema);
    make_directories(root_);
    log_ = std::make_unique<manifest_log>(root_, fencing_epoch_);
  }

  epoch recover(epoch newest, const nlohmann::json& prepared) override {
    refuse_foreign(newest);
    log_->tidy();
    if (newest > epoch{} && !log_->contains(newest)) commit(newest, prepared);
    remove_hidden_files();
    return newest;
  }

  void write(epoch e, const batch& rows) override {
    if (rows->num_rows() == 0) return;
    if (columns_.folders.empty()) {
      append(e, "", *rows);
    } else {
      for (auto& part : split_by_folder(*rows, columns_.folders)) {
        append(e, part.folder, *take_rows(file_columns(*rows), {false, std::move(part.rows)}));
      }
    }
    failpoint("sink.write.after");
  }

  nlohmann::json prepare(epoch) override {
    failpoint("sink.prepare.before");
    auto files = nlohmann::json::array();
    std::set<fs::path> folders;
    for (auto& [folder, file] : pending_) {
      flush(file);
      file.open(root_);
      file.file->sync();
      file.file.reset();
      folders.insert((root_ / file.hidden).parent_path());
      files.push_back({{"tmp", file.hidden.generic_string()},
                       {"final", file.visible.generic_string()},
                       {"bytes", file.bytes},
                       {"rows", file.rows}});
    }
    for (const auto& folder : folders) sync_directory(folder);
    failpoint("sink.prepare.synced");
    pending_.clear();
    failpoint("sink.prepare.after");
    return {{"files", std::move(files)}};
  }

  // Every step may have been done before a crash: what is done is skipped.
  void commit(epoch e, const nlohmann::json& prepared) override {
    if (!prepared.is_object() || prepared.value("files", nlohmann::json::array()).empty() || log_->contains(e)) return;
    log_->refuse_other(query_id_);
    failpoint("sink.commit.before");
    manifest_epoch entry{e, {}};
    std::set<fs::path> folders;
    for (const auto& file : prepared.at("files")) {
      const auto visible = file.at("final").get<std::string>();
      show(root_ / file.at("tmp").get<std::string>(), root_ / visible, e);
      folders.insert((root_ / visible).parent_path());
      entry.files.push_back({visible, file.at("bytes").get<std::int64_t>(), file.at("rows").get<std::int64_t>()});
      failpoint("sink.commit.renamed");
    }
    for (const auto& folder : folders) sync_directory(folder);
    failpoint("sink.commit.synced");
    log_->add(query_id_, std::move(entry));
    failpoint("sink.commit.after");
  }

  void close() override {
    for (auto& [folder, file] : pending_) {
      file.file.reset();
      std::error_code ignored;
      fs::remove(root_ / file.hidden, ignored);
    }
    pending_.clear();
    buffered_ = 0;
  }

  /// Hidden files of one epoch are written while those of another are renamed: they share no name and no member.
  bool overlaps() const override { return true; }
  std::string description() const override { return settings_.description(); }

 private:
  batch file_columns(const arrow::RecordBatch& rows) const {
    arrow::ArrayVector values;
    for (const int column : columns_.files) values.push_back(rows.column(column));
    return arrow::RecordBatch::Make(columns_.file_schema, rows.num_rows(), std::move(values));
  }

  void append(epoch e, const std::string& folder, const arrow::RecordBatch& rows) {
    auto& file = file_of(e, folder);
    const auto before = file.buffer.size();
    writer_->append_rows(rows, file.buffer);
    buffered_ += file.buffer.size() - before;
    file.rows += rows.num_rows();
    if (buffered_ >= most_buffered_bytes) return flush_all();
    if (file.buffer.size() < flush_bytes) return;
    flush(file);
    close_surplus_files();
  }

  void flush(pending_file& file) {
    buffered_ -= file.buffer.size();
    file.flush(root_);
  }

  void flush_all() {
    for (auto& [folder, file] : pending_) {
      flush(file);
      file.buffer.shrink_to_fit();
      file.file.reset();
    }
  }

  // One file an epoch and folder. Names are made from the query and the epoch, so that an epoch run again takes the same ones.
  pending_file& file_of(epoch e, const std::string& folder) {
    const auto [place, added] = pending_.try_emplace(folder);
    auto& file = place->second;
    if (!added) return file;
    const auto identity = hex_digits(hash_bytes(query_id_ + "/" + std::to_string(e.value)));
    const auto name = "part-" + std::to_string(e.value) + "-" + std::to_string(pending_.size() - 1) + "." + identity + "." +
                      std::string(writer_->extension());
    if (!folder.empty()) make_directories(root_ / folder);
    file.visible = fs::path(folder) / name;
    file.hidden = hidden_name(file.visible, fencing_epoch_);
    writer_->append_header(file.buffer);
    buffered_ += file.buffer.size();
    return file;
  }

  void close_surplus_files() {
    const auto open =
        std::count_if(pending_.begin(), pending_.end(), [](const auto& entry) { return entry.second.file.has_value(); });
    if (static_cast<std::size_t>(open) <= most_open_files) return;
    for (auto& [folder, file] : pending_) file.file.reset();
  }

  static void show(const fs::path& hidden, const fs::path& visible, epoch e) {
    if (fs::exists(hidden)) {
      rename_file(hidden, visible);
    } else if (!fs::exists(visible)) {
      throw error(errc::storage_failed,
                  "epoch " + std::to_string(e.value) + " is in the checkpoint, but its file " + visible.string() +
                      " is gone; restore the directory from a copy, or start anew with another checkpoint");
    }
  }

  void refuse_foreign(epoch newest) const {
    log_->refuse_other(query_id_);
    const auto& manifest = log_->content();
    if (manifest.newest() > newest) {
      throw error(errc::checkpoint_mismatch,
                  settings_.path + " holds epochs up to " + std::to_string(manifest.newest().value) +
                      ", but the checkpoint ends at " + std::to_string(newest.value) +
                      ": going on would repeat rows. Use the checkpoint that belongs to this output, or an empty "
                      "directory");
    }
  }

  // What epochs left that never became durable.
  void remove_hidden_files() const {
    std::vector<fs::path> hidden;
    for (const auto& file : fs::recursive_directory_iterator(root_)) {
      const bool part = file.path().filename().string().starts_with(".part-");
      if (part && is_left_by(file.path(), fencing_epoch_)) hidden.push_back(file.path());
    }
    for (const auto& path : hidden) fs::remove(path);
  }

  file_sink_settings settings_;
  fs::path root_;
  std::string query_id_;
  std::uint64_t fencing_epoch_ = 0;
  column_split columns_;
  format_writer_ptr writer_;
  std::unique_ptr<manifest_log> log_;
  std::map<std::string, pending_file> pending_;
  std::size_t buffered_ = 0;  ///< Bytes in the buffers of all of them.
};

class file_sink_provider final : public sink_provider {
 public:
  explicit file_sink_provider(file_sink_settings settings) : settings_(std::move(settings)) {}

  std::string description() const override { return settings_.description(); }
  nlohmann::json signature() const override {
    return {{"format", settings_.format}, {"path", settings_.path}, {"partitionBy", settings_.partition_by}};
  }
  void check(const arrow::Schema& schema, output_mode mode) const override {
    if (mode != output_mode::append) {
      throw error(errc::unsupported_plan, "format \"" + settings_.format +
                                              "\" writes rows that never change: it takes output mode append, not " +
                                              std::string(to_string(mode)) +
                                              "; add a watermark so that results become final, or write with foreach_batch");
    }
    make_writer(settings_, split_columns(schema, settings_.partition_by).file_schema);
  }
  std::unique_ptr<sink> make() const override { return std::make_unique<file_sink>(settings_); }

 private:
  file_sink_settings settings_;
};

}  // namespace

sink_provider_ptr make_file_sink(const std::string& format, const sink_request& request) {
  file_sink_settings settings{format,
                              request.options.required("path", "the directory that format \"" + format + "\" writes to"),
                              request.partition_by, request.options};
  return std::make_shared<file_sink_provider>(std::move(settings));
}

}  // namespace flow
