#include "flow/output_mode.hpp"

#include <cctype>
#include <string>

#include "flow/error.hpp"

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
  std::string name(text);
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const auto mode : {output_mode::append, output_mode::update, output_mode::complete}) {
    if (to_string(mode) == name) return mode;
  }
  throw error(errc::invalid_argument, "unknown output mode '" + std::string(text) + "': expected append, update or complete");
}

}  // namespace flow
