#include <algorithm>
#include <cstdint>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "flow/types.hpp"
#include "function/aggregate/accumulators.hpp"
#include "function/register.hpp"
#include "batch/arrow_status.hpp"
#include "row/encoded_order.hpp"
#include "types/type_rules.hpp"

namespace flow {
namespace aggregates {
namespace {

using arguments = std::vector<bound_ptr>;
using binder = std::function<aggregate_binding(arguments, const aggregate_options&)>;

[[noreturn]] void refuse(const std::string& name, const std::string& accepted, const arguments& given) {
  std::string text = name + " takes " + accepted + ", not (";
  for (std::size_t i = 0; i < given.size(); ++i) text += (i == 0 ? "" : ", ") + to_ddl(*given[i]->type());
  throw error(errc::type_mismatch, text + ")");
}

void expect_count(const std::string& name, const arguments& given, std::size_t least, std::size_t most, const char* accepted) {
  if (given.size() < least || given.size() > most) refuse(name, accepted, given);
}

bool is_whole(const arrow::DataType& type) { return arrow::is_signed_integer(type.id()); }
bool is_exact(const arrow::DataType& type) { return type.id() == arrow::Type::DECIMAL128; }
/// What Spark converts to DOUBLE without being asked.
bool is_number_like(const arrow::DataType& type) {
  return is_whole(type) || is_exact(type) || arrow::is_floating(type.id()) || type.id() == arrow::Type::STRING ||
         type.id() == arrow::Type::NA;
}

bound_ptr converted(const bound_ptr& argument, const data_type& type) {
  return argument->type()->Equals(*type) ? argument : bind_cast(argument, type);
}

/// sum() and avg() take a TIMESTAMP as its seconds.
void take_seconds(arguments& given) {
  if (is_timestamp_type(*given[0]->type())) given[0] = converted(given[0], types::float64());
}

bound_ptr as_double(const std::string& name, const arguments& given, std::size_t i) {
  if (!is_number_like(*given[i]->type())) refuse(name, "numbers", given);
  return converted(given[i], types::float64());
}

data_type bounded_decimal(const arrow::DataType& type, int precision, int scale) {
  const auto& from = static_cast<const arrow::Decimal128Type&>(type);
  return types::decimal(std::min(from.precision() + precision, 38), std::min(from.scale() + scale, 38));
}

/// DISTINCT: keeps the distinct arguments of each group and lets the aggregate loose on them at the end.
aggregate_binding distinct(aggregate_binding plain) {
  std::vector<data_type> kept;
  for (const auto& a : plain.arguments) kept.push_back(a->type());
  const auto make_plain = plain.make;
  plain.state_types = {collected_state(kept)};
  plain.make = [kept, make_plain] {
    return make_collected(kept, {.unique = true},
                          [make_plain](const std::vector<array>& columns, std::span<const std::int32_t> offsets) {
                            const auto inner = make_plain();
                            const auto count = static_cast<std::uint32_t>(offsets.size() - 1);
                            std::vector<std::uint32_t> groups, all;
                            for (std::uint32_t g = 0; g < count; ++g) {
                              groups.insert(groups.end(), static_cast<std::size_t>(offsets[g + 1] - offsets[g]), g);
                              all.push_back(g);
                            }
                            inner->resize(count);
                            inner->update(groups, columns);
                            return inner->finish(all);
                          });
  };
  return plain;
}

/// Adds DISTINCT to what `bind` makes, unless there is nothing to be distinct about.
binder with_distinct(binder bind) {
  return [bind = std::move(bind)](arguments given, const aggregate_options& options) {
    auto binding = bind(std::move(given), options);
    return options.distinct && !binding.arguments.empty() ? distinct(std::move(binding)) : binding;
  };
}

aggregate_binding bind_count(arguments given, const aggregate_options& options) {
  if (given.empty()) refuse("count", "one or more values, or *", given);
  aggregate_binding out{std::move(given), types::bigint(), {types::bigint()}, make_count};
  // count(*) comes as count(1): what is never null need not be looked at.
  if (!options.distinct)
    std::erase_if(out.arguments, [](const bound_ptr& a) {
      const auto constant = a->constant();
      return constant && constant->is_valid;
    });
  return out;
}

binder sum_binder(const std::string& name, bool checked) {
  return [name, checked](arguments given, const aggregate_options&) -> aggregate_binding {
    expect_count(name, given, 1, 1, "one number");
    take_seconds(given);
    const auto type = given[0]->type();
    if (is_whole(*type))
      return {given, types::bigint(), integer_sum_state(checked), [type, checked] { return make_integer_sum(type, checked); }};
    if (is_exact(*type)) {
      const auto result = bounded_decimal(*type, 10, 0);
      return {given, result, {result, types::boolean()}, [result] { return make_decimal_sum(result); }};
    }
    return {{as_double(name, given, 0)}, types::float64(), {types::float64()}, make_double_sum};
  };
}

binder mean_binder(const std::string& name) {
  return [name](arguments given, const aggregate_options&) -> aggregate_binding {
    expect_count(name, given, 1, 1, "one number");
    take_seconds(given);
    const auto type = given[0]->type();
    if (!is_exact(*type))
      return {{as_double(name, given, 0)}, types::float64(), {types::float64(), types::bigint()}, make_double_mean};
    const auto sum = bounded_decimal(*type, 10, 0), result = bounded_decimal(*type, 4, 4);
    return {given, result, {sum, types::bigint()}, [sum, result] { return make_decimal_mean(sum, result); }};
  };
}

void expect_order(const std::string& name, const arguments& given, std::size_t i) {
  if (!row::has_order(*given[i]->type())) refuse(name, "values that can be ordered (no MAP)", given);
}

binder extreme_binder(const std::string& name, bool greatest) {
  return [name, greatest](arguments given, const aggregate_options&) -> aggregate_binding {
    expect_count(name, given, 1, 1, "one value");
    expect_order(name, given, 0);
    const auto type = given[0]->type();
    return {given, type, {type}, [type, greatest] { return make_extreme(type, greatest); }};
  };
}

binder extreme_by_binder(const std::string& name, bool greatest) {
  return [name, greatest](arguments given, const aggregate_options&) -> aggregate_binding {
    expect_count(name, given, 2, 2, "a value and what to order by");
    expect_order(name, given, 1);
    const auto value = given[0]->type(), order = given[1]->type();
    return {given, value, {value, order}, [=] { return make_extreme_by(value, order, greatest); }};
  };
}

binder boolean_binder(const std::string& name, bool all) {
  return [name, all](arguments given, const aggregate_options&) -> aggregate_binding {
    expect_count(name, given, 1, 1, "one BOOLEAN");
    const auto id = given[0]->type()->id();
    if (id != arrow::Type::BOOL && id != arrow::Type::NA) refuse(name, "one BOOLEAN", given);
    return {{converted(given[0], types::boolean())}, types::boolean(), {types::boolean()}, [all] {
              return make_extreme(types::boolean(), !all);
            }};
  };
}

binder first_binder(const std::string& name, bool last) {
  return [name, last](arguments given, const aggregate_options& options) -> aggregate_binding {
    expect_count(name, given, 1, 2, "a value and perhaps whether to ignore nulls");
    bool ignore_nulls = options.ignore_nulls;
    if (given.size() == 2) {
      const auto constant = given[1]->constant();
      if (!constant || constant->type->id() != arrow::Type::BOOL || !constant->is_valid)
        refuse(name, "a constant true or false as second argument", given);
      ignore_nulls = ignore_nulls || static_cast<const arrow::BooleanScalar&>(*constant).value;
      given.pop_back();
    }
    const auto type = given[0]->type();
    return {given, type, {type, types::boolean()}, [=] { return make_first(type, last, ignore_nulls); }, false};
  };
}

binder bits_binder(const std::string& name, bit_operation operation) {
  return [name, operation](arguments given, const aggregate_options&) -> aggregate_binding {
    expect_count(name, given, 1, 1, "one integer");
    if (is_null_type(*given[0]->type())) given[0] = converted(given[0], types::integer());
    if (!is_whole(*given[0]->type())) refuse(name, "one integer", given);
    const auto type = given[0]->type();
    return {given, type, {type}, [=] { return make_bits(type, operation); }};
  };
}

binder moment_binder(const std::string& name, moment which) {
  return [name, which](arguments given, const aggregate_options&) -> aggregate_binding {
    expect_count(name, given, 1, 1, "one number");
    return {{as_double(name, given, 0)}, types::float64(), std::vector<data_type>(5, types::float64()), [which] {
              return make_moment(which);
            }};
  };
}

binder comoment_binder(const std::string& name, comoment which) {
  return [name, which](arguments given, const aggregate_options&) -> aggregate_binding {
    expect_count(name, given, 2, 2, "two numbers");
    return {{as_double(name, given, 0), as_double(name, given, 1)},
            types::float64(),
            std::vector<data_type>(6, types::float64()),
            [which] { return make_comoment(which); }};
  };
}

/// A constant number among the arguments.
double constant_number(const std::string& name, const arguments& given, std::size_t i) {
  const auto constant = bind_cast(given[i], types::float64())->constant();
  if (!constant || !constant->is_valid) refuse(name, "a constant number as argument " + std::to_string(i + 1), given);
  return static_cast<const arrow::DoubleScalar&>(*constant).value;
}

aggregate_binding bind_approximate_count(arguments given, const aggregate_options&) {
  const std::string name = "approx_count_distinct";
  expect_count(name, given, 1, 2, "a value and perhaps the relative error");
  const double relative = given.size() == 2 ? constant_number(name, given, 1) : 0.05;
  if (!(relative > 0 && relative <= 0.39)) refuse(name, "a relative error above 0 and up to 0.39", given);
  given.resize(1);
  const auto type = given[0]->type();
  return {given, types::bigint(), {types::binary()}, [=] { return make_approximate_count(type, relative); }};
}

binder collect_binder(const std::string& name, bool unique) {
  return [name, unique](arguments given, const aggregate_options& options) -> aggregate_binding {
    expect_count(name, given, 1, 1, "one value");
    if (unique && has_map(*given[0]->type())) refuse(name, "values that can be compared (no MAP)", given);
    const auto list = types::list(given[0]->type());
    const std::vector<data_type> kept{given[0]->type()};
    const collect_options keep{.unique = unique || options.distinct, .skip_nulls = !options.respect_nulls};
    return {given, list, {collected_state(kept)}, [=] { return make_collected(kept, keep, as_lists(list)); }, false};
  };
}

/// The constant percentages of argument i: one number or an array of them.
std::pair<std::vector<double>, bool> percentages(const std::string& name, const arguments& given, std::size_t i) {
  const auto constant = given[i]->constant();
  std::vector<double> out;
  const bool many = constant && constant->type->id() == arrow::Type::LIST && constant->is_valid;
  if (many) {
    const auto numbers = bind_cast(given[i], types::list(types::float64()))->constant();
    const auto& values = static_cast<const arrow::DoubleArray&>(*static_cast<const arrow::BaseListScalar&>(*numbers).value);
    for (std::int64_t v = 0; v < values.length(); ++v) out.push_back(values.Value(v));
  } else {
    out.push_back(constant_number(name, given, i));
  }
  for (const auto p : out) {
    if (!(p >= 0 && p <= 1)) refuse(name, "percentages from 0 to 1", given);
  }
  return {out, many};
}

binder percentile_binder(const std::string& name) {
  return [name](arguments given, const aggregate_options& options) -> aggregate_binding {
    expect_count(name, given, 2, 3, "a number, a percentage and perhaps a frequency");
    const auto [wanted, many] = percentages(name, given, 1);
    arguments kept{as_double(name, given, 0)};
    std::vector<data_type> kept_types{types::float64()};
    if (given.size() == 3) {
      kept.push_back(converted(given[2], types::bigint()));
      kept_types.push_back(types::bigint());
    }
    const auto result = percentile_result(wanted, many, false);
    const collect_options keep{.unique = options.distinct, .skip_nulls = true};
    return {kept, many ? types::list(types::float64()) : types::float64(), {collected_state(kept_types)}, [=] {
              return make_collected(kept_types, keep, result);
            }};
  };
}

aggregate_binding bind_median(arguments given, const aggregate_options& options) {
  expect_count("median", given, 1, 1, "one number");
  const std::vector<data_type> kept{types::float64()};
  const collect_options keep{.unique = options.distinct, .skip_nulls = true};
  return {{as_double("median", given, 0)}, types::float64(), {collected_state(kept)}, [=] {
            return make_collected(kept, keep, percentile_result({0.5}, false, false));
          }};
}

binder percentile_pick_binder(const std::string& name) {
  return [name](arguments given, const aggregate_options& options) -> aggregate_binding {
    expect_count(name, given, 2, 3, "a number, date or time, a percentage and perhaps the accuracy");
    const auto [wanted, many] = percentages(name, given, 1);
    if (given.size() == 3 && !(constant_number(name, given, 2) > 0)) refuse(name, "an accuracy above 0", given);
    given.resize(1);
    const bool timely = is_date_or_time_type(*given[0]->type());
    if (!timely && !is_numeric_type(*given[0]->type())) given[0] = as_double(name, given, 0);
    const auto type = given[0]->type();
    const collect_options keep{.unique = options.distinct, .skip_nulls = true};
    const auto result = percentile_pick_result(wanted, many, type, false);
    return {given, many ? types::list(type) : type, {collected_state({type})}, [=] {
              return make_collected({type}, keep, result);
            }};
  };
}

/// What WITHIN GROUP (ORDER BY v) orders, where just one key may stand; it is the first argument of the plain form.
const order_key& only_order(const std::string& name, const arguments& given, const aggregate_options& options) {
  if (options.order.size() != 1) refuse(name, "one key: WITHIN GROUP (ORDER BY v)", given);
  return options.order[0];
}

/// mode(v), or mode() WITHIN GROUP (ORDER BY v), whose direction decides between the most frequent.
aggregate_binding bind_mode(arguments given, const aggregate_options& options) {
  bool descending = false;
  if (options.distinct) refuse("mode", "no DISTINCT", given);
  if (given.empty()) {
    const auto& order = only_order("mode", given, options);
    descending = order.descending;
    given = {order.value};
  } else if (!options.order.empty()) {
    refuse("mode", "a value, or WITHIN GROUP (ORDER BY v) instead", given);
  }
  expect_count("mode", given, 1, 2, "a value and perhaps whether to choose the least of several");
  if (given.size() == 2) {
    const auto constant = given[1]->constant();
    if (!constant || constant->type->id() != arrow::Type::BOOL) refuse("mode", "a constant true or false second", given);
    given.pop_back();
  }
  expect_order("mode", given, 0);
  const auto type = given[0]->type();
  return {given, type, {collected_state({type})}, [=] {
            return make_collected({type}, {.skip_nulls = true}, mode_result(type, descending));
          }};
}

/// percentile_cont(p) and percentile_disc(p) WITHIN GROUP (ORDER BY v).
binder ordered_percentile_binder(const std::string& name, bool interpolated) {
  return [name, interpolated](const arguments& given, const aggregate_options& options) -> aggregate_binding {
    expect_count(name, given, 1, 1, "a percentage, then WITHIN GROUP (ORDER BY v)");
    if (options.distinct) refuse(name, "no DISTINCT", given);
    const auto& order = only_order(name, given, options);
    const auto [wanted, many] = percentages(name, given, 0);
    const auto& type = types::float64();
    const auto result = interpolated ? percentile_result(wanted, many, order.descending)
                                     : percentile_pick_result(wanted, many, type, order.descending);
    return {{as_double(name, {order.value}, 0)}, many ? types::list(type) : type, {collected_state({type})}, [=] {
              return make_collected({type}, {.skip_nulls = true}, result);
            }};
  };
}

/// Whether DISTINCT values can be put in this order: it must be theirs, or that of what they are the text of, and equal texts
/// must be equal values.
bool orders_values(const bound_expression& value, const std::vector<order_key>& order) {
  if (order.size() != 1) return false;
  const auto& type = *order[0].value->type();
  if (is_floating_type(type) || is_timestamp_type(type)) return false;
  const auto key = order[0].value->to_string(), text = value.to_string();
  return text == key || text == "cast(" + key + " AS STRING)";
}

/// The delimiter among listagg's arguments: constant, and of the values' type.
std::string delimiter_of(const std::string& name, const arguments& given) {
  const auto constant = given[1]->constant();
  if (!constant) refuse(name, "a constant delimiter", given);
  const bool bytes = given[0]->type()->id() == arrow::Type::BINARY;
  const bool null = is_null_type(*constant->type);
  if (!null && bytes != (constant->type->id() == arrow::Type::BINARY)) refuse(name, "a delimiter of the values' type", given);
  return constant->is_valid ? constant->ToString() : std::string();
}

binder joined_binder(const std::string& name) {
  return [name](arguments given, const aggregate_options& options) -> aggregate_binding {
    expect_count(name, given, 1, 2, "a STRING and perhaps a delimiter");
    if (is_nested_type(*given[0]->type())) refuse(name, "STRING or BINARY values", given);
    if (options.distinct && !options.order.empty() && !orders_values(*given[0], options.order))
      refuse(name, "with DISTINCT, only the order of its own values", given);
    const auto delimiter = given.size() == 2 ? delimiter_of(name, given) : std::string();
    given.resize(1);
    if (given[0]->type()->id() != arrow::Type::BINARY) given[0] = converted(given[0], types::string());
    const auto type = given[0]->type();
    std::vector<data_type> kept{type};
    std::vector<sort_direction> directions;
    for (const auto& order : options.order) {
      if (!row::has_order(*order.value->type())) refuse(name, "keys that can be ordered (no MAP)", {order.value});
      given.push_back(order.value);
      kept.push_back(order.value->type());
      directions.push_back({order.descending, order.nulls_first});
    }
    const collect_options keep{.unique = options.distinct, .skip_nulls = true};
    return {given,
            type,
            {collected_state(kept)},
            [=] { return make_collected(kept, keep, joined_result(delimiter, directions)); },
            false};
  };
}

/// The clauses behind a call's parentheses that only some aggregates take.
struct accepted_clauses {
  bool ignore_nulls = false;
  bool order = false;
};

function_entry entry(std::string name, std::string parameters, std::string description, binder bind,
                     accepted_clauses accepted = {}) {
  function_entry out;
  out.usage = name + "(" + parameters + ")";
  out.name = std::move(name);
  out.kind = function_kind::aggregate;
  out.description = std::move(description);
  out.bind_aggregate = [name = out.name, accepted, bind = std::move(bind)](arguments given, const aggregate_options& options) {
    if (options.ignore_nulls && !accepted.ignore_nulls) refuse(name, "no IGNORE NULLS", given);
    if (!options.order.empty() && !accepted.order) refuse(name, "no WITHIN GROUP (ORDER BY ...)", given);
    return bind(std::move(given), options);
  };
  return out;
}

void add_sums(std::vector<function_entry>& out) {
  out.push_back(
      entry("count", "*|expr, ...", "Number of rows, or of rows in which no argument is null.", with_distinct(bind_count)));
  out.push_back(entry("count_if", "condition", "Number of rows for which the condition is true.",
                      with_distinct([](arguments given, const aggregate_options&) -> aggregate_binding {
                        expect_count("count_if", given, 1, 1, "one BOOLEAN");
                        if (given[0]->type()->id() != arrow::Type::BOOL && given[0]->type()->id() != arrow::Type::NA)
                          refuse("count_if", "one BOOLEAN", given);
                        return {given, types::bigint(), {types::bigint()}, make_count_if};
                      })));
  for (const bool checked : {false, true}) {
    const std::string name = checked ? "try_sum" : "sum";
    out.push_back(entry(name, "expr", checked ? "Sum; null on overflow." : "Sum.", with_distinct(sum_binder(name, checked))));
  }
  for (const std::string name : {"avg", "mean", "try_avg"})
    out.push_back(entry(name, "expr", "Arithmetic mean.", with_distinct(mean_binder(name))));
  out.push_back(entry("approx_count_distinct", "expr[, relativeSD]", "Estimated number of distinct values (HyperLogLog++).",
                      bind_approximate_count));
}

void add_choices(std::vector<function_entry>& out) {
  out.push_back(entry("min", "expr", "Least value.", extreme_binder("min", false)));
  out.push_back(entry("max", "expr", "Greatest value.", extreme_binder("max", true)));
  out.push_back(entry("min_by", "expr, order", "Value of the row with the least order.", extreme_by_binder("min_by", false)));
  out.push_back(entry("max_by", "expr, order", "Value of the row with the greatest order.", extreme_by_binder("max_by", true)));
  for (const std::string name : {"first", "first_value", "any_value"})
    out.push_back(
        entry(name, "expr[, ignoreNulls]", "Value of the first row.", first_binder(name, false), {.ignore_nulls = true}));
  for (const std::string name : {"last", "last_value"})
    out.push_back(
        entry(name, "expr[, ignoreNulls]", "Value of the last row.", first_binder(name, true), {.ignore_nulls = true}));
  for (const std::string name : {"bool_and", "every"})
    out.push_back(entry(name, "condition", "Whether all conditions are true.", boolean_binder(name, true)));
  for (const std::string name : {"bool_or", "any", "some"})
    out.push_back(entry(name, "condition", "Whether any condition is true.", boolean_binder(name, false)));
  out.push_back(entry("bit_and", "expr", "Bitwise AND of all values.", bits_binder("bit_and", bit_operation::conjunction)));
  out.push_back(entry("bit_or", "expr", "Bitwise OR of all values.", bits_binder("bit_or", bit_operation::disjunction)));
  out.push_back(
      entry("bit_xor", "expr", "Bitwise XOR of all values.", with_distinct(bits_binder("bit_xor", bit_operation::exclusive))));
}

void add_moments(std::vector<function_entry>& out) {
  const auto add = [&](const char* name, const char* description, moment which) {
    out.push_back(entry(name, "expr", description, with_distinct(moment_binder(name, which))));
  };
  for (const auto* name : {"stddev", "stddev_samp", "std"}) add(name, "Sample standard deviation.", moment::deviation_sample);
  add("stddev_pop", "Population standard deviation.", moment::deviation_population);
  for (const auto* name : {"variance", "var_samp"}) add(name, "Sample variance.", moment::variance_sample);
  add("var_pop", "Population variance.", moment::variance_population);
  add("skewness", "Skewness.", moment::skewness);
  add("kurtosis", "Excess kurtosis.", moment::kurtosis);
  const auto add_pair = [&](const char* name, const char* description, comoment which) {
    out.push_back(entry(name, "y, x", description, with_distinct(comoment_binder(name, which))));
  };
  add_pair("corr", "Pearson correlation.", comoment::correlation);
  add_pair("covar_pop", "Population covariance.", comoment::covariance_population);
  add_pair("covar_samp", "Sample covariance.", comoment::covariance_sample);
  add_pair("regr_slope", "Slope of the regression line.", comoment::slope);
  add_pair("regr_intercept", "Intercept of the regression line.", comoment::intercept);
  add_pair("regr_r2", "Coefficient of determination.", comoment::r2);
  add_pair("regr_avgx", "Mean of x where neither is null.", comoment::average_x);
  add_pair("regr_avgy", "Mean of y where neither is null.", comoment::average_y);
  add_pair("regr_sxx", "Sum of squares of x.", comoment::sxx);
  add_pair("regr_syy", "Sum of squares of y.", comoment::syy);
  add_pair("regr_sxy", "Sum of products.", comoment::sxy);
  out.push_back(entry("regr_count", "y, x", "Number of rows in which neither is null.",
                      with_distinct([](arguments given, const aggregate_options& options) {
                        expect_count("regr_count", given, 2, 2, "two numbers");
                        return bind_count(std::move(given), options);
                      })));
}

void add_collections(std::vector<function_entry>& out) {
  for (const std::string name : {"collect_list", "array_agg"})
    out.push_back(
        entry(name, "expr", "All values, nulls left out, as an array.", collect_binder(name, false), {.ignore_nulls = true}));
  out.push_back(entry("collect_set", "expr", "The distinct values, nulls left out, as an array.",
                      collect_binder("collect_set", true), {.ignore_nulls = true}));
  out.push_back(
      entry("percentile", "expr, percentage[, frequency]", "Exact percentile, interpolated.", percentile_binder("percentile")));
  out.push_back(entry("percentile_cont", "percentage", "Exact percentile of the values of WITHIN GROUP, interpolated.",
                      ordered_percentile_binder("percentile_cont", true), {.order = true}));
  out.push_back(entry("percentile_disc", "percentage", "The value of WITHIN GROUP at a percentage of them.",
                      ordered_percentile_binder("percentile_disc", false), {.order = true}));
  out.push_back(entry("median", "expr", "Median, interpolated.", bind_median));
  for (const std::string name : {"percentile_approx", "approx_percentile"})
    out.push_back(entry(name, "expr, percentage[, accuracy]", "The value at a percentage of the sorted values.",
                        percentile_pick_binder(name)));
  out.push_back(entry("mode", "[expr]", "The most frequent value, the least of several.", bind_mode, {.order = true}));
  for (const std::string name : {"listagg", "string_agg"})
    out.push_back(entry(name, "expr[, delimiter]", "Texts joined, in the order of WITHIN GROUP, nulls left out.",
                        joined_binder(name), {.order = true}));
}

}  // namespace

std::vector<function_entry> entries() {
  std::vector<function_entry> out;
  add_sums(out);
  add_choices(out);
  add_moments(out);
  add_collections(out);
  return out;
}

}  // namespace aggregates

void register_aggregates(function_catalog& catalog) {
  for (auto& entry : aggregates::entries()) catalog.add(std::move(entry));
}

}  // namespace flow
