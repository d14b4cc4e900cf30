#include "function/aggregate/accumulators.hpp"
#include "function/aggregate/encoded_values.hpp"
#include "function/aggregate/fixed_array.hpp"

namespace flow::aggregates {
namespace {

class first_value : public accumulator {
 public:
  first_value(const data_type& type, bool last, bool ignore_nulls) : values_(type), last_(last), ignore_nulls_(ignore_nulls) {}

  void resize(std::size_t count) override { values_.resize(count); }
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    const auto& column = *arguments[0];
    take(groups, arguments[0], [&](std::size_t i) { return !ignore_nulls_ || column.IsValid(static_cast<std::int64_t>(i)); });
  }
  void merge(std::span<const std::uint32_t> groups, std::span<const array> state) override {
    const auto& seen = static_cast<const arrow::BooleanArray&>(*state[1]);
    take(groups, state[0], [&](std::size_t i) { return seen.Value(static_cast<std::int64_t>(i)); });
  }
  std::vector<array> state(std::span<const std::uint32_t> groups) const override {
    return {values_.column(groups), boolean_array(groups.size(), [&](std::size_t i) { return values_.has(groups[i]); })};
  }
  array finish(std::span<const std::uint32_t> groups) const override { return values_.column(groups); }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const auto g : groups) values_.clear(g);
  }
  std::size_t bytes() const override { return values_.bytes(); }

 private:
  template <class Counts>
  void take(std::span<const std::uint32_t> groups, const array& column, Counts counts) {
    // First finds most groups set and last overwrites itself: encode only when a row is needed.
    bool needed = last_;
    for (std::size_t i = 0; i < groups.size() && !needed; ++i) needed = !values_.has(groups[i]);
    if (!needed) return;
    const auto rows = values_.encode(column);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if ((last_ || !values_.has(groups[i])) && counts(i)) values_.set(groups[i], rows[i]);
    }
  }

  encoded_values values_;
  bool last_;
  bool ignore_nulls_;
};

}  // namespace

accumulator_ptr make_first(const data_type& type, bool last, bool ignore_nulls) {
  return std::make_unique<first_value>(type, last, ignore_nulls);
}

}  // namespace flow::aggregates
