#include "flow/output_mode.hpp"

#include <string>

#include "flow/error.hpp"
#include "types/ascii.hpp"

namespace flow {

std::string_view to_string(output_mode mode) noexcept {
  switch (mode) {
    case output_mode::append:
      return "append";
    case output_mode::update:
      return "update";
    case output_mode::complete:
      return "complete";
  }
  return "unknown";
}

output_mode parse_output_mode(std::string_view text) {
  for (const auto mode : {output_mode::append, output_mode::update, output_mode::complete}) {
    if (same_name(to_string(mode), text)) return mode;
  }
  throw error(errc::invalid_argument, "unknown output mode '" + std::string(text) + "': expected append, update or complete");
}

}  // namespace flow
