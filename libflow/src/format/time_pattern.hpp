#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flow {

/// A Spark datetime pattern ("dd/MM/yyyy HH:mm"), for reading. English names, UTC.
class time_pattern {
 public:
  /// @throws error{invalid_argument} for a letter that cannot be read.
  explicit time_pattern(std::string_view pattern);

  /// Microseconds since 1970 (UTC) if the whole text fits.
  std::optional<std::int64_t> read(std::string_view text) const;

 private:
  struct part {
    char letter = '\0';  ///< '\0': literal text; '[' and ']': bounds of an optional section.
    int width = 0;
    bool adjacent = false;  ///< Another number follows at once: exactly `width` digits.
    std::string literal;
  };
  struct fields;

  bool read_parts(std::size_t from, std::size_t to, std::string_view& text, fields& out) const;
  static bool read_part(const part& one, std::string_view& text, fields& out);

  std::vector<part> parts_;
};

}  // namespace flow
