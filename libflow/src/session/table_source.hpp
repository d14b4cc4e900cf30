#pragma once

#include <vector>

#include "flow/source.hpp"

namespace flow {

/// A bounded table of batches held in memory, given out as one split.
class table_source_provider final : public source_provider {
 public:
  /// @throws error{type_mismatch} for a batch of another schema.
  table_source_provider(schema_ptr schema, std::vector<batch> rows);

  std::string description() const override;
  nlohmann::json signature() const override;
  schema_ptr schema() const override { return schema_; }
  /// @throws error{unsupported_plan} when a stream is asked for: a table has no later rows.
  std::unique_ptr<source> make(bool streaming) const override;

 private:
  schema_ptr schema_;
  std::shared_ptr<const std::vector<batch>> rows_;
};

/// The batch as a batch of `schema`: converted to libflow's types, column by column in order.
/// @throws error{type_mismatch} if it does not fit.
batch fitted(const batch& rows, const schema_ptr& schema);

}  // namespace flow
