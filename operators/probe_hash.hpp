#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace flow {

// Hashes for tables that live in memory only; nothing durable depends on them (key groups use hash_bytes of row_codec.hpp).

/// Both halves of a 128-bit product folded together.
inline std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using wide = unsigned __int128;
  const auto product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t probe_hash(std::uint64_t value) noexcept {
  return fold_multiply(value ^ 0x9e3779b97f4a7c15u, 0xd1342543de82ef95u);
}

inline std::uint64_t probe_hash(std::string_view bytes) noexcept {
  const auto word = [](const char* at) {
    std::uint64_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  constexpr std::uint64_t first = 0x9e3779b97f4a7c15u, second = 0xd1342543de82ef95u;
  std::uint64_t hash = bytes.size() * first;
  const char* at = bytes.data();
  auto left = bytes.size();
  for (; left > 16; left -= 16, at += 16) hash = fold_multiply(word(at) ^ first ^ hash, word(at + 8) ^ second);
  std::uint64_t low = 0, high = 0;
  if (left >= 8) {  // The two words overlap unless 16 bytes are left.
    low = word(at);
    high = word(at + left - 8);
  } else if (left > 0) {
    std::memcpy(&low, at, left);
  }
  return fold_multiply(low ^ first ^ hash, high ^ second);
}

}  // namespace flow
