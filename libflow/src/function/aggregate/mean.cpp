#include <optional>

#include <arrow/util/decimal.h>

#include "function/aggregate/accumulators.hpp"
#include "function/aggregate/decimal_value.hpp"
#include "function/aggregate/fixed_array.hpp"

namespace flow::aggregates {
namespace {

class double_mean : public accumulator {
 public:
  void resize(std::size_t count) override {
    sums_.resize(count);
    counts_.resize(count);
  }
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    const auto* values = raw<double>(*arguments[0]);
    for_each_value(*arguments[0], [&](std::size_t i) {
      sums_[groups[i]] += values[i];
      ++counts_[groups[i]];
    });
  }
  void merge(std::span<const std::uint32_t> groups, std::span<const array> state) override {
    const auto* sums = raw<double>(*state[0]);
    const auto* counts = raw<std::int64_t>(*state[1]);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      sums_[groups[i]] += sums[i];
      counts_[groups[i]] += counts[i];
    }
  }
  std::vector<array> state(std::span<const std::uint32_t> groups) const override {
    return {fixed_array<double>(arrow::float64(), groups.size(), [&](std::size_t i) { return sums_[groups[i]]; }),
            fixed_array<std::int64_t>(arrow::int64(), groups.size(), [&](std::size_t i) { return counts_[groups[i]]; })};
  }
  array finish(std::span<const std::uint32_t> groups) const override {
    return fixed_array<double>(
        arrow::float64(), groups.size(),
        [&](std::size_t i) { return sums_[groups[i]] / static_cast<double>(counts_[groups[i]]); },
        [&](std::size_t i) { return counts_[groups[i]] != 0; });
  }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const auto g : groups) {
      sums_[g] = 0;
      counts_[g] = 0;
    }
  }
  std::size_t bytes() const override { return (sums_.capacity() + counts_.capacity()) * 8; }

 private:
  std::vector<double> sums_;
  std::vector<std::int64_t> counts_;
};

/// The sum is a decimal sum; the quotient is rounded half away from zero, as Spark does.
class decimal_mean : public accumulator {
 public:
  decimal_mean(const data_type& sum, data_type result) : sums_(make_decimal_sum(sum)), type_(std::move(result)) {
    const auto& from = static_cast<const arrow::Decimal128Type&>(*sum);
    const auto& to = static_cast<const arrow::Decimal128Type&>(*type_);
    raise_ = to.scale() - from.scale();
    limit_ = power_of_ten(to.precision());
  }

  void resize(std::size_t count) override {
    sums_->resize(count);
    counts_.resize(count);
  }
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    sums_->update(groups, arguments);
    for_each_value(*arguments[0], [&](std::size_t i) { ++counts_[groups[i]]; });
  }
  void merge(std::span<const std::uint32_t> groups, std::span<const array> state) override {
    const auto* counts = raw<std::int64_t>(*state[1]);
    const array seen = boolean_array(groups.size(), [&](std::size_t i) { return counts[i] != 0; });
    const array columns[] = {state[0], seen};
    sums_->merge(groups, columns);
    for (std::size_t i = 0; i < groups.size(); ++i) counts_[groups[i]] += counts[i];
  }
  std::vector<array> state(std::span<const std::uint32_t> groups) const override {
    return {sums_->finish(groups),
            fixed_array<std::int64_t>(arrow::int64(), groups.size(), [&](std::size_t i) { return counts_[groups[i]]; })};
  }
  array finish(std::span<const std::uint32_t> groups) const override {
    const auto sums = sums_->finish(groups);
    const auto* values = raw<wide_bytes>(*sums);
    std::vector<std::optional<wide>> means(groups.size());
    for_each_value(*sums, [&](std::size_t i) { means[i] = mean(static_cast<wide>(values[i]), counts_[groups[i]]); });
    return fixed_array<wide_bytes>(
        type_, groups.size(), [&](std::size_t i) { return wide_bytes(*means[i]); },
        [&](std::size_t i) { return means[i].has_value(); });
  }
  void clear(std::span<const std::uint32_t> groups) override {
    sums_->clear(groups);
    for (const auto g : groups) counts_[g] = 0;
  }
  std::size_t bytes() const override { return sums_->bytes() + counts_.capacity() * 8; }

 private:
  std::optional<wide> mean(wide sum, std::int64_t count) const {
    const auto whole = sum / count;
    auto rest = sum % count;  // Smaller than 2^63, so ten times it fits.
    const bool negative = sum < 0;
    if (rest < 0) rest = -rest;
    wide magnitude = whole < 0 ? -whole : whole;
    for (int digit = 0; digit < raise_; ++digit) {
      rest *= 10;
      if (__builtin_mul_overflow(magnitude, wide{10}, &magnitude)) return {};
      magnitude += rest / count;
      rest %= count;
    }
    if (rest * 2 >= count) ++magnitude;
    if (magnitude >= limit_) return {};
    return negative ? -magnitude : magnitude;
  }

  accumulator_ptr sums_;
  data_type type_;
  int raise_ = 0;
  wide limit_ = 0;
  std::vector<std::int64_t> counts_;
};

}  // namespace

accumulator_ptr make_double_mean() { return std::make_unique<double_mean>(); }
accumulator_ptr make_decimal_mean(const data_type& sum, const data_type& result) {
  return std::make_unique<decimal_mean>(sum, result);
}

}  // namespace flow::aggregates
