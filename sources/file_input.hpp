#pragma once

#include <memory>
#include <string>

#include "flow/format_reader.hpp"

namespace flow {

/// An open file, read ahead by the kernel. @throws error{unreadable_input} naming it and the system's reason.
std::unique_ptr<byte_input> open_file(const std::string& path);
/// The same, but null if there is no such file.
std::unique_ptr<byte_input> open_if_present(const std::string& path);

}  // namespace flow
