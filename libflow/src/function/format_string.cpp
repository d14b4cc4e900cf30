#include <cmath>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "function/number_digits.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "function/utf8.hpp"
#include "function/value_text.hpp"

/// format_string and printf: Java's Formatter over numbers, texts and booleans.
namespace flow {

namespace {

using std::string_view;
using i64 = std::int64_t;

/// Text to copy, or one value to be written.
struct format_piece {
  std::string text;
  int argument = -1;  ///< -1: `text`.
  std::string flags;
  int width = -1, precision = -1;
  char conversion = 0;

  bool has(char flag) const { return flags.find(flag) != std::string::npos; }
  bool capitals() const { return conversion >= 'A' && conversion <= 'Z'; }
  char kind() const { return capitals() ? static_cast<char>(conversion + 'a' - 'A') : conversion; }
};

[[noreturn]] void refuse_format(string_view format, const std::string& why) {
  throw error(errc::evaluation_failed, "format_string: '" + std::string(format) + "' cannot be used: " + why);
}

class format_parser {
 public:
  explicit format_parser(string_view format) : format_(format) {}

  std::vector<format_piece> parse() {
    while (at_ < format_.size()) {
      const auto percent = std::min(format_.find('%', at_), format_.size());
      if (percent > at_) pieces_.emplace_back().text = format_.substr(at_, percent - at_);
      at_ = percent;
      if (at_ < format_.size()) pieces_.push_back(specifier());
    }
    return std::move(pieces_);
  }

 private:
  /// %[argument$][flags][width][.precision]conversion
  format_piece specifier() {
    const auto begin = at_++;
    format_piece p;
    const auto back = at_;
    const int index = number();
    const bool indexed = index > 0 && peek() == '$';
    at_ = indexed ? at_ + 1 : back;
    while (at_ < format_.size() && string_view("-#+ 0,(<").find(peek()) != string_view::npos) {
      if (p.has(peek())) refuse_format(format_, "it says a flag twice");
      p.flags += format_[at_++];
    }
    p.width = number();
    if (peek() == '.') {
      ++at_;
      p.precision = peek() == '0' ? (++at_, 0) : number();
      if (p.precision < 0) refuse_format(format_, "a precision is missing");
    }
    p.conversion = peek();
    ++at_;
    p.text = std::string(format_.substr(begin, std::min(at_, format_.size()) - begin));
    check(p);
    if (p.conversion == '%' || p.conversion == 'n') return p;
    if (p.has('<')) {
      if (last_ < 0) refuse_format(format_, p.text + " has no value before it");
    } else {
      last_ = indexed ? index - 1 : next_++;
    }
    p.argument = last_;
    return p;
  }

  void check(const format_piece& p) const {
    if (p.conversion == 0) refuse_format(format_, "it ends within a specifier");
    if (string_view("dxXosSbBcCfeEgG%n").find(p.conversion) == string_view::npos)
      refuse_format(format_, std::string("there is no conversion ") + p.conversion + " here");
    const char kind = p.kind();
    const auto none = [&](string_view flags) {
      for (const char flag : flags) {
        if (p.has(flag)) refuse_format(format_, p.text + " cannot take the flag '" + flag + "'");
      }
    };
    if ((p.has('-') || p.has('0')) && p.width < 0) refuse_format(format_, p.text + " needs a width");
    if ((p.has('-') && p.has('0')) || (p.has('+') && p.has(' ')))
      refuse_format(format_, p.text + " has flags that exclude each other");
    if (string_view("dxocn%").find(kind) != string_view::npos && p.precision >= 0)
      refuse_format(format_, p.text + " takes no precision");
    if (kind == 'd') none("#");
    if (kind == 'x' || kind == 'o') none("+ ,(");
    if (kind == 's' || kind == 'b' || kind == 'c') none("#+ 0,(");
    if (kind == 'e') none(",");
    if (kind == 'g') none("#");
  }

  char peek() const { return at_ < format_.size() ? format_[at_] : '\0'; }
  /// A number that begins with no 0, which would be a flag; -1 if there is none.
  int number() {
    int n = -1;
    if (peek() == '0') return n;
    for (; peek() >= '0' && peek() <= '9'; ++at_) n = std::min(std::max(n, 0) * 10 + (peek() - '0'), 1'000'000);
    return n;
  }

  string_view format_;
  std::size_t at_ = 0;
  int next_ = 0, last_ = -1;
  std::vector<format_piece> pieces_;
};

/// Writes the values of one row by a format. Columns are numbers, texts, booleans, dates and times.
class row_formatter {
 public:
  explicit row_formatter(arrow::ArrayVector columns) : columns_(std::move(columns)) {}

  void append(string_sink& out, string_view format, i64 row) {
    if (!read_ || format != format_) pieces_ = format_parser(format).parse();
    read_ = true;
    format_ = format;
    for (const auto& p : pieces_) {
      if (p.conversion == 0) {
        out.append(p.text);
      } else if (p.conversion == '%' || p.conversion == 'n') {
        text_ = p.conversion == '%' ? "%" : "\n";
        append_padded(out, p);
      } else {
        append_value(out, p, row);
      }
    }
  }

