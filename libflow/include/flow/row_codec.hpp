#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flow/batch.hpp"
#include "flow/types.hpp"

namespace flow {

/// Byte strings laid end to end: string i is bytes[offsets[i] .. offsets[i + 1]).
struct byte_rows {
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint32_t> offsets{0};

  std::size_t size() const { return offsets.size() - 1; }
  std::string_view operator[](std::size_t i) const {
    return {reinterpret_cast<const char*>(bytes.data()) + offsets[i], offsets[i + 1] - offsets[i]};
  }
};

/// Rows of given column types to bytes and back; used for keys and for state values. Equal rows have equal bytes: -0.0 is
/// written as 0.0, every NaN as one NaN, as Spark groups them. Integers, dates and timestamps are written big-endian with
/// the sign flipped, so keys that begin with a time sort by it.
class row_codec {
 public:
  explicit row_codec(std::vector<data_type> types);

  /// Appends every row of `columns` (equal lengths, of the codec's types; `rows` says how many, also without columns).
  void encode(std::span<const array> columns, std::int64_t rows, byte_rows& out) const;
  /// The columns of these encoded rows. @throws error{checkpoint_corrupt} if a row does not fit the types.
  std::vector<array> decode(std::span<const std::string_view> rows) const;

  const std::vector<data_type>& types() const { return types_; }

 private:
  std::vector<data_type> types_;
};

/// 64-bit hash of encoded bytes; the same on every machine and release, since key groups in checkpoints depend on it.
std::uint64_t hash_bytes(std::string_view bytes) noexcept;

}  // namespace flow
