#pragma once

#include <functional>
#include <string>
#include <vector>

#include "flow/function_catalog.hpp"
#include "types/type_rules.hpp"

/// How catalogue entries are written down: what a function takes, what it gives, and its kernel.
namespace flow {

/// What a parameter takes; arguments of other types are converted where Spark converts them unasked.
enum class accepts {
  any,
  text,    ///< STRING; numbers, dates etc. become their text.
  bytes,   ///< STRING or BINARY as they are.
  binary,  ///< BINARY; STRING as its bytes.
  boolean,
  integer,  ///< INT.
  bigint,   ///< BIGINT.
  float64,  ///< DOUBLE.
  number,   ///< Any number as it is; STRING as DOUBLE.
  date,
  timestamp,
  time,  ///< TIMESTAMP or TIMESTAMP_NTZ as it is; DATE and STRING as TIMESTAMP.
  interval,
  list,
  map,
  structure,
  plain_text,       ///< STRING as it is; nothing is converted to it.
  plain_number,     ///< Any number as it is.
  plain_whole,      ///< A whole number, as BIGINT.
  plain_integer,    ///< A whole number of up to 32 bits, as INT.
  plain_date,       ///< DATE as it is.
  plain_timestamp,  ///< TIMESTAMP as it is.
  days,             ///< A number of days, as INT: no BIGINT, and a STRING only where it is constant and a whole number.
};

struct parameters {
  std::vector<accepts> take;
  std::size_t required = 0;  ///< The rest may be left out.
  bool repeated = false;     ///< The last may come any number of times.
};

inline parameters takes(std::vector<accepts> take) {
  const auto required = take.size();
  return {std::move(take), required, false};
}
inline parameters takes(std::vector<accepts> take, std::size_t required) { return {std::move(take), required, false}; }
inline parameters takes_many(std::vector<accepts> take, std::size_t required) { return {std::move(take), required, true}; }

/// "substring(str, pos [, len])" and one line of description.
struct function_text {
  std::string name;
  std::string usage;
  std::string description;
};

using bound_list = std::vector<bound_ptr>;
using bind_rule = std::function<scalar_binding(bound_list)>;

/// The argument converted as the parameter wants it, or null if that cannot be.
bound_ptr convert(const bound_ptr& argument, accepts wanted);
/// All arguments converted. @throws error{type_mismatch} naming the function, what it takes and what it got.
bound_list convert_all(const function_text& f, const parameters& p, bound_list arguments);
using type_rule = data_type (*)(const data_type&, const data_type&);
/// All arguments brought to one type by the rule. @throws error{type_mismatch}.
bound_list to_common_type(const function_text& f, bound_list arguments, type_rule rule = common_type);
[[noreturn]] void refuse_arguments(const function_text& f, const bound_list& arguments, const std::string& why);

/// Adds a function whose binding is free to choose; `bind` gets the arguments already converted.
void define(function_catalog& c, const function_text& f, const parameters& p, bind_rule bind);
/// Adds a function of fixed result type and kernel.
void define(function_catalog& c, const function_text& f, const parameters& p, const data_type& result, scalar_kernel kernel);
/// Adds `names` as other names of the function added last.
void define_synonyms(function_catalog& c, const std::vector<std::string>& names);

/// A constant argument's text, or nothing.
std::optional<std::string> constant_text(const bound_expression& e);

}  // namespace flow
