#include <cmath>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/number_digits.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

using arrow::Decimal128;
using std::string_view;

/// How a number is written: Java's DecimalFormat without exponents.
struct number_pattern {
  std::string prefix, suffix, negative_prefix = "-", negative_suffix;
  int least_whole = 1, least_fraction = 0, most_fraction = 0;
  int group = 0;
  int multiplier = 1;
  bool point_always = false;

  /// `#,##0.` and so many zeros, at most as many as Java writes.
  static number_pattern of_places(int places) {
    number_pattern p;
    p.least_fraction = p.most_fraction = std::min(places, 340);
    p.group = 3;
    return p;
  }
  static number_pattern parse(string_view text);
};

/// Reads a pattern: a prefix, `#,##0.0#`, a suffix, and behind a semicolon the prefix and suffix of negative numbers.
class pattern_parser {
 public:
  explicit pattern_parser(string_view text) : text_(text) {}

  number_pattern parse() {
    number_pattern p;
    affix(p.prefix, true);
    number(p);
    affix(p.suffix, false);
    p.negative_prefix = "-" + p.prefix;
    p.negative_suffix = p.suffix;
    if (at_ < text_.size()) negative(p);
    p.multiplier = multiplier_;
    return p;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw error(errc::evaluation_failed, "format_number: the pattern '" + std::string(text_) + "' cannot be used: " + why);
  }
  static bool is_digit_place(char c) { return c == '#' || c == '0' || c == ',' || c == '.'; }

  /// Literal text up to the number (`front`) or the semicolon.
  void affix(std::string& out, bool front) {
    for (bool quoted = false; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\'') {
        const bool twice = at_ + 1 < text_.size() && text_[at_ + 1] == '\'';
        if (twice) {
          out += '\'';
          ++at_;
        } else {
          quoted = !quoted;
        }
        continue;
      }
      if (!quoted && c == ';') return;
      if (!quoted && is_digit_place(c)) {
        if (front) return;
        refuse("it has digits in two places");
      }
      if (!quoted && c == '%') multiplier_ = 100;
      out += c;
    }
  }

  void number(number_pattern& p) {
    int left = 0, zeros = 0, right = 0, point = -1, group = -1;
    for (; at_ < text_.size() && (is_digit_place(text_[at_]) || text_[at_] == 'E'); ++at_) {
      const char c = text_[at_];
      if (c == 'E') refuse("exponents are not supported");
      if (c == ',') group = 0;
      if (c == '.') {
        if (point >= 0) refuse("it has two points");
        point = left + zeros + right;
      }
      if (c == ',' || c == '.') continue;
      if (c == '0') {
        if (right > 0) refuse("a 0 stands behind a #");
        ++zeros;
      } else {
        ++(zeros > 0 ? right : left);
      }
      if (group >= 0 && point < 0) ++group;
    }
    if (group == 0) refuse("no digit stands behind its comma");
    if (zeros == 0 && left > 0 && point >= 0) {
      const int n = std::max(point, 1);
      right = left - n;
      left = n - 1;
      zeros = 1;
    }
    const int all = left + zeros + right;
    p.least_whole = (point >= 0 ? point : all) - left;
    if (p.least_whole < 0) refuse("a 0 stands behind the point and a # before it");
    p.most_fraction = point >= 0 ? all - point : 0;
    p.least_fraction = point >= 0 ? left + zeros - point : 0;
    p.group = std::max(group, 0);
    p.point_always = point == 0 || (point == all && point >= 0);
  }

  void negative(number_pattern& p) {
    ++at_;
    std::string prefix, suffix;
    affix(prefix, true);
    while (at_ < text_.size() && is_digit_place(text_[at_])) ++at_;
    affix(suffix, false);
    if (prefix == p.prefix && suffix == p.suffix) return;
    p.negative_prefix = std::move(prefix);
    p.negative_suffix = std::move(suffix);
  }

  string_view text_;
  std::size_t at_ = 0;
  int multiplier_ = 1;
};

number_pattern number_pattern::parse(string_view text) {
  return pattern_parser(text.empty() ? "#,###,###,###,###,###,##0" : text).parse();
}

