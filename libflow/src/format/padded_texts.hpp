#pragma once

#include <string>
#include <string_view>

#include <arrow/array/array_binary.h>

#include "format/json_scanner.hpp"
#include "format/line_scanner.hpp"

namespace flow {

/// The texts of a STRING or BINARY column where they stand, but each with json_padding readable bytes behind it and of good
/// UTF-8: only the last ones of a buffer, and what holds broken characters, are copied.
class padded_texts {
 public:
  explicit padded_texts(const arrow::Array& column) : texts_(static_cast<const arrow::BinaryArray&>(column)) {
    const auto& bytes = texts_.value_data();
    if (bytes) readable_ = reinterpret_cast<const char*>(bytes->data()) + bytes->capacity();
    valid_ = all_valid();
  }

  /// Valid until the next call.
  std::string_view operator[](std::int64_t row) {
    const std::string_view text = texts_.GetView(row);
    const bool bad = !valid_ && !valid_utf8(text);
    if (!bad && readable_ - (text.data() + text.size()) >= static_cast<std::ptrdiff_t>(json_padding)) return text;
    copy_ = bad ? repaired_utf8(text) : std::string(text);
    const auto size = copy_.size();
    copy_.append(json_padding, '\0');
    return std::string_view(copy_).substr(0, size);
  }

 private:
  /// Looked at all at once: good as a whole, and no text begins in the midst of a character.
  bool all_valid() const {
    const auto first = texts_.value_offset(0), last = texts_.value_offset(texts_.length());
    if (first == last) return true;
    const auto* bytes = reinterpret_cast<const char*>(texts_.value_data()->data());
    if (!valid_utf8({bytes + first, static_cast<std::size_t>(last - first)})) return false;
    for (std::int64_t i = 1; i < texts_.length(); ++i) {
      const auto at = texts_.value_offset(i);
      if (at < last && (bytes[at] & 0xC0) == 0x80) return false;
    }
    return true;
  }

  const arrow::BinaryArray& texts_;
  const char* readable_ = nullptr;
  bool valid_ = false;
  std::string copy_;
};

}  // namespace flow
