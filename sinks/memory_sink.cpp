#include "flow/memory_table.hpp"

namespace flow {

namespace {

class memory_sink final : public sink {
 public:
  explicit memory_sink(std::shared_ptr<memory_table> table) : table_(std::move(table)) {}

  void open(const sink_context& context) override {
    mode_ = context.mode;
    table_->belong_to(context.query_id);
  }
  epoch recover(epoch newest, const nlohmann::json&) override {
    // A table that outlived its query may lack the epoch that was durable but not yet visible: it is run again.
    const auto visible = table_->newest();
    return visible > epoch{} ? visible : newest;
  }
  void write(epoch, const batch& rows) override {
    if (rows->num_rows() > 0) rows_.push_back(rows);
  }
  nlohmann::json prepare(epoch) override {
    prepared_ = std::move(rows_);
    rows_.clear();
    return nullptr;
  }
  void commit(epoch e, const nlohmann::json&) override {
    table_->commit(e, prepared_, mode_);
    prepared_.clear();
  }
  void close() override { rows_.clear(); }
  bool blocking() const override { return false; }
  std::string description() const override { return "MemorySink"; }

 private:
  std::shared_ptr<memory_table> table_;
  output_mode mode_ = output_mode::append;
  std::vector<batch> rows_, prepared_;
};

class memory_sink_provider final : public sink_provider {
 public:
  explicit memory_sink_provider(std::shared_ptr<memory_table> table) : table_(std::move(table)) {}

  std::string description() const override { return "MemorySink"; }
  nlohmann::json signature() const override { return {{"format", "memory"}}; }
  void check(const arrow::Schema&, output_mode) const override {}
  std::unique_ptr<sink> make() const override { return std::make_unique<memory_sink>(table_); }

 private:
  std::shared_ptr<memory_table> table_;
};

}  // namespace

void memory_table::belong_to(const std::string& query_id) {
  const std::lock_guard lock(mutex_);
  if (query_id_ == query_id) return;
  query_id_ = query_id;
  batches_.clear();
  newest_ = epoch{};
}

void memory_table::commit(epoch e, const std::vector<batch>& rows, output_mode mode) {
  const std::lock_guard lock(mutex_);
  if (e <= newest_) return;
  if (mode == output_mode::complete) batches_.clear();
  batches_.insert(batches_.end(), rows.begin(), rows.end());
  newest_ = e;
}

std::vector<batch> memory_table::snapshot() const {
  const std::lock_guard lock(mutex_);
  return batches_;
}

std::int64_t memory_table::rows() const {
  const std::lock_guard lock(mutex_);
  std::int64_t count = 0;
  for (const auto& part : batches_) count += part->num_rows();
  return count;
}

epoch memory_table::newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

sink_provider_ptr make_memory_sink(std::shared_ptr<memory_table> table) {
  return std::make_shared<memory_sink_provider>(std::move(table));
}

}  // namespace flow
