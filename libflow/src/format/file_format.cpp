#include "flow/error.hpp"
#include "flow/format_reader.hpp"

namespace flow {

file_format_ptr find_file_format(std::string_view name, const options& settings, schema_ptr schema) {
  if (name == "text") return text_format(settings);
  if (name == "json") return json_format(settings, std::move(schema));
  if (name == "csv") return csv_format(settings, std::move(schema));
  return nullptr;
}

}  // namespace flow
