#include <array>
#include <bit>
#include <cmath>

#include <arrow/api.h>

#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

using std::string_view;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

/// The first primes, whose roots SHA-2 takes its constants from.
template <std::size_t N>
constexpr std::array<u64, N> primes() {
  std::array<u64, N> out{};
  std::size_t n = 0;
  for (u64 candidate = 2; n < N; ++candidate) {
    bool prime = true;
    for (std::size_t i = 0; i < n; ++i) prime = prime && candidate % out[i] != 0;
    if (prime) out[n++] = candidate;
  }
  return out;
}

__extension__ using wide = unsigned __int128;

/// 64 bits of the fraction of a prime's square or cube root, by bisection.
u64 root_fraction(u64 prime, int degree) {
  wide low = 0, high = wide{prime} << 64;
  const auto power_at_most = [&](wide x) {
    // x is 64.64 fixed point below 2^72; compare x^degree with prime * 2^(64 * degree) through long multiplication.
    std::array<u64, 8> product{1};
    for (int d = 0; d < degree; ++d) {
      std::array<u64, 8> next{};
      const std::array<u64, 2> factor{static_cast<u64>(x), static_cast<u64>(x >> 64)};
      for (std::size_t i = 0; i < 6; ++i) {
        wide carry = 0;
        for (std::size_t k = 0; k < 2; ++k) {
          carry += wide{product[i]} * factor[k] + next[i + k];
          next[i + k] = static_cast<u64>(carry);
          carry >>= 64;
        }
        next[i + 2] += static_cast<u64>(carry);
      }
      product = next;
    }
    const auto whole = static_cast<std::size_t>(degree);
    for (std::size_t i = 7; i > whole; --i) {
      if (product[i] != 0) return false;
    }
    if (product[whole] != prime) return product[whole] < prime;
    for (std::size_t i = 0; i < whole; ++i) {
      if (product[i] != 0) return false;
    }
    return true;
  };
  while (high - low > 1) {
    const wide middle = low + (high - low) / 2;
    (power_at_most(middle) ? low : high) = middle;
  }
  return static_cast<u64>(low);
}

struct sha2_constants {
  std::array<u64, 80> cube{};
  std::array<u64, 16> square{};
  sha2_constants() {
    const auto p = primes<80>();
    for (std::size_t i = 0; i < 80; ++i) cube[i] = root_fraction(p[i], 3);
    for (std::size_t i = 0; i < 16; ++i) square[i] = root_fraction(p[i], 2);
  }
};

const sha2_constants& constants() {
  static const sha2_constants made;
  return made;
}

/// The message with its padding: a one bit, zeros, and its length in bits at the end of a block.
std::string padded(string_view message, std::size_t block, bool big_endian) {
  std::string out(message);
  const std::size_t length_bytes = block / 8;
  out += '\x80';
  while (out.size() % block != block - length_bytes) out += '\0';
  std::string length(length_bytes, '\0');
  const u64 bits = u64{message.size()} * 8;
  for (std::size_t i = 0; i < 8; ++i) length[big_endian ? length_bytes - 1 - i : i] = static_cast<char>(bits >> (8 * i));
  return out + length;
}

template <class Word>
Word read_word(const char* p, bool big_endian) {
  Word w = 0;
  for (std::size_t i = 0; i < sizeof(Word); ++i) {
    const auto byte = static_cast<Word>(static_cast<unsigned char>(p[i]));
    w |= static_cast<Word>(byte << (8 * (big_endian ? sizeof(Word) - 1 - i : i)));
  }
  return w;
}

template <class Word>
void append_word(string_sink& out, Word w, bool big_endian, std::size_t bytes = sizeof(Word)) {
  static constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes; ++i) {
    const auto byte = static_cast<unsigned>(w >> (8 * (big_endian ? sizeof(Word) - 1 - i : i))) & 0xFF;
    out.push(digits[byte >> 4]);
    out.push(digits[byte & 15]);
  }
}

