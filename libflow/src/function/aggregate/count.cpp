#include <algorithm>

#include "function/aggregate/accumulators.hpp"
#include "function/aggregate/fixed_array.hpp"

namespace flow::aggregates {
namespace {

class counter : public accumulator {
 public:
  void resize(std::size_t count) override { counts_.resize(count); }
  void merge(std::span<const std::uint32_t> groups, std::span<const array> state) override {
    const auto* counts = raw<std::int64_t>(*state[0]);
    for (std::size_t i = 0; i < groups.size(); ++i) counts_[groups[i]] += counts[i];
  }
  std::vector<array> state(std::span<const std::uint32_t> groups) const override { return {finish(groups)}; }
  array finish(std::span<const std::uint32_t> groups) const override {
    return fixed_array<std::int64_t>(arrow::int64(), groups.size(), [&](std::size_t i) { return counts_[groups[i]]; });
  }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const auto g : groups) counts_[g] = 0;
  }
  std::size_t bytes() const override { return counts_.capacity() * sizeof(counts_[0]); }

 protected:
  std::vector<std::int64_t> counts_;
};

class row_count : public counter {
 public:
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    if (!any_null(arguments)) {
      for (const auto g : groups) ++counts_[g];
      return;
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
      bool present = true;
      for (const auto& a : arguments) present = present && a->IsValid(static_cast<std::int64_t>(i));
      counts_[groups[i]] += present;
    }
  }
  bool shows_rows(std::span<const array> arguments) const override { return !any_null(arguments); }
  void update_and_tell(std::span<const std::uint32_t> groups, std::span<const array> /*arguments*/,
                       std::vector<std::uint32_t>& first) override {
    auto* const counts = counts_.data();  // Stays in a register, whatever push_back() does.
    for (const auto g : groups) {
      if (counts[g]++ == 0) first.push_back(g);
    }
  }
  void append_shown(std::vector<std::uint32_t>& out) const override {
    for (std::size_t g = 0; g < counts_.size(); ++g) {
      if (counts_[g] != 0) out.push_back(static_cast<std::uint32_t>(g));
    }
  }

 private:
  static bool any_null(std::span<const array> arguments) {
    return std::any_of(arguments.begin(), arguments.end(), [](const array& a) { return a->null_count() != 0; });
  }
};

class true_count : public counter {
 public:
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    if (arguments[0]->type_id() != arrow::Type::BOOL) return;
    const auto& flags = static_cast<const arrow::BooleanArray&>(*arguments[0]);
    for_each_value(flags, [&](std::size_t i) { counts_[groups[i]] += flags.Value(static_cast<std::int64_t>(i)); });
  }
};

}  // namespace

accumulator_ptr make_count() { return std::make_unique<row_count>(); }
accumulator_ptr make_count_if() { return std::make_unique<true_count>(); }

}  // namespace flow::aggregates
