#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace flow {

/// A set of byte-string keys, each with a time, in open addressing; what deduplication remembers. Key bytes lie end to end in
/// one block that is rewritten when most of it belongs to keys that are gone.
class key_set {
 public:
  struct entry {
    std::uint64_t hash = 0;
    std::int64_t time = 0;
    std::uint64_t offset = 0;  ///< Of the key's bytes.
    std::uint32_t size = 0;
    bool stored = false;  ///< The owner's mark: the last snapshot has it.
    bool alive = false;
  };

  /// The key's entry, or null. Pointers stay valid until the next insert.
  entry* find(std::uint64_t hash, std::string_view key);
  /// Adds a key that is not there; returns its number, which names it until it is erased.
  std::uint32_t insert(std::uint64_t hash, std::string_view key, std::int64_t time);
  void erase(std::uint32_t number);

  entry& at(std::uint32_t number) { return entries_[number]; }
  const entry& at(std::uint32_t number) const { return entries_[number]; }
  std::string_view key(const entry& e) const { return {bytes_.data() + e.offset, e.size}; }
  std::uint32_t number_of(const entry& e) const { return static_cast<std::uint32_t>(&e - entries_.data()); }

  /// Visits every entry in no order.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const auto& e : entries_) {
      if (e.alive) visit(e);
    }
  }

  std::size_t size() const { return live_; }
  std::size_t bytes() const;
  void clear();

 private:
  static constexpr std::uint32_t free_slot = 0xffffffff;

  std::size_t slot_of(std::uint32_t number) const;
  void grow();
  void compact();

  std::vector<std::uint32_t> slots_;  ///< Entry numbers; a power of two of them.
  std::vector<entry> entries_;
  std::vector<std::uint32_t> free_;  ///< Numbers of erased entries.
  std::vector<char> bytes_;
  std::size_t live_ = 0;
  std::size_t dead_bytes_ = 0;
};

}  // namespace flow
