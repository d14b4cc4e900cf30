#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flow/format_reader.hpp"

namespace flow {

/// Bytes that may be read, not used, behind every line the scanner gives out.
inline constexpr std::size_t line_padding = 64;

/// The first '\n' or '\r' in [from, to), or `to`. May read line_padding bytes behind `to`.
const char* find_line_break(const char* from, const char* to);
bool valid_utf8(std::string_view bytes);
/// The bytes with every piece that is no UTF-8 replaced by U+FFFD.
std::string repaired_utf8(std::string_view bytes);

/// Cuts an input into lines, over a buffer that holds a block and grows only for a longer line. A line ends at \n, \r or \r\n,
/// or at `separator` if one is given; the last one needs no end. A byte order mark at the input's begin is no data, unless
/// kept.
class line_scanner {
 public:
  /// Lines whose first byte lies in `range`. `exact`: range.begin is known to be a line's begin.
  line_scanner(std::unique_ptr<byte_input> input, byte_range range, std::string separator, bool exact);

  /// @pre nothing has been read.
  void keep_byte_order_mark() { keeps_mark_ = true; }

  /// The next line, valid until the next call; false at the end.
  bool next(std::string_view& line);
  /// Lines of good UTF-8 that are wholly in the buffer, their ends included; maybe none although there are more. For a reader
  /// that finds the first one's end itself, and then says end_line().
  std::string_view whole_lines() const {
    if (cursor_ >= checked_ || position() >= range_.end || !started_) return {};
    return {cursor_, static_cast<std::size_t>(checked_ - cursor_)};
  }
  /// Goes on behind the line in which `reached` lies.
  void end_line(const char* reached) {
    if (*reached == '\n') {
      cursor_ = reached + 1;
    } else {
      const char* end = nullptr;
      find_end(reached, end, cursor_);
    }
  }
  /// Where the line after the last one given out begins.
  std::int64_t position() const { return base_ + (cursor_ - buffer_.data()); }
  /// Bytes of the last line given out are known to be UTF-8.
  bool checked() const { return line_end_ <= checked_; }
  /// Everything up to the input's end as one line (whole inputs only); false if it was given out.
  bool whole(std::string_view& text);
  std::string name() const { return input_->name(); }
  /// The input's name and the number, from 1, of the last line given out, for a message that ends the reading: counting reads
  /// the input again from its begin, and no line follows.
  std::string place_for_message();

 private:
  bool fill();
  bool find_end(const char* from, const char*& end, const char*& after);
  bool find_separator(const char* from, const char*& end, const char*& after);
  void start();

  std::unique_ptr<byte_input> input_;
  byte_range range_;
  std::string separator_;
  std::vector<char> buffer_;
  const char* cursor_ = nullptr;   ///< First byte not given out.
  const char* filled_ = nullptr;   ///< Behind the last byte read.
  const char* checked_ = nullptr;  ///< Bytes before this are UTF-8.
  const char* line_end_ = nullptr;
  std::int64_t base_ = 0;  ///< The input's offset of buffer_[0].
  bool ended_ = false;
  bool exact_;
  bool started_ = false;
  bool keeps_mark_ = false;
};

}  // namespace flow
