#pragma once

#include <cstdint>
#include <string>

#include <arrow/util/decimal.h>

/// Numbers as decimal digits, to be rounded and laid out.
namespace flow {

/// What becomes of a digit 5 with nothing behind it.
enum class tie { up, even };

/// 0.d1d2d3... * 10^point. No zeros in front or behind; zero has no digits.
struct decimal_digits {
  bool negative = false;
  std::string digits;
  int point = 0;

  void assign(std::int64_t v);
  void assign(const arrow::Decimal128& v, int scale);
  /// The fewest digits that name the number. It must be finite.
  void assign(double v);
  /// The number rounded half to even at `places` behind the point, by its exact value.
  void assign_rounded(double v, int places);

  /// At most `places` digits behind the point.
  void round(int places, tie rule);
  void append_fixed(std::string& out, int least_whole, int least_fraction, int group) const;

 private:
  void trim();
};

}  // namespace flow
