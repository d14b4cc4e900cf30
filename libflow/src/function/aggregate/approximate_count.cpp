#include <bit>
#include <cmath>

#include <arrow/util/decimal.h>
#include <xxhash.h>

#include "function/aggregate/accumulators.hpp"
#include "function/aggregate/fixed_array.hpp"
#include "row/value_format.hpp"

namespace flow::aggregates {
namespace {

constexpr std::uint64_t hash_seed = 42;

/// Big-endian two's complement of least length, which is what Spark hashes of a wide decimal.
std::uint64_t hash_wide(const std::uint8_t* little_endian, std::uint64_t seed) {
  std::uint8_t bytes[16];
  for (int i = 0; i < 16; ++i) bytes[i] = little_endian[15 - i];
  int from = 0;
  while (from < 15 && ((bytes[from] == 0 && bytes[from + 1] < 0x80) || (bytes[from] == 0xff && bytes[from + 1] >= 0x80)))
    ++from;
  return XXH64(bytes + from, static_cast<std::size_t>(16 - from), seed);
}

std::uint64_t hash_value(const arrow::Array& column, std::int64_t i, std::uint64_t seed);

std::uint64_t hash_elements(const arrow::Array& values, std::int64_t from, std::int64_t to, std::uint64_t seed) {
  for (auto i = from; i < to; ++i) seed = hash_value(values, i, seed);
  return seed;
}

/// Spark's xxhash64 of a value: numbers below 64 bits as 4 bytes, nested values member by member, nulls leaving the seed.
std::uint64_t hash_value(const arrow::Array& column, std::int64_t i, std::uint64_t seed) {
  if (column.IsNull(i)) return seed;
  const auto narrow = [&](std::int32_t v) { return XXH64(&v, sizeof(v), seed); };
  switch (row::layout_of(*column.type())) {
    case row::layout::boolean:
      return narrow(static_cast<const arrow::BooleanArray&>(column).Value(i) ? 1 : 0);
    case row::layout::int8:
      return narrow(raw<std::int8_t>(column)[i]);
    case row::layout::int16:
      return narrow(raw<std::int16_t>(column)[i]);
    case row::layout::int32:
      return narrow(raw<std::int32_t>(column)[i]);
    case row::layout::float32: {
      auto v = raw<float>(column)[i];
      v = std::isnan(v) ? std::numeric_limits<float>::quiet_NaN() : v == 0 ? 0 : v;
      return narrow(std::bit_cast<std::int32_t>(v));
    }
    case row::layout::float64: {
      auto v = raw<double>(column)[i];
      v = std::isnan(v) ? std::numeric_limits<double>::quiet_NaN() : v == 0 ? 0 : v;
      return XXH64(&v, sizeof(v), seed);
    }
    case row::layout::decimal: {
      const auto* v = raw<std::uint8_t>(column) - column.offset() + 16 * (column.offset() + i);
      if (static_cast<const arrow::Decimal128Type&>(*column.type()).precision() > 18) return hash_wide(v, seed);
      return XXH64(v, 8, seed);
    }
    case row::layout::bytes: {
      const auto view = static_cast<const arrow::BinaryArray&>(column).GetView(i);
      return XXH64(view.data(), view.size(), seed);
    }
    case row::layout::structure: {
      const auto& members = static_cast<const arrow::StructArray&>(column);
      for (int m = 0; m < members.num_fields(); ++m) seed = hash_value(*members.field(m), i, seed);
      return seed;
    }
    case row::layout::list: {
      const auto& list = static_cast<const arrow::ListArray&>(column);
      return hash_elements(*list.values(), list.value_offset(i), list.value_offset(i + 1), seed);
    }
    case row::layout::interval:
      return XXH64(raw<row::interval_words>(column) + i, sizeof(row::interval_words), seed);
    default:
      return XXH64(raw<std::int64_t>(column) + i, 8, seed);
  }
}

/// Source: Heule, Nunkesser, Hall: HyperLogLog in Practice (2013). Registers are one byte; a group without values has none.
class approximate_count : public accumulator {
 public:
  explicit approximate_count(double relative_error)
      : precision_(std::max(4, static_cast<int>(std::ceil(2 * std::log(1.106 / relative_error) / std::log(2.0))))),
        registers_(std::size_t{1} << precision_) {}

