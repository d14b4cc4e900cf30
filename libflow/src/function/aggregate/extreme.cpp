#include <cmath>

#include "function/aggregate/accumulators.hpp"
#include "function/aggregate/encoded_values.hpp"
#include "function/aggregate/fixed_array.hpp"
#include "row/encoded_order.hpp"

namespace flow::aggregates {
namespace {

template <class T>
bool less(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::isnan(b) ? !std::isnan(a) : a < b;
  } else {
    return a < b;
  }
}

/// Min and max merge their values as they take rows: the state is the value.
class extreme : public accumulator {
 public:
  void merge(std::span<const std::uint32_t> groups, std::span<const array> state) override { update(groups, state); }
  std::vector<array> state(std::span<const std::uint32_t> groups) const override { return {finish(groups)}; }
};

template <class T>
class fixed_extreme : public extreme {
 public:
  fixed_extreme(data_type type, bool greatest) : type_(std::move(type)), greatest_(greatest) {}

  void resize(std::size_t count) override {
    values_.resize(count);
    seen_.resize(count);
  }
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    if (greatest_)
      take(groups, *arguments[0], [](T value, T best) { return less(best, value); });
    else
      take(groups, *arguments[0], [](T value, T best) { return less(value, best); });
  }
  array finish(std::span<const std::uint32_t> groups) const override {
    return fixed_array<T>(
        type_, groups.size(), [&](std::size_t i) { return values_[groups[i]]; },
        [&](std::size_t i) { return seen_[groups[i]] != 0; });
  }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const auto g : groups) seen_[g] = 0;
  }
  std::size_t bytes() const override { return values_.capacity() * sizeof(T) + seen_.capacity(); }

 private:
  template <class Better>
  void take(std::span<const std::uint32_t> groups, const arrow::Array& column, Better better) {
    const auto* values = raw<T>(column);
    for_each_value(column, [&](std::size_t i) {
      const auto g = groups[i];
      if (seen_[g] != 0 && !better(values[i], values_[g])) return;
      values_[g] = values[i];
      seen_[g] = 1;
    });
  }

  data_type type_;
  bool greatest_;
  std::vector<T> values_;
  std::vector<std::uint8_t> seen_;
};

/// Text, and by its encoding every other type.
class encoded_extreme : public extreme {
 public:
  encoded_extreme(const data_type& type, bool greatest) : best_(type), greatest_(greatest) {}

  void resize(std::size_t count) override { best_.resize(count); }
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    const auto rows = best_.encode(arguments[0]);
    for_each_value(*arguments[0], [&](std::size_t i) {
      const auto g = groups[i];
      if (best_.has(g)) {
        const int order = row::compare_encoded(best_.type(), rows[i], best_[g]);
        if (greatest_ ? order <= 0 : order >= 0) return;
      }
      best_.set(g, rows[i]);
    });
  }
  array finish(std::span<const std::uint32_t> groups) const override { return best_.column(groups); }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const auto g : groups) best_.clear(g);
  }
  std::size_t bytes() const override { return best_.bytes(); }

 private:
  encoded_values best_;
  bool greatest_;
};

/// max_by, min_by. Rows with a null order do not count; of equal orders the later row counts, as Spark's comparisons have it.
class extreme_by : public accumulator {
 public:
  extreme_by(const data_type& value, const data_type& order, bool greatest)
      : values_(value), orders_(order), greatest_(greatest) {}

  void resize(std::size_t count) override {
    values_.resize(count);
    orders_.resize(count);
  }
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    const auto values = values_.encode(arguments[0]), orders = orders_.encode(arguments[1]);
    for_each_value(*arguments[1], [&](std::size_t i) {
      const auto g = groups[i];
      if (orders_.has(g)) {
        const int order = row::compare_encoded(orders_.type(), orders[i], orders_[g]);
        if (greatest_ ? order < 0 : order > 0) return;
      }
      orders_.set(g, orders[i]);
      values_.set(g, values[i]);
    });
  }
  void merge(std::span<const std::uint32_t> groups, std::span<const array> state) override { update(groups, state); }
  std::vector<array> state(std::span<const std::uint32_t> groups) const override {
    return {values_.column(groups), orders_.column(groups)};
  }
  array finish(std::span<const std::uint32_t> groups) const override { return values_.column(groups); }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const auto g : groups) {
      values_.clear(g);
      orders_.clear(g);
    }
  }
  std::size_t bytes() const override { return values_.bytes() + orders_.bytes(); }

 private:
  encoded_values values_, orders_;
  bool greatest_;
};

}  // namespace

accumulator_ptr make_extreme(const data_type& type, bool greatest) {
  switch (type->id()) {
    case arrow::Type::INT8:
      return std::make_unique<fixed_extreme<std::int8_t>>(type, greatest);
    case arrow::Type::INT16:
      return std::make_unique<fixed_extreme<std::int16_t>>(type, greatest);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
      return std::make_unique<fixed_extreme<std::int32_t>>(type, greatest);
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
      return std::make_unique<fixed_extreme<std::int64_t>>(type, greatest);
    case arrow::Type::FLOAT:
      return std::make_unique<fixed_extreme<float>>(type, greatest);
    case arrow::Type::DOUBLE:
      return std::make_unique<fixed_extreme<double>>(type, greatest);
    default:
      return std::make_unique<encoded_extreme>(type, greatest);
  }
}

accumulator_ptr make_extreme_by(const data_type& value, const data_type& order, bool greatest) {
  return std::make_unique<extreme_by>(value, order, greatest);
}

}  // namespace flow::aggregates
