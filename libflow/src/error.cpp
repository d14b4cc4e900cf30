#include "flow/error.hpp"

#include <algorithm>
#include <vector>

#include "types/ascii.hpp"

namespace flow {

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument:
      return "invalid_argument";
    case errc::unknown_option:
      return "unknown_option";
    case errc::invalid_option:
      return "invalid_option";
    case errc::unknown_format:
      return "unknown_format";
    case errc::unknown_column:
      return "unknown_column";
    case errc::ambiguous_column:
      return "ambiguous_column";
    case errc::unknown_function:
      return "unknown_function";
    case errc::unknown_table:
      return "unknown_table";
    case errc::type_mismatch:
      return "type_mismatch";
    case errc::syntax_error:
      return "syntax_error";
    case errc::unsupported_plan:
      return "unsupported_plan";
    case errc::evaluation_failed:
      return "evaluation_failed";
    case errc::unreadable_input:
      return "unreadable_input";
    case errc::malformed_data:
      return "malformed_data";
    case errc::unwritable_output:
      return "unwritable_output";
    case errc::checkpoint_mismatch:
      return "checkpoint_mismatch";
    case errc::checkpoint_corrupt:
      return "checkpoint_corrupt";
    case errc::checkpoint_locked:
      return "checkpoint_locked";
    case errc::checkpoint_taken_over:
      return "checkpoint_taken_over";
    case errc::storage_failed:
      return "storage_failed";
    case errc::query_failed:
      return "query_failed";
    case errc::illegal_state:
      return "illegal_state";
    case errc::restart_required:
      return "restart_required";
  }
  return "unknown";
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) { return to_lower(x) == to_lower(y); };
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same(a[i - 1], b[j - 1]) ? 0u : 1u)});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace flow