/// Writes numbers by the pattern last asked for.
class number_writer {
 public:
  bool use(std::int32_t places) {
    if (places < 0) return false;
    if (!read_ || places != places_) pattern_ = number_pattern::of_places(places);
    read_ = true;
    places_ = places;
    return true;
  }
  bool use(string_view pattern) {
    if (!read_ || pattern != text_) pattern_ = number_pattern::parse(pattern);
    read_ = true;
    text_ = pattern;
    return true;
  }

  void append(string_sink& out, double v) {
    if (std::isnan(v)) return out.append("NaN");
    if (std::isinf(v)) return append_signed(out, v < 0, "\u221E");
    digits_.assign_rounded(v * pattern_.multiplier, pattern_.most_fraction);
    append_digits(out);
  }
  void append(string_sink& out, std::int64_t v) {
    digits_.assign(v);
    append_scaled(out);
  }
  void append(string_sink& out, const Decimal128& v, int scale) {
    digits_.assign(v, scale);
    append_scaled(out);
  }

 private:
  void append_scaled(string_sink& out) {
    if (!digits_.digits.empty()) digits_.point += pattern_.multiplier == 100 ? 2 : 0;
    digits_.round(pattern_.most_fraction, tie::even);
    append_digits(out);
  }
  void append_digits(string_sink& out) {
    number_.clear();
    digits_.append_fixed(number_, pattern_.least_whole, pattern_.least_fraction, pattern_.group);
    if (number_.empty()) number_ = "0";
    if (pattern_.point_always && number_.find('.') == std::string::npos) number_ += '.';
    append_signed(out, digits_.negative, number_);
  }
  void append_signed(string_sink& out, bool negative, string_view number) const {
    out.append(negative ? pattern_.negative_prefix : pattern_.prefix);
    out.append(number);
    out.append(negative ? pattern_.negative_suffix : pattern_.suffix);
  }

  number_pattern pattern_;
  bool read_ = false;
  std::int32_t places_ = 0;
  std::string text_;
  decimal_digits digits_;
  std::string number_;
};

template <class Format>
scalar_kernel format_kernel(const arrow::DataType& type) {
  const auto& s = types::string();
  if (is_decimal_type(type)) {
    return map_text<Decimal128, Format>(s, [scale = decimal_shape_of(type).scale, writer = number_writer()](
                                               string_sink& out, const Decimal128& v, Format f) mutable {
      if (!writer.use(f)) return false;
      writer.append(out, v, scale);
      return true;
    });
  }
  const auto of = [&]<class T>(T) {
    return map_text<T, Format>(s, [writer = number_writer()](string_sink& out, T v, Format f) mutable {
      if (!writer.use(f)) return false;
      writer.append(out, v);
      return true;
    });
  };
  return type.id() == arrow::Type::INT64 ? of(std::int64_t{}) : of(double{});
}

scalar_binding bind_format_number(const function_text& f, bound_list a) {
  const auto type = a[0]->type(), how = a[1]->type();
  if (!is_decimal_type(*type)) a[0] = bind_cast(a[0], is_integral_type(*type) ? types::bigint() : types::float64());
  if (is_string_type(*how)) {
    auto kernel = format_kernel<string_view>(*a[0]->type());
    return {std::move(a), types::string(), std::move(kernel), true};
  }
  const bool places = is_null_type(*how) || (is_integral_type(*how) && how->id() != arrow::Type::INT64);
  if (!places) refuse_arguments(f, a, "the second argument is the number of places, an INT, or a pattern");
  a[1] = bind_cast(a[1], types::integer());
  auto kernel = format_kernel<std::int32_t>(*a[0]->type());
  return {std::move(a), types::string(), std::move(kernel), true};
}

}  // namespace

void register_format_number(function_catalog& c) {
  const function_text f{"format_number", "format_number(n, places_or_pattern)",
                        "The number with commas and so many places, rounded half to even, or by a pattern such as '#,##0.00'."};
  define(c, f, takes({accepts::plain_number, accepts::any}), [f](bound_list a) { return bind_format_number(f, std::move(a)); });
}

}  // namespace flow
