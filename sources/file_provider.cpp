#include <algorithm>
#include <map>
#include <strings.h>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "sources/file_input.hpp"
#include "sources/file_source.hpp"

namespace flow {
namespace {

bool same_name(const std::string& a, const std::string& b) { return ::strcasecmp(a.c_str(), b.c_str()) == 0; }

int index_of(const arrow::Schema& schema, const std::string& name) {
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (same_name(schema.field(i)->name(), name)) return i;
  }
  return -1;
}

/// Partition columns in order, with all texts they have.
std::vector<std::pair<std::string, std::vector<std::string>>> partition_texts(const std::vector<listed_file>& files) {
  std::vector<std::pair<std::string, std::vector<std::string>>> columns;
  for (const auto& file : files) {
    for (std::size_t i = 0; i < file.partitions.size(); ++i) {
      if (i == columns.size()) columns.emplace_back(file.partitions[i].first, std::vector<std::string>{});
      columns[i].second.push_back(file.partitions[i].second);
    }
  }
  for (auto& [name, texts] : columns) {
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  }
  return columns;
}

/// The files' columns, a partition column of the same name in its place, the other partition columns behind.
schema_ptr with_partitions(const schema_ptr& files, const arrow::FieldVector& partitions, bool keep_place) {
  arrow::FieldVector fields;
  const auto partition = [&](const std::string& name) {
    return std::find_if(partitions.begin(), partitions.end(),
                        [&](const auto& field) { return same_name(field->name(), name); });
  };
  for (const auto& field : files->fields()) {
    const auto found = partition(field->name());
    if (found == partitions.end()) {
      fields.push_back(field);
    } else if (keep_place) {
      fields.push_back((*found)->WithName(field->name()));
    }
  }
  for (const auto& field : partitions) {
    if (!keep_place || index_of(*files, field->name()) < 0) fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

arrow::FieldVector partition_fields(const std::vector<listed_file>& files, const schema_ptr& given) {
  arrow::FieldVector fields;
  for (const auto& [name, texts] : partition_texts(files)) {
    const int i = given == nullptr ? -1 : index_of(*given, name);
    fields.push_back(i >= 0 ? given->field(i) : arrow::field(name, infer_partition_type(texts)));
  }
  return fields;
}

/// The files in Spark's order, the largest first: a header's names are those of the first.
std::vector<input_opener> openers(std::vector<listed_file> files) {
  std::stable_sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.size > b.size; });
  std::vector<input_opener> out;
  for (const auto& file : files) out.push_back([path = file.path] { return open_file(path); });
  return out;
}

/// `nested`: members of structs too. The members of inferred ones may differ in case, by the rows they come from.
void check_duplicates(const arrow::FieldVector& fields, const std::string& path, bool nested) {
  std::map<std::string, int, ignore_case_less> seen;
  for (const auto& field : fields) {
    if (nested && field->type()->id() == arrow::Type::STRUCT) check_duplicates(field->type()->fields(), path, nested);
    if (++seen[field->name()] > 1) {
      throw error(errc::invalid_argument, "two columns of \"" + path + "\" are named \"" + field->name() +
                                              "\" (names differ at most in case); give a schema that names one of them");
    }
  }
}

class file_provider final : public source_provider {
 public:
  explicit file_provider(std::shared_ptr<const file_table> table) : table_(std::move(table)) {}

  std::string description() const override {
    return "FileSource[" + std::string(table_->format->name()) + ", " + table_->settings.listing.path + "]";
  }
  nlohmann::json signature() const override {
    return {{"source", "file"}, {"format", table_->format->name()}, {"path", table_->settings.listing.path}};
  }
  schema_ptr schema() const override { return table_->schema; }
  std::unique_ptr<source> make(bool streaming) const override { return make_file_source(table_, streaming); }

 private:
  std::shared_ptr<const file_table> table_;
};

void check_text_schema(const arrow::Schema& schema) {
  if (schema.num_fields() == 1 && schema.field(0)->type()->id() == arrow::Type::STRING) return;
  throw error(
      errc::invalid_argument,
      "format \"text\" has one column of type STRING beside partition columns; the schema given has " + schema.ToString());
}

}  // namespace

schema_ptr file_table::columns_in_file(const std::vector<partition_text>& partitions) const {
  if (file_schema != nullptr) return file_schema;
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    const auto named = [&](const partition_text& partition) { return same_name(partition.first, field->name()); };
    if (std::none_of(partitions.begin(), partitions.end(), named)) fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

source_provider_ptr make_file_provider(std::string_view format, const source_request& request) {
  const auto who = "format \"" + std::string(format) + "\"";
  auto table = std::make_shared<file_table>();
  table->settings = read_file_options(request.options, request.streaming);
  table->format = find_file_format(format, request.options, request.schema);
  const bool infer_asked = request.options.boolean("inferSchema", false);
  request.options.finish(who);
  const bool fixed = format == "text";
  if (request.streaming && request.schema == nullptr && !fixed && !infer_asked) {
    throw error(errc::invalid_argument,
                who +
                    " as a stream needs to know its columns before the first row: give them by .schema(...), or set "
                    "option inferSchema=true to infer them from the files that are present now");
  }
  const auto files = list_files(table->settings.listing);
  const auto partitions = table->settings.listing.recursive ? arrow::FieldVector{} : partition_fields(files, request.schema);
  if (request.schema != nullptr) {
    table->schema = with_partitions(request.schema, partitions, false);
    if (fixed)
      check_text_schema(*table->columns_in_file(files.empty() ? std::vector<partition_text>{} : files.front().partitions));
  } else {
    if (files.empty() && !fixed) {
      throw error(errc::unreadable_input, "no file to infer the columns of " + who + " from in \"" +
                                              table->settings.listing.path + "\"; give them by .schema(...)");
    }
    table->file_schema = fixed ? table->format->schema() : table->format->infer(openers(files));
    check_duplicates(table->file_schema->fields(), table->settings.listing.path, false);
    table->schema = with_partitions(table->file_schema, partitions, true);
  }
  check_duplicates(table->schema->fields(), table->settings.listing.path, request.schema != nullptr);
  return std::make_shared<file_provider>(std::move(table));
}

}  // namespace flow