void md5(string_sink& out, string_view message) {
  static constexpr std::array<int, 16> turns{7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
  static const auto sines = [] {
    std::array<u32, 64> k{};
    for (std::size_t i = 0; i < 64; ++i) k[i] = static_cast<u32>(std::abs(std::sin(static_cast<double>(i + 1))) * 4294967296.0);
    return k;
  }();
  std::array<u32, 4> h{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  const auto text = padded(message, 64, false);
  for (std::size_t block = 0; block < text.size(); block += 64) {
    auto [a, b, c, d] = h;
    for (std::size_t i = 0; i < 64; ++i) {
      const auto round = i / 16;
      const u32 f = round == 0 ? (b & c) | (~b & d) : round == 1 ? (d & b) | (~d & c) : round == 2 ? b ^ c ^ d : c ^ (b | ~d);
      const auto g = round == 0 ? i : round == 1 ? (5 * i + 1) % 16 : round == 2 ? (3 * i + 5) % 16 : 7 * i % 16;
      const u32 mixed = a + f + sines[i] + read_word<u32>(text.data() + block + 4 * g, false);
      a = d;
      d = c;
      c = b;
      b += std::rotl(mixed, turns[round * 4 + i % 4]);
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
  }
  for (const u32 w : h) append_word(out, w, false);
}

void sha1(string_sink& out, string_view message) {
  std::array<u32, 5> h{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  const auto text = padded(message, 64, true);
  std::array<u32, 80> w{};
  for (std::size_t block = 0; block < text.size(); block += 64) {
    for (std::size_t i = 0; i < 16; ++i) w[i] = read_word<u32>(text.data() + block + 4 * i, true);
    for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = h;
    for (std::size_t i = 0; i < 80; ++i) {
      const u32 f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
      const u32 k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
      const u32 next = std::rotl(a, 5) + f + e + k + w[i];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
  }
  for (const u32 word : h) append_word(out, word, true);
}

/// What differs between the SHA-2 of 32-bit and of 64-bit words.
struct sha2_turns {
  std::array<int, 3> big0, big1;
  std::array<int, 2> small0, small1;
  int shift0, shift1;
};

template <class Word, std::size_t Rounds>
void sha2(string_sink& out, string_view message, std::array<Word, 8> h, const sha2_turns& t, std::size_t bytes) {
  constexpr std::size_t block_bytes = sizeof(Word) * 16;
  const auto text = padded(message, block_bytes, true);
  std::array<Word, Rounds> w{};
  const auto k = [](std::size_t i) { return static_cast<Word>(constants().cube[i] >> (64 - 8 * sizeof(Word))); };
  for (std::size_t block = 0; block < text.size(); block += block_bytes) {
    for (std::size_t i = 0; i < 16; ++i) w[i] = read_word<Word>(text.data() + block + sizeof(Word) * i, true);
    for (std::size_t i = 16; i < Rounds; ++i) {
      const Word a = w[i - 15], b = w[i - 2];
      const Word s0 = std::rotr(a, t.small0[0]) ^ std::rotr(a, t.small0[1]) ^ a >> t.shift0;
      const Word s1 = std::rotr(b, t.small1[0]) ^ std::rotr(b, t.small1[1]) ^ b >> t.shift1;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto v = h;
    for (std::size_t i = 0; i < Rounds; ++i) {
      const Word s1 = std::rotr(v[4], t.big1[0]) ^ std::rotr(v[4], t.big1[1]) ^ std::rotr(v[4], t.big1[2]);
      const Word s0 = std::rotr(v[0], t.big0[0]) ^ std::rotr(v[0], t.big0[1]) ^ std::rotr(v[0], t.big0[2]);
      const Word first = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k(i) + w[i];
      const Word second = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      for (std::size_t m = 7; m > 0; --m) v[m] = v[m - 1];
      v[4] += first;
      v[0] = first + second;
    }
    for (std::size_t m = 0; m < 8; ++m) h[m] += v[m];
  }
  for (std::size_t m = 0; m * sizeof(Word) < bytes; ++m) append_word(out, h[m], true);
}

constexpr sha2_turns turns32{{2, 13, 22}, {6, 11, 25}, {7, 18}, {17, 19}, 3, 10};
constexpr sha2_turns turns64{{28, 34, 39}, {14, 18, 41}, {1, 8}, {19, 61}, 7, 6};

bool sha2_of(string_sink& out, string_view message, std::int32_t bits) {
  const auto& square = constants().square;
  std::array<u32, 8> start32{};
  std::array<u64, 8> start64{};
  for (std::size_t i = 0; i < 8; ++i) {
    start64[i] = square[i + (bits == 384 ? 8 : 0)];
    // SHA-224 starts from the second half of SHA-384's words.
    start32[i] = bits == 224 ? static_cast<u32>(square[i + 8]) : static_cast<u32>(square[i] >> 32);
  }
  switch (bits) {
    case 224:
      sha2<u32, 64>(out, message, start32, turns32, 28);
      return true;
    case 0:
    case 256:
      sha2<u32, 64>(out, message, start32, turns32, 32);
      return true;
    case 384:
      sha2<u64, 80>(out, message, start64, turns64, 48);
      return true;
    case 512:
      sha2<u64, 80>(out, message, start64, turns64, 64);
      return true;
    default:
      return false;
  }
}

}  // namespace

void register_digest(function_catalog& c) {
  using enum accepts;
  const auto& s = types::string();
  define(c, {"md5", "md5(a)", "The MD5 digest in hexadecimal digits."}, takes({binary}), s, map_text<string_view>(s, md5));
  define(c, {"sha1", "sha1(a)", "The SHA-1 digest in hexadecimal digits."}, takes({binary}), s, map_text<string_view>(s, sha1));
  define_synonyms(c, {"sha"});
  define(c, {"sha2", "sha2(a, bits)", "The SHA-2 digest of 224, 256, 384 or 512 bits in hexadecimal digits."},
         takes({binary, integer}), s, map_text<string_view, std::int32_t>(s, sha2_of));
}

}  // namespace flow
