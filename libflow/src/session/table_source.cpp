#include "session/table_source.hpp"

#include <algorithm>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "flow/error.hpp"

namespace flow {

namespace {

batch selected(const batch& rows, const std::vector<int>& columns) {
  auto result = rows->SelectColumns(columns);
  if (!result.ok()) throw error(errc::invalid_argument, "columns of a table: " + result.status().ToString());
  return result.MoveValueUnsafe();
}

class table_reader final : public split_reader {
 public:
  table_reader(std::shared_ptr<const std::vector<batch>> rows, std::vector<int> columns, std::int64_t first)
      : rows_(std::move(rows)), columns_(std::move(columns)), next_(first) {
    while (at_ < rows_->size() && next_ - before_ >= (*rows_)[at_]->num_rows()) before_ += (*rows_)[at_++]->num_rows();
  }

  read_status read(const read_budget& budget, batch& out) override {
    while (at_ < rows_->size() && next_ - before_ >= (*rows_)[at_]->num_rows()) before_ += (*rows_)[at_++]->num_rows();
    if (at_ == rows_->size()) return read_status::end;
    const auto& held = (*rows_)[at_];
    const auto count = std::min(budget.rows, held->num_rows() - (next_ - before_));
    out = selected(held->Slice(next_ - before_, count), columns_);
    next_ += count;
    return read_status::rows;
  }

  nlohmann::json position() const override { return {{"next", next_}}; }

 private:
  std::shared_ptr<const std::vector<batch>> rows_;
  std::vector<int> columns_;
  std::int64_t next_;
  std::size_t at_ = 0;
  std::int64_t before_ = 0;  // Rows in the batches before `at_`.
};

class table_source final : public source {
 public:
  table_source(schema_ptr schema, std::shared_ptr<const std::vector<batch>> rows)
      : schema_(std::move(schema)), rows_(std::move(rows)) {
    for (int i = 0; i < schema_->num_fields(); ++i) columns_.push_back(i);
  }

  schema_ptr schema() const override {
    arrow::FieldVector fields;
    for (const int column : columns_) fields.push_back(schema_->field(column));
    return arrow::schema(std::move(fields));
  }
  void restore(const nlohmann::json& position) override { given_ = !position.is_null(); }
  std::vector<source_split> discover(const read_limit&) override {
    if (given_) return {};
    given_ = true;
    return {{"table", nlohmann::json::object(), true}};
  }
  void adopt(const std::vector<source_split>& planned) override { given_ = given_ || !planned.empty(); }
  nlohmann::json position(const std::vector<split_position>&) const override { return {{"given", given_}}; }
  std::unique_ptr<split_reader> open(const source_split&, const nlohmann::json& position) const override {
    return std::make_unique<table_reader>(rows_, columns_, position.is_null() ? 0 : position.at("next").get<std::int64_t>());
  }
  void project(const std::vector<int>& columns) override { columns_ = columns; }
  int reader_count() const override { return 1; }

 private:
  schema_ptr schema_;
  std::shared_ptr<const std::vector<batch>> rows_;
  std::vector<int> columns_;
  bool given_ = false;
};

}  // namespace

batch fitted(const batch& rows, const schema_ptr& schema) {
  if (!rows) throw error(errc::invalid_argument, "a batch is null");
  auto own = rows->schema()->Equals(*schema, false) ? rows : from_arrow(rows);
  bool fits = own->num_columns() == schema->num_fields();
  for (int i = 0; fits && i < schema->num_fields(); ++i) fits = own->column(i)->type()->Equals(schema->field(i)->type());
  if (!fits) {
    throw error(errc::type_mismatch,
                "rows of (" + to_ddl(*own->schema()) + ") do not fit the schema (" + to_ddl(*schema) + ")");
  }
  return own->schema()->Equals(*schema, false) ? own : arrow::RecordBatch::Make(schema, own->num_rows(), own->columns());
}

table_source_provider::table_source_provider(schema_ptr schema, std::vector<batch> rows) : schema_(std::move(schema)) {
  for (auto& one : rows) one = fitted(one, schema_);
  rows_ = std::make_shared<const std::vector<batch>>(std::move(rows));
}

std::string table_source_provider::description() const {
  std::int64_t count = 0;
  for (const auto& one : *rows_) count += one->num_rows();
  return "Table[" + std::to_string(count) + " rows]";
}

nlohmann::json table_source_provider::signature() const { return {{"format", "table"}, {"schema", to_ddl(*schema_)}}; }

std::unique_ptr<source> table_source_provider::make(bool streaming) const {
  if (streaming) {
    throw error(errc::unsupported_plan,
                "a table made of given rows cannot be read as a stream; use push_stream() to feed rows as they come");
  }
  return std::make_unique<table_source>(schema_, rows_);
}

}  // namespace flow
