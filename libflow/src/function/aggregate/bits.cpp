#include "function/aggregate/accumulators.hpp"
#include "function/aggregate/fixed_array.hpp"

namespace flow::aggregates {
namespace {

template <class T>
class bits : public accumulator {
 public:
  bits(data_type type, bit_operation operation) : type_(std::move(type)), operation_(operation) {}

  void resize(std::size_t count) override {
    values_.resize(count);
    seen_.resize(count);
  }
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    const auto* values = raw<T>(*arguments[0]);
    for_each_value(*arguments[0], [&](std::size_t i) {
      const auto g = groups[i];
      values_[g] = seen_[g] == 0 ? values[i] : combine(values_[g], values[i]);
      seen_[g] = 1;
    });
  }
  void merge(std::span<const std::uint32_t> groups, std::span<const array> state) override { update(groups, state); }
  std::vector<array> state(std::span<const std::uint32_t> groups) const override { return {finish(groups)}; }
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
  T combine(T a, T b) const {
    switch (operation_) {
      case bit_operation::conjunction:
        return static_cast<T>(a & b);
      case bit_operation::disjunction:
        return static_cast<T>(a | b);
      default:
        return static_cast<T>(a ^ b);
    }
  }

  data_type type_;
  bit_operation operation_;
  std::vector<T> values_;
  std::vector<std::uint8_t> seen_;
};

}  // namespace

accumulator_ptr make_bits(const data_type& type, bit_operation operation) {
  switch (type->id()) {
    case arrow::Type::INT8:
      return std::make_unique<bits<std::int8_t>>(type, operation);
    case arrow::Type::INT16:
      return std::make_unique<bits<std::int16_t>>(type, operation);
    case arrow::Type::INT32:
      return std::make_unique<bits<std::int32_t>>(type, operation);
    default:
      return std::make_unique<bits<std::int64_t>>(type, operation);
  }
}

}  // namespace flow::aggregates
