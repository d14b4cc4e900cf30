#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "format/json_scanner.hpp"

/// What rows that one program writes have in common: the same keys in the same order, values of the same kinds, some of the
/// same length. Each is guessed from the row before and compared with what stands there; a guess that fails costs a slower
/// look, never a wrong answer.
namespace flow {

/// What stood between two values: comma, key, colon and blanks.
class json_key_memo {
 public:
  json_key_memo() = default;
  /// Nothing is remembered of what is longer than 32 bytes.
  json_key_memo(std::string_view between, int member) : member_(member) {
    if (between.size() > sizeof(bytes_)) return;
    std::memcpy(bytes_, between.data(), between.size());
    size_ = static_cast<std::uint32_t>(between.size());
    mask_ = size_ == 0 ? 0 : ~0u >> (32 - size_);
  }

  /// @pre json_padding readable bytes at `at`.
  bool matches(const char* at, const char* end) const {
    if (mask_ == 0 || end - at < static_cast<std::ptrdiff_t>(size_)) return false;
#if defined(__SSE2__)
    const auto same = [&](std::size_t from) {
      const auto bytes = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at + from)),
                                        _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes_ + from)));
      return static_cast<unsigned>(_mm_movemask_epi8(bytes));
    };
    if (size_ <= 16) return (same(0) & mask_) == mask_;
    return ((same(0) | same(16) << 16) & mask_) == mask_;
#else
    return std::memcmp(at, bytes_, size_) == 0;
#endif
  }
  std::size_t size() const { return size_; }
  int member() const { return member_; }

 private:
  char bytes_[32] = {};
  std::uint32_t size_ = 0;
  std::uint32_t mask_ = 0;
  int member_ = -1;
};

/// How long a text was. Where the length stays, the next key is looked at before the end of this text is found.
class json_length_memo {
 public:
  /// The end of the text at `from`, if it is as long as the last ones and holds neither backslash nor control character.
  const char* guess(const char* from, const char* end) const {
#if defined(__SSE2__)
    if (hits_ < enough || end - from <= static_cast<std::ptrdiff_t>(length_)) return nullptr;
    auto before = _mm_setzero_si128();
    std::uint32_t at = 0;
    for (; at + 16 <= length_; at += 16) before = _mm_or_si128(before, json_scanner::specials_in(from + at, '"'));
    const auto last = static_cast<unsigned>(_mm_movemask_epi8(json_scanner::specials_in(from + at, '"')));
    // The first special is at the text's end.
    const auto first = last & (~last + 1);
    if (_mm_movemask_epi8(before) != 0 || first != 1u << (length_ - at) || from[length_] != '"') return nullptr;
    return from + length_;
#else
    return nullptr;
#endif
  }
  void see(std::size_t length) {
    hits_ = length == length_ ? std::min(hits_ + 1, enough) : 0;
    if (length < longest) length_ = static_cast<std::uint32_t>(length);
  }

 private:
  static constexpr int enough = 4;
  static constexpr std::size_t longest = 1u << 20;
  std::uint32_t length_ = 0;
  int hits_ = 0;
};

}  // namespace flow
