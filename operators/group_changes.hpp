#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace flow {

/// Which groups have changed since results were last emitted, and since the last snapshot. Few are listed as they come; once
/// they are many, no list is kept and they are found by their marks: then a change costs the writing of a byte.
class group_changes {
 public:
  enum mark : std::uint8_t { unemitted = 1, unsaved = 2 };
  using group_ids = std::vector<std::uint32_t>;

  /// `kept`: the marks that touch() sets, one or both.
  explicit group_changes(std::uint8_t kept) : kept_(kept) {}

  /// Groups [0, bound) exist from now on; those of `inserted` are new, and neither changed nor stored.
  void make_room(std::size_t bound, std::span<const std::uint32_t> inserted);
  void touch(std::span<const std::uint32_t> groups);
  /// The groups with this mark, each once, in ascending order if they are many. They have it no longer. Valid until the next
  /// touch() or take().
  const group_ids& take(mark which);
  std::size_t count(mark which) const;
  /// Whether so many have this mark, or had it when last taken, that they are not listed.
  bool are_many(mark which) const { return list_of(which).many; }

  /// A snapshot holds these groups.
  void set_stored(std::span<const std::uint32_t> groups);
  bool is_stored(std::uint32_t group) const { return (flags_[group] & stored) != 0; }
  /// The group is no more.
  void forget(std::uint32_t group) { flags_[group] = 0; }
  void clear();

 private:
  static constexpr std::uint8_t stored = 4;

  struct listing {
    mark which;
    group_ids groups{};  ///< May name a group twice that was forgotten in between.
    bool many = false;   ///< Not listed. As many are expected as were taken last.
    group_ids taken{};
  };
  listing& list_of(mark which) { return lists_[which - 1]; }
  const listing& list_of(mark which) const { return lists_[which - 1]; }
  void take_marked(listing& list);
  void take_listed(listing& list);
  bool are_many(std::size_t groups) const { return groups * 8 > flags_.size(); }

  std::uint8_t kept_;
  std::vector<std::uint8_t> flags_;  ///< By group id.
  std::array<listing, 2> lists_{listing{unemitted}, listing{unsaved}};
};

}  // namespace flow
