#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flow {

/// A column's values as text, laid end to end: what writers put between separators.
class text_column {
 public:
  std::string& bytes() { return bytes_; }
  void end_value() { ends_.push_back(bytes_.size()); }
  std::size_t size() const { return bytes_.size(); }
  void reserve(std::int64_t rows) { ends_.reserve(static_cast<std::size_t>(rows) + 1); }
  std::string_view operator[](std::int64_t row) const {
    const auto i = static_cast<std::size_t>(row);
    return {bytes_.data() + ends_[i], ends_[i + 1] - ends_[i]};
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_{0};
};

}  // namespace flow
