#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <arrow/util/decimal.h>

/// Numbers as texts of a form such as 'S$9,990.99', written by to_char() and read by to_number().
namespace flow {

class number_pattern {
 public:
  /// The pattern, or what is wrong with it.
  static std::variant<number_pattern, std::string> parse(std::string_view text);

  int precision() const { return whole_ + scale_; }
  int scale() const { return scale_; }

  /// The number, in units of 10^-scale(), or nothing if the text has another form.
  std::optional<arrow::Decimal128> read(std::string_view text) const;
  /// Appends the number `value` * 10^-`scale`; one that has too many digits is shown as #.
  void append(std::string& out, const arrow::Decimal128& value, int scale) const;

 private:
  enum class sign { none, minus, both };  ///< MI: blank or minus. S: plus or minus.
  struct group {
    int digits = 0;
    bool exact = false;  ///< Begins with 0: all of its digits are there.
  };

  /// Reads digits and commas up to what is neither; returns where that stands.
  std::optional<std::size_t> read_whole(std::string_view text, std::string& digits) const;
  static void append_sign(std::string& out, sign which, bool negative);
  void append_whole(std::string& out, std::string_view digits) const;

  sign before_ = sign::none, after_ = sign::none;
  bool dollar_ = false, point_ = false, brackets_ = false;
  std::vector<group> groups_;  ///< Of the digits before the point.
  int whole_ = 0, scale_ = 0;
};

}  // namespace flow
