#include "operators/key_order.hpp"

#include <numeric>
#include <utility>

namespace flow {
namespace {

key_order::list sorted(const std::vector<std::uint32_t>& groups, const aggregate_groups& table) {
  const auto keys = table.encoded_keys(groups);
  const auto hashes = table.partition_hashes(groups, keys);
  state_delta entries;
  entries.reserve(groups.size(), keys.bytes.size());
  for (std::size_t i = 0; i < groups.size(); ++i) entries.put(hashes[i], keys[i], {});
  key_list out;
  out.bytes.reserve(keys.bytes.size());
  out.offsets.reserve(groups.size() + 1);
  out.groups.reserve(groups.size());
  std::vector<std::uint32_t> ids;
  ids.reserve(groups.size());
  for (const auto i : entries.sorted_order()) {
    const auto key = keys[i];
    out.bytes.insert(out.bytes.end(), key.begin(), key.end());
    out.offsets.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    out.groups.push_back(group_of(hashes[i]));
    ids.push_back(groups[i]);
  }
  return {std::make_shared<const key_list>(std::move(out)), std::move(ids)};
}

}  // namespace

void key_order::extend(const aggregate_groups& table) {
  constexpr std::size_t most = 12;
  if (covered_ == table.id_bound()) return;
  std::vector<std::uint32_t> groups(table.id_bound() - covered_);
  std::iota(groups.begin(), groups.end(), static_cast<std::uint32_t>(covered_));
  while (!lists_.empty() && (lists_.size() >= most || lists_.back().groups.size() <= 2 * groups.size())) {
    const auto& last = lists_.back().groups;
    groups.insert(groups.end(), last.begin(), last.end());
    lists_.pop_back();
  }
  lists_.push_back(sorted(groups, table));
  covered_ = table.id_bound();
}

}  // namespace flow
