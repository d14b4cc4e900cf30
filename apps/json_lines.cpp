#include "json_lines.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ostream>

#include <flow/format_writer.hpp>

namespace apps {

namespace {

[[noreturn]] void refuse(const std::string& path) {
  throw flow::error(flow::errc::unwritable_output, "cannot write " + path + ": " + std::strerror(errno));
}

std::string json_lines(const flow::dataset& rows) {
  const auto writer = flow::find_format_writer("json", {}, rows.schema());
  std::string text;
  for (const auto& part : rows.collect()) writer->append_rows(*part, text);
  return text;
}

}  // namespace

void write_json_lines(std::ostream& out, const flow::dataset& rows) { out << json_lines(rows); }

void replace_with_json_lines(const std::string& path, const flow::dataset& rows) {
  const auto text = json_lines(rows);
  const auto temporary = path + ".tmp";
  const int file = ::open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  if (file < 0) refuse(temporary);
  std::size_t done = 0;
  while (done < text.size()) {
    const auto n = ::write(file, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) {
      ::close(file);
      refuse(temporary);
    }
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  const bool safe = ::fsync(file) == 0;
  ::close(file);
  if (!safe || std::rename(temporary.c_str(), path.c_str()) != 0) refuse(path);
}

}  // namespace apps
