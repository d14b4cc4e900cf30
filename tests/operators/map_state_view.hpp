#pragma once

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "flow/state.hpp"

namespace flow::testing {

/// A state view over a map: what the checkpoint does, in the open. Refuses deltas that break state_delta's promises.
class map_state_view : public state_view {
 public:
  using state_view::scan;

  /// @throws std::logic_error if a key comes twice, is erased without being there, or changes its key group.
  void apply(const state_delta& delta) {
    std::set<std::string, std::less<>> seen;
    apply_columns(delta, seen);
    for (const auto& entry : delta.entries()) {
      const std::string key(delta.key(entry));
      if (!seen.insert(key).second) throw std::logic_error("a delta has a key twice");
      const auto known = entries_.find(key);
      if (known != entries_.end() && known->second.group != entry.group) throw std::logic_error("a key changed its key group");
      if (entry.value_size != state_delta::erased) {
        entries_[key] = {std::string(delta.value(entry)), entry.group};
      } else if (known != entries_.end()) {
        entries_.erase(known);
      } else {
        throw std::logic_error("a delta erases a key that is not there");
      }
    }
  }

  void scan(std::string_view from, std::string_view to,
            const std::function<bool(std::string_view key, std::string_view value)>& visit) const override {
    for (auto at = entries_.lower_bound(from); at != entries_.end() && (to.empty() || at->first < to); ++at) {
      if (!visit(at->first, at->second.value)) return;
    }
  }

  bool get(std::uint64_t hash, std::string_view key, std::string& value) const override {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return false;
    if (found->second.group != group_of(hash)) throw std::logic_error("a key is looked for in the wrong key group");
    value = found->second.value;
    return true;
  }

  std::uint64_t approximate_size() const override { return entries_.size(); }

  /// The part that instance `owner` of `parallelism` sees.
  map_state_view part(std::uint32_t owner, std::uint32_t parallelism) const {
    map_state_view own;
    for (const auto& [key, held] : entries_) {
      if (owner_of(held.group, parallelism) == owner) own.entries_[key] = held;
    }
    return own;
  }

 private:
  /// A whole delta lists every key there is, none twice, in order within a column.
  void apply_columns(const state_delta& delta, std::set<std::string, std::less<>>& seen) {
    if (!delta.whole()) return;
    for (const auto& column : delta.columns()) {
      for (std::size_t i = 0; i < column.keys->size(); ++i) {
        const auto key = column.keys->key(i);
        if (i > 0 && column.keys->key(i - 1) >= key) throw std::logic_error("a column's keys are not in order");
        if (!seen.emplace(key).second) throw std::logic_error("a delta has a key twice");
        const auto* value = column.values.data() + i * delta.value_size();
        entries_[std::string(key)] = {std::string(value, delta.value_size()), column.keys->groups[i]};
      }
    }
    if (seen.size() != entries_.size()) throw std::logic_error("a whole delta lacks a key");
  }

  struct held_value {
    std::string value;
    key_group group{};
  };
  std::map<std::string, held_value, std::less<>> entries_;
};

}  // namespace flow::testing
