#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "flow/aggregate_function.hpp"
#include "flow/function_catalog.hpp"

/// The accumulators, one family per file, chosen by register_aggregates().
namespace flow::aggregates {

using accumulator_ptr = std::unique_ptr<accumulator>;

/// Rows in which no argument is null; without arguments, all rows. State: BIGINT.
accumulator_ptr make_count();
/// Rows whose BOOLEAN argument is true. State: BIGINT.
accumulator_ptr make_count_if();

/// Sum of an integer column as BIGINT, wrapping around; `checked`: null on overflow. State: BIGINT (checked: and BOOLEAN
/// overflow).
accumulator_ptr make_integer_sum(const data_type& argument, bool checked);
std::vector<data_type> integer_sum_state(bool checked);
/// Sum of DOUBLE. State: DOUBLE.
accumulator_ptr make_double_sum();
/// Sum of DECIMAL as `result`; null for ever once it does not fit. State: result, BOOLEAN seen.
accumulator_ptr make_decimal_sum(const data_type& result);
/// Mean of DOUBLE. State: DOUBLE sum, BIGINT count.
accumulator_ptr make_double_mean();
/// Mean of DECIMAL: `sum` is the type summed in. State: sum, BIGINT count.
accumulator_ptr make_decimal_mean(const data_type& sum, const data_type& result);

/// Least or greatest value of any type with an order; NaN is greatest. State: the value.
accumulator_ptr make_extreme(const data_type& type, bool greatest);
/// The first argument's value where the second is least or greatest. State: both.
accumulator_ptr make_extreme_by(const data_type& value, const data_type& order, bool greatest);
/// The first or last value. State: value, BOOLEAN seen.
accumulator_ptr make_first(const data_type& type, bool last, bool ignore_nulls);

enum class bit_operation { conjunction, disjunction, exclusive };
/// AND, OR, XOR of integers. State: the value.
accumulator_ptr make_bits(const data_type& type, bit_operation operation);

enum class moment { variance_population, variance_sample, deviation_population, deviation_sample, skewness, kurtosis };
/// Central moments of DOUBLE. State: count, mean, m2, m3, m4, all DOUBLE.
accumulator_ptr make_moment(moment which);
enum class comoment {
  correlation,
  covariance_population,
  covariance_sample,
  slope,
  intercept,
  r2,
  average_x,
  average_y,
  sxx,
  syy,
  sxy
};
/// Of two DOUBLE columns (y, x). State: count, both means, c, and both m2, all DOUBLE.
accumulator_ptr make_comoment(comoment which);

/// HyperLogLog++ with Spark's hash and registers. State: BINARY.
accumulator_ptr make_approximate_count(const data_type& type, double relative_error);

/// What a collected() accumulator makes of the rows it kept: the columns of all groups laid end to end, group i being rows
/// offsets[i] .. offsets[i + 1].
using collected_result = std::function<array(const std::vector<array>& columns, std::span<const std::int32_t> offsets)>;
struct collect_options {
  bool unique = false;      ///< Keep each distinct row once.
  bool skip_nulls = false;  ///< Skip rows whose first argument is null.
};
/// Keeps whole rows. State: LIST of the argument, or of a struct of the arguments.
accumulator_ptr make_collected(const std::vector<data_type>& arguments, const collect_options& options,
                               collected_result result);
data_type collected_state(const std::vector<data_type>& arguments);
/// The rows of offsets' groups as lists of `type`.
collected_result as_lists(const data_type& type);

/// Functions over all values of a group: results for make_collected().
collected_result percentile_result(std::vector<double> percentages, bool array_result, bool descending);
collected_result percentile_pick_result(std::vector<double> percentages, bool array_result, const data_type& type,
                                        bool descending);
/// The most frequent value; of several, the first in this order.
collected_result mode_result(const data_type& type, bool descending);
/// How a column of the rows kept sorts them.
struct sort_direction {
  bool descending = false;
  bool nulls_first = true;
};
/// The first column's texts joined, in the order of the columns behind it.
collected_result joined_result(std::string delimiter, std::vector<sort_direction> order);

/// Every aggregate of the catalogue.
std::vector<function_entry> entries();

}  // namespace flow::aggregates