 private:
  void append_value(string_sink& out, const format_piece& p, i64 row) {
    if (p.argument >= static_cast<int>(columns_.size())) refuse_format(format_, p.text + " has no value");
    const auto& column = *columns_[static_cast<std::size_t>(p.argument)];
    text_.clear();
    const char kind = p.kind();
    if (column.IsNull(row)) {
      text_ = kind == 'b' ? "false" : "null";
      cut(p.precision);
    } else if (kind == 'd' || kind == 'x' || kind == 'o') {
      write_whole(p, column, row);
    } else if (kind == 'c') {
      write_character(p, column, row);
    } else if (kind == 'b') {
      text_ = column.type_id() != arrow::Type::BOOL || static_cast<const arrow::BooleanArray&>(column).Value(row) ? "true"
                                                                                                                  : "false";
      cut(p.precision);
    } else if (kind == 's') {
      write_text(column, row);
      cut(p.precision);
    } else {
      write_real(p, column, row);
    }
    if (p.capitals()) {
      std::string capitals;
      append_upper(capitals, text_);
      text_ = std::move(capitals);
    }
    append_padded(out, p);
  }

  [[noreturn]] void refuse_value(const format_piece& p, const arrow::Array& column) const {
    refuse_format(format_, p.text + " cannot write a value of " + to_ddl(*column.type()) + "; cast it");
  }

  i64 whole(const format_piece& p, const arrow::Array& column, i64 row) const {
    switch (column.type_id()) {
      case arrow::Type::INT8:
        return static_cast<const arrow::Int8Array&>(column).Value(row);
      case arrow::Type::INT16:
        return static_cast<const arrow::Int16Array&>(column).Value(row);
      case arrow::Type::INT32:
        return static_cast<const arrow::Int32Array&>(column).Value(row);
      case arrow::Type::DATE32:
        return static_cast<const arrow::Date32Array&>(column).Value(row);
      case arrow::Type::INT64:
        return static_cast<const arrow::Int64Array&>(column).Value(row);
      case arrow::Type::TIMESTAMP:
        return static_cast<const arrow::TimestampArray&>(column).Value(row);
      default:
        refuse_value(p, column);
    }
  }

  void write_whole(const format_piece& p, const arrow::Array& column, i64 row) {
    const auto v = whole(p, column, row);
    if (p.kind() == 'd') {
      digits_.assign(v);
      std::string number;
      digits_.append_fixed(number, 1, 0, p.has(',') ? 3 : 0);
      return write_signed(p, v < 0, number);
    }
    const int bits = static_cast<const arrow::FixedWidthType&>(*column.type()).bit_width();
    auto rest = static_cast<std::uint64_t>(v);
    if (bits < 64) rest &= (std::uint64_t{1} << bits) - 1;
    const unsigned shift = p.kind() == 'x' ? 4 : 3;
    std::string number;
    do {
      number.insert(number.begin(), "0123456789abcdef"[rest & ((1u << shift) - 1)]);
      rest >>= shift;
    } while (rest != 0);
    text_ = p.has('#') ? p.kind() == 'x' ? "0x" : "0" : "";
    fill_zeros(p, number, text_.size());
    text_ += number;
  }

  void write_character(const format_piece& p, const arrow::Array& column, i64 row) {
    if (!arrow::is_signed_integer(column.type_id()) || column.type_id() == arrow::Type::INT64) refuse_value(p, column);
    const auto code = whole(p, column, row);
    if (code < 0 || code > 0x10ffff)
      refuse_format(format_, p.text + " got " + std::to_string(code) + ", which is no character");
    append_character(text_, static_cast<char32_t>(code));
  }

  /// As Spark holds the value: a date is a number of days, a time one of microseconds.
  void write_text(const arrow::Array& column, i64 row) {
    switch (column.type_id()) {
      case arrow::Type::DATE32:
        return append_integer(text_, static_cast<const arrow::Date32Array&>(column).Value(row));
      case arrow::Type::TIMESTAMP:
        return append_integer(text_, static_cast<const arrow::TimestampArray&>(column).Value(row));
      case arrow::Type::DECIMAL128: {
        const auto& decimals = static_cast<const arrow::Decimal128Array&>(column);
        text_ = arrow::Decimal128(decimals.GetValue(row)).ToString(decimal_shape_of(*column.type()).scale);
        return;
      }
      default:
        return flow::append_value(text_, column, row);
    }
  }

