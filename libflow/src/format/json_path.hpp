#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/json_scanner.hpp"

/// JSON texts looked into without a schema, with Hive's and Spark's rules.
namespace flow {

/// What these functions take as JSON: single quotes and control characters too, but no NaN.
inline constexpr json_syntax lookup_syntax{.non_numeric = false, .control_characters = true};

/// A path such as $.store.book[0]['isbn'] or $[*].a, compiled.
class json_path {
 public:
  /// Nothing for what is no path.
  static std::optional<json_path> parse(std::string_view text);

  /// Appends the value found: a text as it is, anything else as JSON. False, with nothing appended, if there is none or the
  /// text is malformed. @pre json_padding bytes behind the text are readable.
  bool find(std::string_view text, std::string& out) const;

  /// One step down.
  struct step {
    enum class kind { member, index, every_element, every_member };
    kind what = kind::member;
    std::string name;
    std::int64_t index = 0;
  };

 private:
  std::vector<step> steps_;
};

/// The whole of a text, or nothing when it is malformed; blanks only count as malformed.
std::optional<json_token> scan_json(std::string_view text);

}  // namespace flow
