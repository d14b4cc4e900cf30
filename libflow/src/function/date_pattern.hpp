#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flow {

/// A date pattern in Java's letters ("yyyy-MM-dd HH:mm:ss"), as Spark 3 accepts them. Immutable.
class date_pattern {
 public:
  /// @throws error{evaluation_failed} for a letter Spark refuses.
  explicit date_pattern(std::string_view pattern);

  void format(std::string& out, std::int64_t micros) const;
  /// The time the whole text stands for; parts the pattern lacks are those of 1970-01-01 00:00:00.
  std::optional<std::int64_t> parse(std::string_view text) const;

 private:
  struct token {
    char letter = 0;  ///< 0: `text` as it is; '[' and ']': an optional part.
    int count = 0;
    std::string text;
  };
  struct parsed_time;

  static bool parse_token(const token& t, std::string_view& text, parsed_time& out, bool adjacent);

  std::vector<token> tokens_;
};

}  // namespace flow
