#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "flow/state.hpp"
#include "operators/aggregate_groups.hpp"

namespace flow {

/// The groups of a table that only grows, in the order of their keys: lists that are sorted once and kept, so that all values
/// can be handed over again and again without their keys and without sorting. New groups make a new list; lists of similar size
/// become one, so that there are few.
class key_order {
 public:
  struct list {
    std::shared_ptr<const key_list> keys;
    std::vector<std::uint32_t> groups;  ///< In the order of `keys`.
  };

  /// Takes in the groups that have come since.
  void extend(const aggregate_groups& table);
  const std::vector<list>& lists() const { return lists_; }

 private:
  std::vector<list> lists_;
  std::size_t covered_ = 0;  ///< Groups below this are in a list.
};

}  // namespace flow
