#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

/// The pieces of hash_bytes() (row_codec.hpp) that hot loops inline to hash a key straight from a column, without encoding it
/// first. An encoded row starts with the marker of its first column; the hash treats that byte apart from the rest, so that a
/// single STRING key is hashed from the array's own bytes.
namespace flow::key_hash {

inline constexpr std::uint8_t present = 1;  ///< Marker of a value in an encoded row.
inline constexpr std::uint8_t absent = 2;   ///< Marker of a null: sorts behind every value.

/// Up to 16 bytes in two words, padded with zeros.
struct words {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

inline std::uint64_t load(const std::uint8_t* p) noexcept {
  std::uint64_t v;
  std::memcpy(&v, p, sizeof(v));
  if constexpr (std::endian::native == std::endian::big) v = __builtin_bswap64(v);
  return v;
}

/// The bits of both words that the first n of 16 bytes fill.
inline constexpr auto fill = [] {
  std::array<words, 17> masks{};
  for (unsigned n = 1; n <= 16; ++n) {
    masks[n].low = n >= 8 ? ~0ull : (1ull << (8 * n)) - 1;
    masks[n].high = n <= 8 ? 0 : n == 16 ? ~0ull : (1ull << (8 * (n - 8))) - 1;
  }
  return masks;
}();

/// The first `size` (at most 16) bytes at `p`, of which 16 must be readable. Without a branch: lengths of words do not predict.
inline words load_padded(const std::uint8_t* p, std::uint32_t size) noexcept {
  return {load(p) & fill[size].low, load(p + 8) & fill[size].high};
}

/// The same where nothing behind the `size` bytes may be read.
inline words load_exact(const std::uint8_t* p, std::uint32_t size) noexcept {
  std::uint8_t padded[16] = {};
  if (size != 0) std::memcpy(padded, p, size);
  return {load(padded), load(padded + 8)};
}

inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// The hash of a row of `first` and `size` more bytes, the last (at most) 16 of them in `tail`, the ones before in `seed`.
inline std::uint64_t finish(std::uint64_t seed, words tail, std::uint8_t first, std::uint32_t size) noexcept {
  const auto h = fold(tail.low ^ 0x9e3779b97f4a7c15ull ^ seed, tail.high ^ 0xd1b54a32d192ed03ull ^ (size * 0x100000001b3ull));
  return fold(h ^ 0x8cb92ba72f3d8dd7ull, 0xe7037ed1a0b428dbull + first);
}

inline std::uint64_t of_short(words key, std::uint8_t first, std::uint32_t size) noexcept {
  return finish(0, key, first, size);
}

/// The hash of a row of `first` and any number of bytes behind.
inline std::uint64_t of(const std::uint8_t* p, std::uint32_t size, std::uint8_t first) noexcept {
  if (size <= 16) return of_short(load_exact(p, size), first, size);
  std::uint64_t seed = 0x2d358dccaa6c78a5ull;
  const auto* const end = p + size;
  for (; end - p > 16; p += 16) seed = fold(load(p) ^ seed, load(p + 8) ^ 0x8bb84b93962eacc9ull);
  return finish(seed, {load(end - 16), load(end - 8)}, first, size);
}

}  // namespace flow::key_hash