  void write_real(const format_piece& p, const arrow::Array& column, i64 row) {
    double v = 0;
    if (column.type_id() == arrow::Type::FLOAT) {
      v = static_cast<double>(static_cast<const arrow::FloatArray&>(column).Value(row));
    } else if (column.type_id() == arrow::Type::DOUBLE) {
      v = static_cast<const arrow::DoubleArray&>(column).Value(row);
    } else {
      refuse_value(p, column);
    }
    if (std::isnan(v)) {
      text_ = "NaN";
      return;
    }
    if (std::isinf(v)) return write_signed(p, v < 0, "Infinity", false);
    digits_.assign(v);
    std::string number;
    int precision = p.precision < 0 ? 6 : p.precision;
    if (p.kind() == 'f') {
      write_fixed(number, p, precision);
    } else if (p.kind() == 'e') {
      write_scientific(number, p, precision);
    } else {
      precision = std::max(precision, 1);
      auto rounded = digits_;
      rounded.round(precision - rounded.point, tie::up);
      const int exponent = rounded.digits.empty() ? 0 : rounded.point - 1;
      if (exponent < -4 || exponent >= precision) {
        write_scientific(number, p, precision - 1);
      } else {
        write_fixed(number, p, precision - exponent - 1);
      }
    }
    write_signed(p, std::signbit(v), number);
  }

  void write_fixed(std::string& number, const format_piece& p, int places) {
    digits_.round(places, tie::up);
    digits_.append_fixed(number, 1, places, p.has(',') ? 3 : 0);
    if (places == 0 && p.has('#')) number += '.';
  }

  void write_scientific(std::string& number, const format_piece& p, int places) {
    digits_.round(places + 1 - digits_.point, tie::up);
    const int exponent = digits_.digits.empty() ? 0 : digits_.point - 1;
    digits_.point -= exponent;
    if (digits_.digits.empty()) digits_.point = 0;
    digits_.append_fixed(number, 1, places, 0);
    if (places == 0 && p.has('#')) number += '.';
    number += exponent < 0 ? "e-" : "e+";
    const int size = std::abs(exponent);
    if (size < 10) number += '0';
    number += std::to_string(size);
  }

  void write_signed(const format_piece& p, bool negative, const std::string& number, bool zeros = true) {
    const bool brackets = negative && p.has('(');
    text_ = negative ? brackets ? "(" : "-" : p.has('+') ? "+" : p.has(' ') ? " " : "";
    if (zeros) fill_zeros(p, number, text_.size() + (brackets ? 1 : 0));
    text_ += number;
    if (brackets) text_ += ')';
  }

  /// Zeros in front of the number where the width asks for them.
  void fill_zeros(const format_piece& p, const std::string& number, std::size_t beside) {
    const auto size = number.size() + beside;
    if (p.has('0') && static_cast<int>(size) < p.width) text_.append(static_cast<std::size_t>(p.width) - size, '0');
  }

  void cut(int characters) {
    if (characters >= 0) text_.resize(std::min(text_.size(), character_offset(text_, characters)));
  }

  void append_padded(string_sink& out, const format_piece& p) const {
    const auto blanks = p.width - static_cast<int>(character_count(text_));
    if (!p.has('-')) append_blanks(out, blanks);
    out.append(text_);
    if (p.has('-')) append_blanks(out, blanks);
  }
  static void append_blanks(string_sink& out, int count) {
    for (int i = 0; i < count; ++i) out.push(' ');
  }

  arrow::ArrayVector columns_;
  bool read_ = false;
  std::string format_;
  std::vector<format_piece> pieces_;
  std::string text_;
  decimal_digits digits_;
};

scalar_binding bind_format_string(const function_text& f, bound_list a) {
  for (std::size_t i = 1; i < a.size(); ++i) {
    const auto& type = *a[i]->type();
    if (is_nested_type(type) || type.id() == arrow::Type::BINARY || type.id() == arrow::Type::INTERVAL_MONTH_DAY_NANO)
      refuse_arguments(f, a, "it writes numbers, texts and booleans; cast other values to STRING");
    if (is_null_type(type)) a[i] = bind_cast(a[i], types::string());
  }
  auto kernel = [](std::span<const arrow::Datum> v, i64 rows, const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(v.first(1), rows);
    if (validity.all_null) return all_null(types::string(), rows);
    arrow::ArrayVector columns;
    for (const auto& d : v.subspan(1)) columns.push_back(as_array(d, rows));
    const reader<string_view> format(v[0]);
    row_formatter formatter(std::move(columns));
    string_sink out(rows, rows * 16);
    for (i64 i = 0; i < rows; ++i) {
      if (validity.valid(i)) formatter.append(out, format[i], i);
      out.next();
    }
    return out.finish(types::string(), std::move(validity));
  };
  return {std::move(a), types::string(), kernel, true};
}

}  // namespace

void register_format_string(function_catalog& c) {
  const function_text f{"format_string", "format_string(format, value, ...)",
                        "The values written as the format says: '%d of %5.2f %s' (Java's Formatter)."};
  define(c, f, takes_many({accepts::text, accepts::any}, 1), [f](bound_list a) { return bind_format_string(f, std::move(a)); });
  define_synonyms(c, {"printf"});
}

}  // namespace flow
