#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include <arrow/api.h>
#include <arrow/datum.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/decimal.h>

/// Typed reading of a kernel's arguments. A constant argument is read like a column whose rows are all alike.
namespace flow {

/// Whether a value's row is null; a constant answers alike for every row.
class null_reader {
 public:
  explicit null_reader(const arrow::Datum& datum);

  bool operator()(std::int64_t row) const {
    if (bits_ == nullptr) return all_;
    return !arrow::bit_util::GetBit(bits_, offset_ + row);
  }
  bool all() const { return all_; }
  bool maybe() const { return all_ || bits_ != nullptr; }

 private:
  const std::uint8_t* bits_ = nullptr;
  std::int64_t offset_ = 0;
  bool all_ = false;
};

/// Values of a fixed-width type by row: integers, floats, date (int32), timestamp (int64), Decimal128.
template <class T>
class reader {
 public:
  explicit reader(const arrow::Datum& datum) {
    if (datum.is_array()) {
      data_ = datum.array()->GetValues<T>(1);
      return;
    }
    constant_ = true;
    const auto& scalar = *datum.scalar();
    if (!scalar.is_valid) return;
    if constexpr (std::is_same_v<T, arrow::Decimal128>) {
      value_ = static_cast<const arrow::Decimal128Scalar&>(scalar).value;
    } else {
      const auto bytes = static_cast<const arrow::internal::PrimitiveScalarBase&>(scalar).view();
      std::memcpy(&value_, bytes.data(), sizeof(T));
    }
  }

  bool constant() const { return constant_; }
  const T* data() const { return data_; }
  T operator[](std::int64_t row) const { return constant_ ? value_ : data_[row]; }

 private:
  const T* data_ = nullptr;
  T value_{};
  bool constant_ = false;
};

template <>
class reader<bool> {
 public:
  explicit reader(const arrow::Datum& datum) {
    if (datum.is_array()) {
      bits_ = datum.array()->buffers[1] ? datum.array()->buffers[1]->data() : nullptr;
      offset_ = datum.array()->offset;
    } else if (datum.scalar()->is_valid) {
      value_ = static_cast<const arrow::BooleanScalar&>(*datum.scalar()).value;
    }
  }
  bool constant() const { return bits_ == nullptr; }
  bool operator[](std::int64_t row) const { return bits_ != nullptr ? arrow::bit_util::GetBit(bits_, offset_ + row) : value_; }

 private:
  const std::uint8_t* bits_ = nullptr;
  std::int64_t offset_ = 0;
  bool value_ = false;
};

/// STRING and BINARY.
template <>
class reader<std::string_view> {
 public:
  explicit reader(const arrow::Datum& datum) {
    if (datum.is_array()) {
      offsets_ = datum.array()->GetValues<std::int32_t>(1);
      const auto& bytes = datum.array()->buffers[2];
      bytes_ = bytes ? reinterpret_cast<const char*>(bytes->data()) : "";
    } else if (datum.scalar()->is_valid) {
      const auto& buffer = static_cast<const arrow::BaseBinaryScalar&>(*datum.scalar()).value;
      value_ = {reinterpret_cast<const char*>(buffer->data()), static_cast<std::size_t>(buffer->size())};
    }
  }
  bool constant() const { return offsets_ == nullptr; }
  const std::int32_t* offsets() const { return offsets_; }
  const char* bytes() const { return bytes_; }
  std::string_view operator[](std::int64_t row) const {
    if (offsets_ == nullptr) return value_;
    return {bytes_ + offsets_[row], static_cast<std::size_t>(offsets_[row + 1] - offsets_[row])};
  }

 private:
  const std::int32_t* offsets_ = nullptr;
  const char* bytes_ = nullptr;
  std::string_view value_;
};

/// The argument as an array of `rows` rows, constants repeated.
std::shared_ptr<arrow::Array> as_array(const arrow::Datum& datum, std::int64_t rows);
/// The constant as text, or nothing for null. The argument must be a scalar of STRING.
std::optional<std::string> constant_text(const arrow::Datum& datum);

}  // namespace flow
