#include "format/line_scanner.hpp"

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <simdjson.h>

#include "flow/error.hpp"

namespace flow {
namespace {

constexpr std::size_t bytes_per_read = 256u << 10;

class memory_bytes final : public byte_input {
 public:
  memory_bytes(std::string_view bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}
  std::size_t read(char* to, std::size_t capacity) override {
    const auto count = std::min(capacity, bytes_.size() - at_);
    std::memcpy(to, bytes_.data() + at_, count);
    at_ += count;
    return count;
  }
  void seek(std::int64_t offset) override { at_ = std::min(static_cast<std::size_t>(offset), bytes_.size()); }
  std::string name() const override { return name_; }

 private:
  std::string_view bytes_;
  std::string name_;
  std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<byte_input> memory_input(std::string_view bytes, std::string name) {
  return std::make_unique<memory_bytes>(bytes, std::move(name));
}

const char* find_line_break(const char* from, const char* to) {
#if defined(__SSE2__)
  const auto newline = _mm_set1_epi8('\n');
  const auto carriage_return = _mm_set1_epi8('\r');
  const auto hits = [&](const char* at) {
    const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    return _mm_or_si128(_mm_cmpeq_epi8(bytes, newline), _mm_cmpeq_epi8(bytes, carriage_return));
  };
  for (; from < to; from += 32) {
    const auto low = hits(from), high = hits(from + 16);
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(low)) | static_cast<std::uint32_t>(_mm_movemask_epi8(high))
                                                                               << 16;
    if (mask != 0) return std::min(from + std::countr_zero(mask), to);
  }
  return to;
#else
  while (from < to && *from != '\n' && *from != '\r') ++from;
  return from;
#endif
}

bool valid_utf8(std::string_view bytes) { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

std::string repaired_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + 8);
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    std::size_t length = lead < 0x80                   ? 1
                         : lead >= 0xC2 && lead < 0xE0 ? 2
                         : lead >= 0xE0 && lead < 0xF0 ? 3
                         : lead >= 0xF0 && lead < 0xF5 ? 4
                                                       : 0;
    if (length != 0 && i + length <= bytes.size() && valid_utf8(bytes.substr(i, length))) {
      out.append(bytes.substr(i, length));
      i += length;
      continue;
    }
    out += "\xEF\xBF\xBD";
    // One replacement for a cut sequence, not one for each of its bytes.
    const auto continues = [&](std::size_t at) {
      return at < bytes.size() && (static_cast<unsigned char>(bytes[at]) & 0xC0) == 0x80;
    };
    const auto second_fits = [&] {
      if (length < 3 || !continues(i + 1)) return false;
      const auto second = static_cast<unsigned char>(bytes[i + 1]);
      if (lead == 0xE0) return second >= 0xA0;
      if (lead == 0xED) return second < 0xA0;
      if (lead == 0xF0) return second >= 0x90;
      if (lead == 0xF4) return second < 0x90;
      return true;
    };
    std::size_t skipped = 1;
    if (second_fits()) {
      skipped = 2;
      if (length == 4 && continues(i + 2)) skipped = 3;
    }
    i += skipped;
  }
  return out;
}

line_scanner::line_scanner(std::unique_ptr<byte_input> input, byte_range range, std::string separator, bool exact)
    : input_(std::move(input)),
      range_(range),
      separator_(std::move(separator)),
      buffer_(bytes_per_read + line_padding),
      exact_(exact) {
  cursor_ = filled_ = checked_ = line_end_ = buffer_.data();
  // A range that begins inside a row is entered one byte early, so that a row which begins exactly at `begin` is seen to do so.
  base_ = exact || range_.begin == 0 ? range_.begin : range_.begin - 1;
}

bool line_scanner::fill() {
  if (ended_) return false;
  const auto kept = static_cast<std::size_t>(filled_ - cursor_);
  const auto done = cursor_ - buffer_.data();
  const auto checked = std::max<std::ptrdiff_t>(checked_ - cursor_, 0);
  if (done > 0) std::memmove(buffer_.data(), cursor_, kept);
  if (kept + line_padding >= buffer_.size()) buffer_.resize(buffer_.size() * 2);
  base_ += done;
  cursor_ = buffer_.data();
  const auto count = input_->read(buffer_.data() + kept, buffer_.size() - kept - line_padding);
  filled_ = buffer_.data() + kept + count;
  std::memset(buffer_.data() + kept + count, 0, line_padding);
  checked_ = cursor_ + checked;
  ended_ = count == 0;
  // Lines that are wholly here are checked together; the last, cut one when it is complete.
  const auto* last = static_cast<const char*>(memrchr(checked_, '\n', static_cast<std::size_t>(filled_ - checked_)));
  if (last != nullptr && valid_utf8({checked_, static_cast<std::size_t>(last + 1 - checked_)})) checked_ = last + 1;
  return !ended_;
}

void line_scanner::start() {
  started_ = true;
  input_->seek(base_);
  if ((exact_ && base_ > 0) || (range_.begin == 0 && keeps_mark_)) return;
  if (range_.begin == 0) {
    while (filled_ - cursor_ < 3 && fill()) {
    }
    if (std::string_view(cursor_, static_cast<std::size_t>(filled_ - cursor_)).starts_with("\xEF\xBB\xBF")) cursor_ += 3;
    return;
  }
  const char *end, *after;
  while (!find_end(cursor_, end, after)) {
    if (!fill()) {
      cursor_ = filled_;
      return;
    }
  }
  cursor_ = after;
}

bool line_scanner::find_separator(const char* from, const char*& end, const char*& after) {
  const auto* hit =
      static_cast<const char*>(memmem(from, static_cast<std::size_t>(filled_ - from), separator_.data(), separator_.size()));
  if (hit == nullptr) return false;
  end = hit;
  after = hit + separator_.size();
  return true;
}

bool line_scanner::find_end(const char* from, const char*& end, const char*& after) {
  if (!separator_.empty()) return find_separator(from, end, after);
  end = find_line_break(from, filled_);
  if (end == filled_) return false;
  after = end + 1;
  if (*end == '\r') {
    if (after == filled_ && !ended_) return false;
    if (after < filled_ && *after == '\n') ++after;
  }
  return true;
}

bool line_scanner::next(std::string_view& line) {
  if (!started_) start();
  if (base_ < 0 || position() >= range_.end) return false;
  const char *end, *after;
  while (!find_end(cursor_, end, after)) {
    if (fill()) continue;
    if (find_end(cursor_, end, after)) break;
    if (cursor_ == filled_) return false;
    end = after = filled_;
    break;
  }
  line = {cursor_, static_cast<std::size_t>(end - cursor_)};
  line_end_ = end;
  cursor_ = after;
  return true;
}

std::string line_scanner::place_for_message() {
  const auto name = input_->name();
  line_scanner counted(std::move(input_), {0, position()}, separator_, true);
  std::int64_t lines = 0;
  for (std::string_view line; counted.next(line);) ++lines;
  input_ = std::move(counted.input_);
  ended_ = true;
  return "\"" + name + "\" line " + std::to_string(lines);
}

bool line_scanner::whole(std::string_view& text) {
  if (!started_) start();
  if (position() >= range_.end) return false;
  while (fill()) {
  }
  if (position() > 0 && cursor_ == filled_) return false;
  text = {cursor_, static_cast<std::size_t>(filled_ - cursor_)};
  line_end_ = cursor_ = filled_;
  range_.end = 0;
  return true;
}

}  // namespace flow
