#include "sources/line_buffer.hpp"

#include <algorithm>

namespace flow {

void line_buffer::add(std::string text, timestamp now) {
  if (!text.empty() && text.back() == '\r') text.pop_back();
  bytes_ += text.size() + sizeof(line);
  lines_.push_back({std::move(text), now});
}

bool line_buffer::receive(std::string_view bytes, timestamp now, std::stop_token stop) {
  std::function<void()> callback;
  {
    std::unique_lock lock(guard_);
    if (!freed_.wait(lock, stop, [this] { return bytes_ < capacity_ || lines_.empty(); })) return false;
    while (!bytes.empty()) {
      const auto newline = bytes.find('\n');
      partial_.append(bytes.substr(0, newline));
      if (newline == std::string_view::npos) break;
      add(std::exchange(partial_, {}), now);
      bytes.remove_prefix(newline + 1);
    }
    callback = callback_;
  }
  arrived_.notify_all();
  if (callback) callback();
  return true;
}

void line_buffer::close(const std::string& why) {
  {
    const std::lock_guard lock(guard_);
    if (!partial_.empty()) {
      const auto now = lines_.empty() ? timestamp{} : lines_.back().received;
      add(std::exchange(partial_, {}), now);
    }
    closed_ = true;
    failure_ = why;
  }
  arrived_.notify_all();
}

std::int64_t line_buffer::end() const {
  const std::lock_guard lock(guard_);
  return first_ + static_cast<std::int64_t>(lines_.size());
}

std::vector<line_buffer::line> line_buffer::take(std::int64_t from, std::int64_t to, std::size_t count,
                                                 std::chrono::milliseconds patience) const {
  std::unique_lock lock(guard_);
  const auto last = [this] { return first_ + static_cast<std::int64_t>(lines_.size()); };
  arrived_.wait_for(lock, patience, [&] { return last() > from || closed_; });
  std::vector<line> out;
  for (auto i = std::max(from, first_); i < std::min(to, last()) && out.size() < count; ++i)
    out.push_back(lines_[static_cast<std::size_t>(i - first_)]);
  return out;
}

void line_buffer::renumber(std::int64_t first) {
  const std::lock_guard lock(guard_);
  first_ = std::max(first_, first);
}

void line_buffer::forget(std::int64_t index) {
  {
    const std::lock_guard lock(guard_);
    while (first_ < index && !lines_.empty()) {
      bytes_ -= lines_.front().text.size() + sizeof(line);
      lines_.pop_front();
      ++first_;
    }
  }
  freed_.notify_all();
}

bool line_buffer::closed() const {
  const std::lock_guard lock(guard_);
  return closed_;
}

std::string line_buffer::failure() const {
  const std::lock_guard lock(guard_);
  return failure_;
}

void line_buffer::on_lines(std::function<void()> callback) {
  const std::lock_guard lock(guard_);
  callback_ = std::move(callback);
}

}  // namespace flow
