#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <arrow/api.h>

#include "flow/row_codec.hpp"
#include "batch/arrow_status.hpp"

namespace flow::aggregates {

/// Values of any type held as bytes, one string a group; empty stands for "none" (an encoded null has a byte).
class encoded_values {
 public:
  explicit encoded_values(const data_type& type) : codec_({type}) {}

  byte_rows encode(const array& column) const {
    byte_rows out;
    codec_.encode(std::span(&column, 1), column->length(), out);
    return out;
  }
  void resize(std::size_t count) { values_.resize(count); }
  std::string_view operator[](std::uint32_t group) const { return values_[group]; }
  bool has(std::uint32_t group) const { return !values_[group].empty(); }
  void set(std::uint32_t group, std::string_view value) {
    bytes_ += value.size() - values_[group].size();
    values_[group].assign(value);
  }
  void clear(std::uint32_t group) {
    bytes_ -= values_[group].size();
    values_[group].clear();
  }
  /// The values of these groups; null for none.
  array column(std::span<const std::uint32_t> groups) const {
    static constexpr char null[] = {2};
    std::vector<std::string_view> rows;
    rows.reserve(groups.size());
    for (const auto g : groups) rows.push_back(has(g) ? std::string_view(values_[g]) : std::string_view(null, 1));
    return codec_.decode(rows)[0];
  }
  std::size_t bytes() const { return values_.capacity() * sizeof(std::string) + bytes_; }
  const arrow::DataType& type() const { return *codec_.types()[0]; }

 private:
  row_codec codec_;
  std::vector<std::string> values_;
  std::size_t bytes_ = 0;
};

}  // namespace flow::aggregates
