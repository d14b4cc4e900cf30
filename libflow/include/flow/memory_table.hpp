#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "flow/batch.hpp"
#include "flow/epoch.hpp"
#include "flow/output_mode.hpp"
#include "flow/sink.hpp"

namespace flow {

/// What a query with format("memory") has put out so far: a table that a session can query while the query runs.
/// Thread-safe; a reader sees each epoch whole or not at all.
class memory_table {
 public:
  explicit memory_table(schema_ptr schema) : schema_(std::move(schema)) {}

  const schema_ptr& schema() const noexcept { return schema_; }
  /// From here on a query with this id puts epochs in. What another query has put in is dropped: its epochs are not those.
  void belong_to(const std::string& query_id);
  /// Adds an epoch's rows (complete: in place of all before). An epoch that is already in is ignored.
  void commit(epoch e, const std::vector<batch>& rows, output_mode mode);
  std::vector<batch> snapshot() const;
  std::int64_t rows() const;
  /// The newest epoch in the table; 0 if none.
  epoch newest() const;

 private:
  const schema_ptr schema_;
  mutable std::mutex mutex_;
  std::string query_id_;
  std::vector<batch> batches_;
  epoch newest_;
};

/// Fills the table by epochs. Takes every output mode. Defined by the sinks room.
sink_provider_ptr make_memory_sink(std::shared_ptr<memory_table> table);

}  // namespace flow
