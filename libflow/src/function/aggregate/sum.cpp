#include <arrow/util/decimal.h>

#include "flow/error.hpp"
#include "function/aggregate/accumulators.hpp"
#include "function/aggregate/decimal_value.hpp"
#include "function/aggregate/fixed_array.hpp"

namespace flow::aggregates {
namespace {

/// Adds a column of T to totals of Total; a group without values is null.
template <class Total>
class plain_sum : public accumulator {
 public:
  explicit plain_sum(data_type type, arrow::Type::type input) : type_(std::move(type)), input_(input) {}

  void resize(std::size_t count) override {
    totals_.resize(count);
    seen_.resize(count);
  }
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    const auto& column = *arguments[0];
    switch (input_) {
      case arrow::Type::INT8:
        return add<std::int8_t>(groups, column);
      case arrow::Type::INT16:
        return add<std::int16_t>(groups, column);
      case arrow::Type::INT32:
        return add<std::int32_t>(groups, column);
      default:
        return add<Total>(groups, column);
    }
  }
  void merge(std::span<const std::uint32_t> groups, std::span<const array> state) override { add<Total>(groups, *state[0]); }
  std::vector<array> state(std::span<const std::uint32_t> groups) const override { return {finish(groups)}; }
  array finish(std::span<const std::uint32_t> groups) const override {
    return fixed_array<Total>(
        type_, groups.size(), [&](std::size_t i) { return totals_[groups[i]]; },
        [&](std::size_t i) { return seen_[groups[i]] != 0; });
  }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const auto g : groups) {
      totals_[g] = 0;
      seen_[g] = 0;
    }
  }
  std::size_t bytes() const override { return totals_.capacity() * sizeof(Total) + seen_.capacity(); }

 private:
  template <class T>
  void add(std::span<const std::uint32_t> groups, const arrow::Array& column) {
    const auto* values = raw<T>(column);
    for_each_value(column, [&](std::size_t i) {
      const auto g = groups[i];
      if constexpr (std::is_integral_v<Total>) {
        totals_[g] = static_cast<Total>(static_cast<std::uint64_t>(totals_[g]) + static_cast<std::uint64_t>(Total{values[i]}));
      } else {
        totals_[g] += static_cast<Total>(values[i]);
      }
      seen_[g] = 1;
    });
  }

  data_type type_;
  arrow::Type::type input_;
  std::vector<Total> totals_;
  std::vector<std::uint8_t> seen_;
};

/// Exact sums in 128 bits: null once they have left `limit`, and for ever after.
class exact_sum : public accumulator {
 public:
  explicit exact_sum(data_type result) : type_(std::move(result)) {
    const bool decimal = type_->id() == arrow::Type::DECIMAL128;
    limit_ = decimal ? power_of_ten(static_cast<const arrow::Decimal128Type&>(*type_).precision()) : wide{1} << 63;
    least_ = decimal ? 1 - limit_ : -limit_;
  }

  void resize(std::size_t count) override {
    totals_.resize(count);
    status_.resize(count);
  }
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    const auto& column = *arguments[0];
    switch (column.type_id()) {
      case arrow::Type::INT8:
        return add<std::int8_t>(groups, column);
      case arrow::Type::INT16:
        return add<std::int16_t>(groups, column);
      case arrow::Type::INT32:
        return add<std::int32_t>(groups, column);
      case arrow::Type::INT64:
        return add<std::int64_t>(groups, column);
      default:
        return add<wide_bytes>(groups, column);
    }
  }
  /// A row that was seen but is null has overflowed.
  void merge(std::span<const std::uint32_t> groups, std::span<const array> state) override {
    update(groups, state);
    const auto& seen = static_cast<const arrow::BooleanArray&>(*state[1]);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      if (seen.Value(row) && state[0]->IsNull(row)) status_[groups[i]] = overflowed;
    }
  }
  std::vector<array> state(std::span<const std::uint32_t> groups) const override {
    return {finish(groups), boolean_array(groups.size(), [&](std::size_t i) { return status_[groups[i]] != empty; })};
  }
  array finish(std::span<const std::uint32_t> groups) const override {
    const auto valid = [&](std::size_t i) { return status_[groups[i]] == holds; };
    if (type_->id() == arrow::Type::INT64)
      return fixed_array<std::int64_t>(
          type_, groups.size(), [&](std::size_t i) { return static_cast<std::int64_t>(totals_[groups[i]]); }, valid);
    return fixed_array<wide_bytes>(type_, groups.size(), [&](std::size_t i) { return wide_bytes(totals_[groups[i]]); }, valid);
  }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const auto g : groups) {
      totals_[g] = 0;
      status_[g] = empty;
    }
  }
  std::size_t bytes() const override { return totals_.capacity() * sizeof(wide) + status_.capacity(); }

 private:
  enum status : std::uint8_t { empty, holds, overflowed };

  template <class T>
  void add(std::span<const std::uint32_t> groups, const arrow::Array& column) {
    const auto* values = raw<T>(column);
    for_each_value(column, [&](std::size_t i) {
      const auto g = groups[i];
      if (status_[g] == overflowed) return;
      const bool wrapped = __builtin_add_overflow(totals_[g], static_cast<wide>(values[i]), &totals_[g]);
      status_[g] = wrapped || totals_[g] >= limit_ || totals_[g] < least_ ? overflowed : holds;
    });
  }

  data_type type_;
  wide limit_ = 0, least_ = 0;
  std::vector<wide> totals_;
  std::vector<std::uint8_t> status_;
};

}  // namespace

accumulator_ptr make_integer_sum(const data_type& argument, bool checked) {
  if (checked) return std::make_unique<exact_sum>(arrow::int64());
  return std::make_unique<plain_sum<std::int64_t>>(arrow::int64(), argument->id());
}

std::vector<data_type> integer_sum_state(bool checked) {
  if (checked) return {arrow::int64(), arrow::boolean()};
  return {arrow::int64()};
}

accumulator_ptr make_double_sum() { return std::make_unique<plain_sum<double>>(arrow::float64(), arrow::Type::DOUBLE); }
accumulator_ptr make_decimal_sum(const data_type& result) { return std::make_unique<exact_sum>(result); }

}  // namespace flow::aggregates
