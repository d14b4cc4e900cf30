#include <cmath>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/interval.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "types/ascii.hpp"
#include "types/calendar.hpp"
#include "types/time_zone.hpp"

namespace flow {

namespace {

using std::string_view;
using i32 = std::int32_t;
using i64 = std::int64_t;

template <class F>
void define_date_part(function_catalog& c, const function_text& f, F part) {
  define(c, f, takes({accepts::date}), types::integer(), map_values<i32, i32>(types::integer(), part));
}

template <class F>
void define_time_part(function_catalog& c, const function_text& f, F part) {
  define(c, f, takes({accepts::time}), types::integer(), map_values<i32, i64>(types::integer(), part));
}

i32 year_of(i32 d) { return static_cast<i32>(civil_from_days(d).year); }

void define_date_parts(function_catalog& c) {
  define_date_part(c, {"year", "year(date)", "The year."}, year_of);
  define_date_part(c, {"quarter", "quarter(date)", "The quarter, 1 to 4."},
                   [](i32 d) { return (civil_from_days(d).month + 2) / 3; });
  define_date_part(c, {"month", "month(date)", "The month, 1 to 12."}, [](i32 d) { return civil_from_days(d).month; });
  define_date_part(c, {"day", "day(date)", "The day of the month."}, [](i32 d) { return civil_from_days(d).day; });
  define_synonyms(c, {"dayofmonth"});
  define_date_part(c, {"dayofweek", "dayofweek(date)", "The day of the week, 1 (Sunday) to 7."},
                   [](i32 d) { return iso_weekday(d) % 7 + 1; });
  define_date_part(c, {"weekday", "weekday(date)", "The day of the week, 0 (Monday) to 6."},
                   [](i32 d) { return iso_weekday(d) - 1; });
  define_date_part(c, {"dayofyear", "dayofyear(date)", "The day of the year, from 1."}, [](i32 d) { return day_of_year(d); });
  define_date_part(c, {"weekofyear", "weekofyear(date)", "The ISO week."}, [](i32 d) { return iso_week_of(d).week; });
  define_date_part(c, {"yearofweek", "yearofweek(date)", "The year of the ISO week."},
                   [](i32 d) { return static_cast<i32>(iso_week_of(d).year); });
  define_date_part(c, {"dayofweek_iso", "dayofweek_iso(date)", "The day of the week, 1 (Monday) to 7."},
                   [](i32 d) { return iso_weekday(d); });
  define_time_part(c, {"hour", "hour(time)", "The hour."}, [](i64 t) { return time_of(t).hour; });
  define_time_part(c, {"minute", "minute(time)", "The minute."}, [](i64 t) { return time_of(t).minute; });
  define_time_part(c, {"second", "second(time)", "The second."}, [](i64 t) { return time_of(t).second; });
  define(c, {"second_fraction", "second_fraction(time)", "The second with its fraction, DECIMAL(8,6)."}, takes({accepts::time}),
         types::decimal(8, 6), map_values<arrow::Decimal128, i64>(types::decimal(8, 6), [](i64 t) {
           const auto parts = time_of(t);
           return arrow::Decimal128(parts.second * micros_per_second + parts.microsecond);
         }));
}

/// extract(FIELD FROM source) and date_part('field', source).
scalar_binding bind_extract(const function_text& f, bound_list a) {
  static const std::map<std::string, std::string> functions{{"year", "year"},
                                                            {"y", "year"},
                                                            {"years", "year"},
                                                            {"yr", "year"},
                                                            {"yrs", "year"},
                                                            {"yearofweek", "yearofweek"},
                                                            {"quarter", "quarter"},
                                                            {"qtr", "quarter"},
                                                            {"month", "month"},
                                                            {"mon", "month"},
                                                            {"mons", "month"},
                                                            {"months", "month"},
                                                            {"week", "weekofyear"},
                                                            {"w", "weekofyear"},
                                                            {"weeks", "weekofyear"},
                                                            {"day", "day"},
                                                            {"d", "day"},
                                                            {"days", "day"},
                                                            {"dayofweek", "dayofweek"},
                                                            {"dow", "dayofweek"},
                                                            {"dayofweek_iso", "dayofweek_iso"},
                                                            {"dow_iso", "dayofweek_iso"},
                                                            {"doy", "dayofyear"},
                                                            {"hour", "hour"},
                                                            {"h", "hour"},
                                                            {"hours", "hour"},
                                                            {"hr", "hour"},
                                                            {"hrs", "hour"},
                                                            {"minute", "minute"},
                                                            {"m", "minute"},
                                                            {"min", "minute"},
                                                            {"mins", "minute"},
                                                            {"minutes", "minute"},
                                                            {"second", "second_fraction"},
                                                            {"s", "second_fraction"},
                                                            {"sec", "second_fraction"},
                                                            {"seconds", "second_fraction"},
                                                            {"secs", "second_fraction"}};
  const auto field = constant_text(*a[0]);
  const auto found = field ? functions.find(to_lower(*field)) : functions.end();
  if (found == functions.end())
    refuse_arguments(f, a, "the field is a constant such as 'year', 'month', 'week', 'day', 'hour', 'second'");
  if (a[1]->type()->id() == arrow::Type::INTERVAL_MONTH_DAY_NANO) {
    auto part = bind_interval_part(found->second, a[1]);
    if (!part) refuse_arguments(f, a, "an interval has the fields year, month, day, hour, minute and second");
    return std::move(*part);
  }
  auto call = bind_call(found->second, {a[1]});
  const auto type = call->type();
  return {{std::move(call)}, type, [](std::span<const arrow::Datum> v, i64, const evaluation_context&) { return v[0]; }, true};
}

enum class unit { none, microsecond, millisecond, second, minute, hour, day, week, month, quarter, year };

unit unit_of(string_view text) {
  static const std::map<std::string, unit> names{{"year", unit::year},
                                                 {"yyyy", unit::year},
                                                 {"yy", unit::year},
                                                 {"quarter", unit::quarter},
                                                 {"month", unit::month},
                                                 {"mm", unit::month},
                                                 {"mon", unit::month},
                                                 {"week", unit::week},
                                                 {"day", unit::day},
                                                 {"dd", unit::day},
                                                 {"dayofyear", unit::day},
                                                 {"hour", unit::hour},
                                                 {"minute", unit::minute},
                                                 {"second", unit::second},
                                                 {"millisecond", unit::millisecond},
                                                 {"microsecond", unit::microsecond}};
  const auto found = names.find(to_lower(text));
  return found == names.end() ? unit::none : found->second;
}

i64 first_day(i64 days, unit u) {
  const auto d = civil_from_days(days);
  switch (u) {
    case unit::year:
      return days_from_civil(d.year, 1, 1);
    case unit::quarter:
      return days_from_civil(d.year, (d.month - 1) / 3 * 3 + 1, 1);
    case unit::month:
      return days_from_civil(d.year, d.month, 1);
    case unit::week:
      return days - iso_weekday(days) + 1;
    default:
      return days;
  }
}

i64 length_of(unit u) {
  switch (u) {
    case unit::microsecond:
      return 1;
    case unit::millisecond:
      return 1000;
    case unit::second:
      return micros_per_second;
    case unit::minute:
      return 60 * micros_per_second;
    case unit::hour:
      return 3600 * micros_per_second;
    case unit::day:
      return micros_per_day;
    case unit::week:
      return 7 * micros_per_day;
    default:
      return 0;
  }
}

std::optional<i64> truncated_time(string_view format, i64 t) {
  const auto u = unit_of(format);
  if (u == unit::none) return std::nullopt;
  if (u >= unit::day) return first_day(day_of(t), u) * micros_per_day;
  return t - floor_mod(t, length_of(u));
}

std::optional<i32> truncated_date(i32 d, string_view format) {
  const auto u = unit_of(format);
  if (u < unit::week) return std::nullopt;
  return static_cast<i32>(first_day(d, u));
}

i64 months_of(unit u) { return u == unit::year ? 12 : u == unit::quarter ? 3 : u == unit::month ? 1 : 0; }

std::optional<i64> added(string_view name, i64 n, i64 t) {
  const auto u = unit_of(name);
  if (const auto months = months_of(u)) return add_interval(t, months * n, 0, 0);
  return t + n * length_of(u);
}

std::optional<i64> difference(string_view name, i64 from, i64 to) {
  const auto u = unit_of(name);
  const auto per = months_of(u);
  if (per == 0) return (to - from) / length_of(u);
  // A month is whole when the same day and time of day are reached; the last day of a shorter month is not that.
  const auto first = day_of(from);
  auto last = day_of(to);
  const auto time_from = from - first * micros_per_day, time_to = to - last * micros_per_day;
  if (last > first && time_to < time_from) --last;
  if (last < first && time_to > time_from) ++last;
  const auto place = [](i64 day) {
    const auto date = civil_from_days(day);
    return (i64{date.year} * 12 + date.month) * 32 + date.day;
  };
  return (place(last) - place(first)) / 32 / per;
}

double months_between(i64 a, i64 b, bool round_off) {
  const auto x = civil_from_days(day_of(a)), y = civil_from_days(day_of(b));
  const auto months = static_cast<double>((x.year - y.year) * 12 + x.month - y.month);
  const bool ends = x.day == days_in_month(x.year, x.month) && y.day == days_in_month(y.year, y.month);
  if (x.day == y.day || ends) return months;
  const auto seconds = [](i64 t) {
    const i64 whole = floor_mod(t, micros_per_day) / micros_per_second;
    return static_cast<double>(whole);
  };
  const double difference_seconds = (x.day - y.day) * 86400.0 + seconds(a) - seconds(b);
  const double result = months + difference_seconds / (31 * 86400.0);
  return round_off ? std::round(result * 1e8) / 1e8 : result;
}

std::optional<i32> next_day(i32 d, string_view name) {
  static constexpr std::array<string_view, 7> days{"monday", "tuesday",  "wednesday", "thursday",
                                                   "friday", "saturday", "sunday"};
  const auto wanted = to_lower(trimmed(name));
  for (int i = 0; i < 7; ++i) {
    const auto full = days[static_cast<std::size_t>(i)];
    if (wanted != full && wanted != full.substr(0, 3) && wanted != full.substr(0, 2)) continue;
    const int ahead = (i + 1 - iso_weekday(d) + 6) % 7 + 1;
    return d + ahead;
  }
  return std::nullopt;
}

std::optional<i32> made_date(i32 y, i32 m, i32 d) {
  const auto days = valid_date(y, m, d);
  return days ? std::optional<i32>(static_cast<i32>(*days)) : std::nullopt;
}

std::optional<i64> made_time(i32 y, i32 mo, i32 d, i32 h, i32 mi, arrow::Decimal128 micros) {
  const auto days = valid_date(y, mo, d);
  const auto s = static_cast<i64>(micros.low_bits());
  if (!days || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 60 * micros_per_second) return std::nullopt;
  return *days * micros_per_day + (h * 3600LL + mi * 60LL) * micros_per_second + s;
}

scalar_kernel now_kernel(const data_type& type) {
  return [type](std::span<const arrow::Datum>, i64, const evaluation_context& context) -> arrow::Datum {
    const auto now = context.now.microseconds;
    if (type->id() == arrow::Type::DATE32)
      return arrow::Datum(std::make_shared<arrow::Date32Scalar>(static_cast<i32>(day_of(now))));
    return arrow::Datum(std::make_shared<arrow::TimestampScalar>(now, type));
  };
}

void define_now(function_catalog& c) {
  define(c, {"current_timestamp", "current_timestamp()", "The time at which the epoch was planned."}, takes({}),
         types::timestamp(), now_kernel(types::timestamp()));
  define_synonyms(c, {"now"});
  define(c, {"localtimestamp", "localtimestamp()", "current_timestamp() without a zone."}, takes({}), types::timestamp_ntz(),
         now_kernel(types::timestamp_ntz()));
  define(c, {"current_date", "current_date()", "The day on which the epoch was planned."}, takes({}), types::date(),
         now_kernel(types::date()));
  define_synonyms(c, {"curdate"});
  define(c, {"current_timezone", "current_timezone()", "The session's time zone: UTC."}, takes({}), types::string(),
         [](std::span<const arrow::Datum>, i64, const evaluation_context&) -> arrow::Datum {
           return arrow::Datum(std::make_shared<arrow::StringScalar>("UTC"));
         });
}

void define_epoch_times(function_catalog& c) {
  using enum accepts;
  const auto from_units = [](i64 factor) {
    return [factor](i64 n) -> std::optional<i64> {
      i64 t = 0;
      if (__builtin_mul_overflow(n, factor, &t))
        throw error(errc::evaluation_failed, "a timestamp is beyond what 64 bits of microseconds hold");
      return t;
    };
  };
  const auto to_units = [](i64 factor) { return [factor](i64 t) { return floor_div(t, factor); }; };
  define(c, {"timestamp_seconds", "timestamp_seconds(n)", "The time n seconds after 1970."}, takes({plain_number}),
         [](bound_list a) -> scalar_binding {
           auto cast = bind_cast(a[0], types::timestamp());
           return {{std::move(cast)},
                   types::timestamp(),
                   [](std::span<const arrow::Datum> v, i64, const evaluation_context&) { return v[0]; },
                   true};
         });
  define(c, {"timestamp_millis", "timestamp_millis(n)", "The time n milliseconds after 1970."}, takes({plain_whole}),
         types::timestamp(), map_values<i64, i64>(types::timestamp(), from_units(1000)));
  define(c, {"timestamp_micros", "timestamp_micros(n)", "The time n microseconds after 1970."}, takes({plain_whole}),
         types::timestamp(), map_values<i64, i64>(types::timestamp(), from_units(1)));
  define(c, {"unix_seconds", "unix_seconds(time)", "Seconds since 1970."}, takes({plain_timestamp}), types::bigint(),
         map_values<i64, i64>(types::bigint(), to_units(micros_per_second)));
  define(c, {"unix_millis", "unix_millis(time)", "Milliseconds since 1970."}, takes({plain_timestamp}), types::bigint(),
         map_values<i64, i64>(types::bigint(), to_units(1000)));
  define(c, {"unix_micros", "unix_micros(time)", "Microseconds since 1970."}, takes({plain_timestamp}), types::bigint(),
         map_values<i64, i64>(types::bigint(), to_units(1)));
  define(c, {"unix_date", "unix_date(date)", "Days since 1970."}, takes({plain_date}), types::integer(),
         map_values<i32, i32>(types::integer(), [](i32 d) { return d; }));
  define(c, {"date_from_unix_date", "date_from_unix_date(n)", "The day n days after 1970-01-01."}, takes({integer}),
         types::date(), map_values<i32, i32>(types::date(), [](i32 d) { return d; }));
}

void define_date_arithmetic(function_catalog& c) {
  using enum accepts;
  const auto& d = types::date();
  define(c, {"date_add", "date_add(date, days)", "The date so many days later."}, takes({date, days}), d,
         map_values<i32, i32, i32>(d, [](i32 day, i32 n) {
           return static_cast<i32>(static_cast<std::uint32_t>(day) + static_cast<std::uint32_t>(n));
         }));
  define(c, {"date_sub", "date_sub(date, days)", "The date so many days earlier."}, takes({date, days}), d,
         map_values<i32, i32, i32>(d, [](i32 day, i32 n) {
           return static_cast<i32>(static_cast<std::uint32_t>(day) - static_cast<std::uint32_t>(n));
         }));
  define(c, {"datediff", "datediff(end, start)", "Days from start to end."}, takes({date, date}), types::integer(),
         map_values<i32, i32, i32>(types::integer(), [](i32 a, i32 b) { return a - b; }));
  define_synonyms(c, {"date_diff"});
  define(c, {"add_months", "add_months(date, n)", "The same day n months later, cut to the month's end."},
         takes({date, integer}), d,
         map_values<i32, i32, i32>(d, [](i32 day, i32 n) { return static_cast<i32>(add_months(day, n)); }));
  define(c, {"months_between", "months_between(a, b [, round])", "Months from b to a, a month's part counted by 31 days."},
         takes({timestamp, timestamp, boolean}, 2), [](bound_list a) -> scalar_binding {
           if (a.size() < 3) a.push_back(bind_literal(std::make_shared<arrow::BooleanScalar>(true)));
           return {std::move(a), types::float64(), map_values<double, i64, i64, bool>(types::float64(), months_between), true};
         });
  define(c, {"last_day", "last_day(date)", "The last day of the month."}, takes({date}), d,
         map_values<i32, i32>(d, [](i32 day) {
           const auto p = civil_from_days(day);
           return static_cast<i32>(day + days_in_month(p.year, p.month) - p.day);
         }));
  define(c, {"next_day", "next_day(date, name)", "The first such day of the week after the date."}, takes({date, text}), d,
         map_values<i32, i32, string_view>(d, next_day));
  define(c, {"trunc", "trunc(date, unit)", "The first day of the year, quarter, month or week."}, takes({date, text}), d,
         map_values<i32, i32, string_view>(d, truncated_date));
  define(c,
         {"date_trunc", "date_trunc(unit, time)",
          "The time cut to a unit: year, quarter, month, week, day, hour, minute, second."},
         takes({text, timestamp}), types::timestamp(), map_values<i64, string_view, i64>(types::timestamp(), truncated_time));
  define(c, {"make_date", "make_date(year, month, day)", "A date of its parts, or null."}, takes({integer, integer, integer}),
         d, map_values<i32, i32, i32, i32>(d, made_date));
  define(c, {"make_timestamp", "make_timestamp(year, month, day, hour, min, sec)", "A time of its parts, or null."},
         takes({integer, integer, integer, integer, integer, number}), [](bound_list a) -> scalar_binding {
           a[5] = bind_cast(a[5], types::decimal(16, 6));
           auto kernel = map_values<i64, i32, i32, i32, i32, i32, arrow::Decimal128>(types::timestamp(), made_time);
           return {std::move(a), types::timestamp(), std::move(kernel), true};
         });
}

void define_units(function_catalog& c) {
  using enum accepts;
  const auto with_unit = [](const function_text& f, bound_list a, scalar_kernel kernel,
                            const data_type& type) -> scalar_binding {
    const auto name = constant_text(*a[0]);
    if (!name || unit_of(*name) == unit::none) refuse_arguments(f, a, "the unit is a constant such as DAY, HOUR or MONTH");
    return {std::move(a), type, std::move(kernel), true};
  };
  const function_text add{"timestampadd", "timestampadd(unit, n, time)", "The time n units later."};
  define(c, add, takes({text, bigint, timestamp}), [=](bound_list a) {
    return with_unit(add, std::move(a), map_values<i64, string_view, i64, i64>(types::timestamp(), added), types::timestamp());
  });
  define_synonyms(c, {"dateadd"});
  const function_text between{"timestampdiff", "timestampdiff(unit, start, end)", "Whole units from start to end."};
  define(c, between, takes({text, timestamp, timestamp}), [=](bound_list a) {
    return with_unit(between, std::move(a), map_values<i64, string_view, i64, i64>(types::bigint(), difference),
                     types::bigint());
  });
}

template <bool to_zone>
std::optional<i64> shifted(i64 t, string_view zone) {
  const auto found = find_time_zone(zone);
  if (!found)
    throw error(errc::evaluation_failed,
                "'" + std::string(zone) + "' is no time zone: use a name like Europe/Paris or an offset like +02:00");
  return to_zone ? found->from_utc(t) : found->to_utc(t);
}

void define_zones(function_catalog& c) {
  using enum accepts;
  const auto& t = types::timestamp();
  define(c, {"from_utc_timestamp", "from_utc_timestamp(time, zone)", "The wall clock of a zone at a UTC time."},
         takes({timestamp, text}), t, map_values<i64, i64, string_view>(t, shifted<true>));
  define(c, {"to_utc_timestamp", "to_utc_timestamp(time, zone)", "The UTC time of a zone's wall clock."},
         takes({timestamp, text}), t, map_values<i64, i64, string_view>(t, shifted<false>));
  define(c, {"convert_timezone", "convert_timezone([from, ] to, time)", "A wall clock time of one zone in another."},
         takes({text, any, any}, 2), [](bound_list a) -> scalar_binding {
           if (a.size() == 2) a.insert(a.begin(), bind_literal(std::make_shared<arrow::StringScalar>("UTC")));
           a[1] = bind_cast(a[1], types::string());
           a[2] = bind_cast(a[2], types::timestamp_ntz());
           auto kernel = map_values<i64, string_view, string_view, i64>(
               types::timestamp_ntz(),
               [](string_view from, string_view to, i64 at) { return shifted<true>(*shifted<false>(at, from), to); });
           return {std::move(a), types::timestamp_ntz(), std::move(kernel), true};
         });
}

/// Windows of a time: [start, end) of the tumbling window, or the pane, that holds it.
arrow::Datum window_kernel(std::span<const arrow::Datum> arguments, i64 rows, const evaluation_context&) {
  auto validity = combine_validity(arguments, rows);
  if (validity.all_null) return all_null(types::window(), rows);
  const reader<i64> time(arguments[0]), size(arguments[1]), slide(arguments[2]), start(arguments[3]);
  auto starts = allocate(rows * 8), ends = allocate(rows * 8);
  auto* from = reinterpret_cast<i64*>(starts->mutable_data());
  auto* to = reinterpret_cast<i64*>(ends->mutable_data());
  for (i64 i = 0; i < rows; ++i) {
    from[i] = time[i] - floor_mod(time[i] - start[i], std::max<i64>(slide[i], 1));
    to[i] = from[i] + size[i];
  }
  const auto& t = types::timestamp();
  auto first = arrow::ArrayData::Make(t, rows, {nullptr, std::move(starts)}, 0);
  auto last = arrow::ArrayData::Make(t, rows, {nullptr, std::move(ends)}, 0);
  return arrow::MakeArray(arrow::ArrayData::Make(types::window(), rows, {std::move(validity.bits)},
                                                 {std::move(first), std::move(last)}, validity.null_count));
}

bound_ptr micros_literal(i64 v) { return bind_literal(std::make_shared<arrow::Int64Scalar>(v)); }

/// window(time, size [, slide [, start]]) outside of GROUP BY: the one window of a row.
scalar_binding bind_window(const function_text& f, bound_list a) {
  std::array<i64, 3> spans{0, 0, 0};
  for (std::size_t i = 1; i < a.size(); ++i) {
    const auto span = constant_text(*a[i]);
    if (!span) refuse_arguments(f, a, "size, slide and start are constant texts such as '10 minutes'");
    spans[i - 1] = parse_duration(*span).microseconds;
  }
  if (a.size() < 3) spans[1] = spans[0];
  if (spans[0] <= 0 || spans[1] != spans[0])
    refuse_arguments(f, a, "a row has several sliding windows: use window() in GROUP BY");
  auto time = convert(a[0], accepts::timestamp);
  if (!time) refuse_arguments(f, a, "the first is the event time, a TIMESTAMP");
  return {{std::move(time), micros_literal(spans[0]), micros_literal(spans[1]), micros_literal(spans[2])},
          types::window(),
          window_kernel,
          true};
}

void define_windows(function_catalog& c) {
  using enum accepts;
  define(c,
         {"window_tumbling", "window_tumbling(time, size_us, slide_us, start_us)",
          "The window of size_us that begins at the last multiple of slide_us."},
         takes({timestamp, bigint, bigint, bigint}), types::window(), window_kernel);
  define(
      c, {"window_time", "window_time(window)", "The event time of a window: its end less a microsecond."}, takes({structure}),
      [](bound_list a) -> scalar_binding {
        if (!a[0]->type()->Equals(*types::window()))
          refuse_arguments({"window_time", "window_time(window)", ""}, a, "it takes a window");
        auto end = bind_member(a[0], 1);
        return {
            {std::move(end)}, types::timestamp(), map_values<i64, i64>(types::timestamp(), [](i64 t) { return t - 1; }), true};
      });
  function_entry window;
  window.name = "window";
  window.kind = function_kind::window;
  window.usage = "window(time, size [, slide [, start]])";
  window.description = "Groups rows by windows of event time.";
  const function_text window_text{window.name, window.usage, window.description};
  window.bind_scalar = [window_text](bound_list a) { return bind_window(window_text, std::move(a)); };
  c.add(std::move(window));
  function_entry session;
  session.name = "session_window";
  session.kind = function_kind::window;
  session.usage = "session_window(time, gap)";
  session.description = "Groups rows into sessions that end after a gap without rows.";
  c.add(std::move(session));
}

}  // namespace

void register_datetime(function_catalog& c) {
  define_now(c);
  define_date_parts(c);
  const function_text extract{"date_part", "date_part(field, source)",
                              "A part of a date, time or interval: 'year', 'week', 'second', ..."};
  define(c, extract, takes({accepts::any, accepts::any}),
         [extract](bound_list a) { return bind_extract(extract, std::move(a)); });
  define_synonyms(c, {"datepart", "extract"});
  define_epoch_times(c);
  define_date_arithmetic(c);
  define_units(c);
  define_zones(c);
  define_windows(c);
}

}  // namespace flow
