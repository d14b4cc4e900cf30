#include <arrow/record_batch.h>

#include "flow/epoch.hpp"
#include "flow/operator_factory.hpp"
#include "flow/row_codec.hpp"
#include "operators/gather.hpp"
#include "operators/group_link.hpp"

namespace flow {

row_partitioner::row_partitioner(const schema_ptr&, std::vector<int> keys, std::uint32_t parallelism)
    : keys_(std::move(keys)), parallelism_(parallelism) {}

namespace {

/// The receiving instance of each row.
std::vector<std::uint32_t> owners(const batch& rows, const std::vector<int>& keys, std::uint32_t parallelism) {
  if (has_linked_groups(*rows)) {
    const auto groups = linked_key_groups(*rows);
    std::vector<std::uint32_t> receivers(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) receivers[i] = owner_of({groups[i]}, parallelism);
    return receivers;
  }
  std::vector<array> columns;
  std::vector<data_type> key_types;
  for (const int key : keys) {
    columns.push_back(rows->column(key));
    key_types.push_back(columns.back()->type());
  }
  byte_rows encoded;
  row_codec(std::move(key_types)).encode(columns, rows->num_rows(), encoded);
  std::vector<std::uint32_t> receivers(encoded.size());
  for (std::size_t i = 0; i < receivers.size(); ++i) receivers[i] = owner_of(group_of(hash_bytes(encoded[i])), parallelism);
  return receivers;
}

}  // namespace

std::vector<batch> row_partitioner::split(const batch& rows) const {
  if (parallelism_ == 1) return {rows};
  std::vector<batch> parts(parallelism_);
  if (rows->num_rows() == 0) return parts;
  const auto receivers = owners(rows, keys_, parallelism_);
  std::vector<std::vector<std::int32_t>> chosen(parallelism_);
  for (auto& part : chosen) part.reserve(receivers.size() / parallelism_ * 5 / 4);
  for (std::size_t i = 0; i < receivers.size(); ++i) chosen[receivers[i]].push_back(static_cast<std::int32_t>(i));
  for (std::uint32_t part = 0; part < parallelism_; ++part) {
    if (chosen[part].empty()) continue;
    parts[part] = chosen[part].size() == receivers.size() ? rows : gather_rows(rows, chosen[part]);
  }
  return parts;
}

}  // namespace flow
