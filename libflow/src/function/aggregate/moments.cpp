#include <array>
#include <cmath>
#include <optional>

#include "function/aggregate/accumulators.hpp"
#include "function/aggregate/fixed_array.hpp"

namespace flow::aggregates {
namespace {

/// Accumulators whose state is a fixed number of doubles, each with an `add` of a row and a `merge` of two, and a result.
template <class Values, class Result>
class running_moments : public accumulator {
 public:
  explicit running_moments(Result result) : result_(std::move(result)) {}

  void resize(std::size_t count) override { values_.resize(count); }
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    std::array<const double*, Values::arguments> columns{};
    for (std::size_t a = 0; a < columns.size(); ++a) columns[a] = raw<double>(*arguments[a]);
    for_each_value(*arguments[0], [&](std::size_t i) {
      if constexpr (Values::arguments == 1) {
        values_[groups[i]].add(columns[0][i]);
      } else if (arguments[1]->IsValid(static_cast<std::int64_t>(i))) {
        values_[groups[i]].add(columns[1][i], columns[0][i]);
      }
    });
  }
  void merge(std::span<const std::uint32_t> groups, std::span<const array> state) override {
    for (std::size_t i = 0; i < groups.size(); ++i) {
      Values other;
      for (std::size_t s = 0; s < other.state.size(); ++s) other.state[s] = raw<double>(*state[s])[i];
      values_[groups[i]].merge(other);
    }
  }
  std::vector<array> state(std::span<const std::uint32_t> groups) const override {
    std::vector<array> out;
    for (std::size_t s = 0; s < Values{}.state.size(); ++s)
      out.push_back(
          fixed_array<double>(arrow::float64(), groups.size(), [&](std::size_t i) { return values_[groups[i]].state[s]; }));
    return out;
  }
  array finish(std::span<const std::uint32_t> groups) const override {
    std::vector<std::optional<double>> results;
    for (const auto g : groups) results.push_back(result_(values_[g]));
    return fixed_array<double>(
        arrow::float64(), groups.size(), [&](std::size_t i) { return *results[i]; },
        [&](std::size_t i) { return results[i].has_value(); });
  }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const auto g : groups) values_[g] = {};
  }
  std::size_t bytes() const override { return values_.capacity() * sizeof(Values); }

 private:
  Result result_;
  std::vector<Values> values_;
};

/// Count, mean and central sums up to the fourth, updated one value at a time. Source: Pébay, SAND2008-6212.
struct central_moments {
  static constexpr std::size_t arguments = 1;
  std::array<double, 5> state{};

  double n() const { return state[0]; }
  double m2() const { return state[2]; }
  double m3() const { return state[3]; }
  double m4() const { return state[4]; }

  void add(double x) {
    auto& [count, mean, s2, s3, s4] = state;
    count += 1;
    const double d = x - mean, step = d / count, d2 = d * d, step2 = step * step;
    mean += step;
    s2 += d * (d - step);
    s3 += -3 * step * s2 + d * (d2 - step2);
    s4 += -4 * step * s3 - 6 * step2 * s2 + d * (d * d2 - step * step2);
  }
  void merge(const central_moments& other) {
    const auto [n1, a1, p2, p3, p4] = state;
    const auto [n2, a2, q2, q3, q4] = other.state;
    const double total = n1 + n2;
    if (total == 0) return;
    const double d = a2 - a1, step = d / total;
    state[0] = total;
    state[1] = a1 + step * n2;
    state[2] = p2 + q2 + d * step * n1 * n2;
    state[3] = p3 + q3 + step * step * d * n1 * n2 * (n1 - n2) + 3 * step * (n1 * q2 - n2 * p2);
    state[4] = p4 + q4 + step * step * step * d * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2) +
               6 * step * step * (n1 * n1 * q2 + n2 * n2 * p2) + 4 * step * (n1 * q3 - n2 * p3);
  }
};

std::optional<double> moment_of(moment which, const central_moments& v) {
  if (v.n() == 0) return {};
  switch (which) {
    case moment::variance_population:
      return v.m2() / v.n();
    case moment::deviation_population:
      return std::sqrt(v.m2() / v.n());
    case moment::variance_sample:
      return v.n() == 1 ? std::optional<double>() : v.m2() / (v.n() - 1);
    case moment::deviation_sample:
      return v.n() == 1 ? std::optional<double>() : std::sqrt(v.m2() / (v.n() - 1));
    case moment::skewness:
      return v.m2() == 0 ? std::optional<double>() : std::sqrt(v.n()) * v.m3() / std::sqrt(v.m2() * v.m2() * v.m2());
    case moment::kurtosis:
      return v.m2() == 0 ? std::optional<double>() : v.n() * v.m4() / (v.m2() * v.m2()) - 3;
  }
  return {};
}

struct cross_moments {
  static constexpr std::size_t arguments = 2;
  std::array<double, 6> state{};  ///< Count, mean of x, mean of y, cross sum, second sums of x and of y.

  void add(double x, double y) {
    auto& [count, mean_x, mean_y, cross, second_x, second_y] = state;
    count += 1;
    const double dx = x - mean_x, dy = y - mean_y;
    mean_x += dx / count;
    mean_y += dy / count;
    cross += dx * (y - mean_y);
    second_x += dx * (x - mean_x);
    second_y += dy * (y - mean_y);
  }
  void merge(const cross_moments& other) {
    const auto [n1, x1, y1, c1, p1, q1] = state;
    const auto [n2, x2, y2, c2, p2, q2] = other.state;
    const double total = n1 + n2;
    if (total == 0) return;
    const double dx = x2 - x1, dy = y2 - y1, step_x = dx / total, step_y = dy / total;
    state = {total,
             x1 + step_x * n2,
             y1 + step_y * n2,
             c1 + c2 + dx * step_y * n1 * n2,
             p1 + p2 + dx * step_x * n1 * n2,
             q1 + q2 + dy * step_y * n1 * n2};
  }
};

std::optional<double> comoment_of(comoment which, const cross_moments& v) {
  const auto [n, mean_x, mean_y, cross, second_x, second_y] = v.state;
  const std::optional<double> none;
  if (n == 0) return none;
  switch (which) {
    case comoment::correlation: {
      const double spread = std::sqrt(second_x * second_y);
      return n == 1 || spread == 0 ? none : cross / spread;
    }
    case comoment::covariance_population:
      return cross / n;
    case comoment::covariance_sample:
      return n == 1 ? none : cross / (n - 1);
    case comoment::slope:
      return n == 1 || second_x == 0 ? none : cross / second_x;
    case comoment::intercept:
      return n == 1 || second_x == 0 ? none : mean_y - cross / second_x * mean_x;
    case comoment::r2:
      return n == 1 || second_x == 0 ? none : second_y == 0 ? 1.0 : cross * cross / second_x / second_y;
    case comoment::average_x:
      return mean_x;
    case comoment::average_y:
      return mean_y;
    case comoment::sxx:
      return second_x;
    case comoment::syy:
      return second_y;
    case comoment::sxy:
      return cross;
  }
  return none;
}

}  // namespace

accumulator_ptr make_moment(moment which) {
  const auto result = [which](const central_moments& v) { return moment_of(which, v); };
  return std::make_unique<running_moments<central_moments, decltype(result)>>(result);
}

accumulator_ptr make_comoment(comoment which) {
  const auto result = [which](const cross_moments& v) { return comoment_of(which, v); };
  return std::make_unique<running_moments<cross_moments, decltype(result)>>(result);
}

}  // namespace flow::aggregates
