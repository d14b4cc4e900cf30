#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/date_pattern.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "types/calendar.hpp"

namespace flow {

namespace {

using std::string_view;
using i32 = std::int32_t;
using i64 = std::int64_t;

/// The pattern last used, so that a constant one is read once a batch.
class pattern_reader {
 public:
  const date_pattern& operator()(string_view pattern) {
    if (!compiled_ || pattern != text_) {
      compiled_.emplace(pattern);
      text_ = pattern;
    }
    return *compiled_;
  }

 private:
  std::string text_;
  std::optional<date_pattern> compiled_;
};

scalar_kernel format_kernel(i64 unit) {
  return map_text<i64, string_view>(types::string(), [unit, patterns = pattern_reader(), text = std::string()](
                                                         string_sink& out, i64 t, string_view p) mutable {
    text.clear();
    patterns(p).format(text, t * unit);
    out.append(text);
  });
}

template <class Out>
scalar_kernel parse_kernel(const data_type& type, i64 unit) {
  return map_values<Out, string_view, string_view>(
      type, [unit, patterns = pattern_reader()](string_view text, string_view p) mutable -> std::optional<Out> {
        const auto t = patterns(p).parse(text);
        if (!t) return std::nullopt;
        return static_cast<Out>(floor_div(*t, unit));
      });
}

bound_ptr default_pattern() { return bind_literal(std::make_shared<arrow::StringScalar>("yyyy-MM-dd HH:mm:ss")); }

scalar_binding unchanged(bound_ptr e) {
  const auto type = e->type();
  return {{std::move(e)}, type, [](std::span<const arrow::Datum> v, i64, const evaluation_context&) { return v[0]; }, true};
}

/// to_date and its like: a cast, or a parse by pattern when one is given. Only TIMESTAMP is made of numbers, its seconds; to
/// the others a value that is neither text nor time is its text.
template <class Out>
bind_rule parse_rule(const function_text& f, const data_type& type, i64 unit) {
  return [=](bound_list a) -> scalar_binding {
    const auto from = a[0]->type();
    const bool seconds = is_numeric_type(*from) && is_timestamp_type(*type);
    if (seconds && a.size() > 1) refuse_arguments(f, a, "a pattern is for texts; to_timestamp(number) takes seconds");
    if (is_nested_type(*from)) refuse_arguments(f, a, "it takes a text, a date or a time");
    if (!seconds && !is_date_or_time_type(*from)) a[0] = bind_cast(a[0], types::string());
    if (a.size() == 1 || !is_string_type(*a[0]->type())) return unchanged(bind_cast(a[0], type));
    a[1] = bind_cast(a[1], types::string());
    return {std::move(a), type, parse_kernel<Out>(type, unit), true};
  };
}

scalar_binding bind_unix_timestamp(const function_text& f, bound_list a) {
  if (a.empty()) a.push_back(bind_call("current_timestamp", {}));
  if (!is_string_type(*a[0]->type())) {
    if (!is_null_type(*a[0]->type()) && !is_date_or_time_type(*a[0]->type()))
      refuse_arguments(f, a, "it takes a text, a date or a time");
    auto time = bind_cast(a[0], types::timestamp());
    // Towards zero, unlike unix_seconds.
    return {{std::move(time)},
            types::bigint(),
            map_values<i64, i64>(types::bigint(), [](i64 t) { return t / micros_per_second; }),
            true};
  }
  if (a.size() == 1) a.push_back(default_pattern());
  a[1] = bind_cast(a[1], types::string());
  return {std::move(a), types::bigint(), parse_kernel<i64>(types::bigint(), micros_per_second), true};
}

}  // namespace

void register_datetime_text(function_catalog& c) {
  using enum accepts;
  define(c, {"date_format", "date_format(time, pattern)", "A time as text by a Java pattern: 'yyyy-MM-dd HH:mm:ss'."},
         takes({time, text}), types::string(), format_kernel(1));
  define(c, {"from_unixtime", "from_unixtime(seconds [, pattern])", "Seconds since 1970 as text."}, takes({bigint, text}, 1),
         [](bound_list a) -> scalar_binding {
           if (a.size() < 2) a.push_back(default_pattern());
           return {std::move(a), types::string(), format_kernel(micros_per_second), true};
         });
  const function_text date_text{"to_date", "to_date(str [, pattern])", "The date a text stands for; null when it is none."};
  define(c, date_text, takes({any, any}, 1), parse_rule<i32>(date_text, types::date(), micros_per_day));
  define_synonyms(c, {"try_to_date"});
  const function_text time_text{"to_timestamp", "to_timestamp(str [, pattern])",
                                "The time a text stands for; null when it is none."};
  define(c, time_text, takes({any, any}, 1), parse_rule<i64>(time_text, types::timestamp(), 1));
  define_synonyms(c, {"try_to_timestamp", "to_timestamp_ltz"});
  const function_text ntz_text{"to_timestamp_ntz", "to_timestamp_ntz(str [, pattern])",
                               "The time without zone a text stands for; null when it is none."};
  define(c, ntz_text, takes({any, any}, 1), parse_rule<i64>(ntz_text, types::timestamp_ntz(), 1));
  const function_text unix_text{"unix_timestamp", "unix_timestamp([time [, pattern]])",
                                "Seconds since 1970 of a time or a text."};
  define(c, unix_text, takes({any, any}, 0),
         [unix_text](bound_list a) { return bind_unix_timestamp(unix_text, std::move(a)); });
  define_synonyms(c, {"to_unix_timestamp"});
  const auto named = [&](const function_text& f, const char* pattern) {
    define(c, f, takes({date}), [pattern = std::string(pattern)](bound_list a) {
      return unchanged(bind_call("date_format", {a[0], bind_literal(std::make_shared<arrow::StringScalar>(pattern))}));
    });
  };
  named({"dayname", "dayname(date)", "The short name of the day of the week."}, "EEE");
  named({"monthname", "monthname(date)", "The short name of the month."}, "MMM");
}

}  // namespace flow