  void resize(std::size_t count) override { groups_.resize(count); }
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    const auto& column = *arguments[0];
    for_each_value(column, [&](std::size_t i) { add(groups[i], hash_value(column, static_cast<std::int64_t>(i), hash_seed)); });
  }
  void merge(std::span<const std::uint32_t> groups, std::span<const array> state) override {
    const auto& sketches = static_cast<const arrow::BinaryArray&>(*state[0]);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto other = sketches.GetView(static_cast<std::int64_t>(i));
      if (other.empty()) continue;
      auto& own = ready(groups[i]);
      for (std::size_t r = 0; r < std::min(registers_, other.size()); ++r)
        own[r] = std::max(own[r], static_cast<std::uint8_t>(other[r]));
    }
  }
  std::vector<array> state(std::span<const std::uint32_t> groups) const override {
    arrow::BinaryBuilder builder;
    for (const auto g : groups) check(builder.Append(groups_[g].data(), static_cast<std::int32_t>(groups_[g].size())));
    return {check(builder.Finish())};
  }
  array finish(std::span<const std::uint32_t> groups) const override {
    return fixed_array<std::int64_t>(arrow::int64(), groups.size(),
                                     [&](std::size_t i) { return estimate(groups_[groups[i]]); });
  }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const auto g : groups) {
      if (!groups_[g].empty()) --used_;
      groups_[g] = {};
    }
  }
  std::size_t bytes() const override { return groups_.capacity() * sizeof(groups_[0]) + used_ * registers_; }

 private:
  std::vector<std::uint8_t>& ready(std::uint32_t group) {
    auto& own = groups_[group];
    if (own.empty()) {
      own.resize(registers_);
      ++used_;
    }
    return own;
  }
  void add(std::uint32_t group, std::uint64_t hash) {
    auto& own = ready(group)[hash >> (64 - precision_)];
    const auto rest = (hash << precision_) | (std::uint64_t{1} << (precision_ - 1));
    own = std::max(own, static_cast<std::uint8_t>(std::countl_zero(rest) + 1));
  }
  /// Linear counting while registers are empty and the estimate is small, as the paper has it; beyond that the raw estimate,
  /// without the paper's table of empirical biases (under 1 % from where linear counting ends).
  std::int64_t estimate(const std::vector<std::uint8_t>& own) const {
    if (own.empty()) return 0;
    double inverse = 0, empty = 0;
    for (const auto r : own) {
      inverse += std::ldexp(1.0, -r);
      empty += r == 0;
    }
    const auto m = static_cast<double>(registers_);
    const double alpha = precision_ == 4 ? 0.673 : precision_ == 5 ? 0.697 : precision_ == 6 ? 0.709 : 0.7213 / (1 + 1.079 / m);
    const double raw_estimate = alpha * m * m / inverse;
    if (empty == 0) return std::llround(raw_estimate);
    const double linear = m * std::log(m / empty);
    static constexpr double thresholds[] = {10,   20,   40,    80,    220,   400,    900,   1800,
                                            3100, 6500, 15500, 20000, 50000, 120000, 350000};
    const bool small = precision_ < 19 && linear <= thresholds[precision_ - 4];
    return std::llround(small || raw_estimate <= 2.5 * m ? linear : raw_estimate);
  }

  int precision_;
  std::size_t registers_;
  std::vector<std::vector<std::uint8_t>> groups_;
  std::size_t used_ = 0;
};

}  // namespace

accumulator_ptr make_approximate_count(const data_type&, double relative_error) {
  return std::make_unique<approximate_count>(relative_error);
}

}  // namespace flow::aggregates
