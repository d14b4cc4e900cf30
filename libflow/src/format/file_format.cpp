#include "flow/error.hpp"
#include "flow/format_reader.hpp"

namespace flow {

file_format_ptr find_file_format(std::string_view name, const options& settings, schema_ptr) {
  if (name == "text") return text_format(settings);
  return nullptr;
}

}  // namespace flow
