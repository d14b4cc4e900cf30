#include "sql/one_row.hpp"

namespace flow::sql {

namespace {

class one_row_reader final : public split_reader {
 public:
  explicit one_row_reader(bool done) : done_(done) {}

  read_status read(const read_budget&, batch& out) override {
    out = arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector{}), done_ ? 0 : 1, std::vector<array>{});
    return std::exchange(done_, true) ? read_status::end : read_status::rows;
  }
  nlohmann::json position() const override { return done_; }

 private:
  bool done_;
};

class one_row_source final : public source {
 public:
  schema_ptr schema() const override { return arrow::schema(arrow::FieldVector{}); }
  void restore(const nlohmann::json& position) override { given_out_ = position.is_boolean() && position.get<bool>(); }
  std::vector<source_split> discover(const read_limit&) override {
    if (std::exchange(given_out_, true)) return {};
    return {{"row", nlohmann::json::object(), true}};
  }
  void adopt(const std::vector<source_split>&) override { given_out_ = true; }
  nlohmann::json position(const std::vector<split_position>& unfinished) const override {
    return given_out_ && unfinished.empty();
  }
  std::unique_ptr<split_reader> open(const source_split&, const nlohmann::json& position) const override {
    return std::make_unique<one_row_reader>(position.is_boolean() && position.get<bool>());
  }
  void project(const std::vector<int>&) override {}

 private:
  bool given_out_ = false;
};

class one_row_provider final : public source_provider {
 public:
  std::string description() const override { return "OneRow"; }
  nlohmann::json signature() const override { return {{"format", "one row"}}; }
  schema_ptr schema() const override { return arrow::schema(arrow::FieldVector{}); }
  std::unique_ptr<source> make(bool) const override { return std::make_unique<one_row_source>(); }
};

}  // namespace

source_provider_ptr one_row_table() { return std::make_shared<one_row_provider>(); }

}  // namespace flow::sql
