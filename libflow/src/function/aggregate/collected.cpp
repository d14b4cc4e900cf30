#include <algorithm>
#include <cstring>
#include <unordered_set>

#include <arrow/api.h>

#include "batch/column_buffer.hpp"
#include "flow/row_codec.hpp"
#include "flow/types.hpp"
#include "function/aggregate/accumulators.hpp"
#include "batch/arrow_status.hpp"

namespace flow::aggregates {
namespace {

/// Rows one behind the other, each with its length in front.
class row_list {
 public:
  void add(std::string_view row) {
    const auto size = static_cast<std::uint32_t>(row.size());
    bytes_.append(reinterpret_cast<const char*>(&size), sizeof(size));
    bytes_.append(row);
    ++count_;
  }
  template <class F>
  void for_each(F visit) const {
    for (std::size_t at = 0; at < bytes_.size();) {
      std::uint32_t size;
      std::memcpy(&size, bytes_.data() + at, sizeof(size));
      visit(std::string_view(bytes_).substr(at + sizeof(size), size));
      at += sizeof(size) + size;
    }
  }
  std::size_t count() const { return count_; }
  std::size_t bytes() const { return bytes_.size(); }

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

class collected : public accumulator {
 public:
  collected(const std::vector<data_type>& arguments, const collect_options& options, collected_result result)
      : codec_(arguments), options_(options), result_(std::move(result)), state_type_(collected_state(arguments)) {}

  void resize(std::size_t count) override {
    rows_.resize(count);
    if (options_.unique) seen_.resize(count);
  }
  void update(std::span<const std::uint32_t> groups, std::span<const array> arguments) override {
    byte_rows encoded;
    codec_.encode(arguments, static_cast<std::int64_t>(groups.size()), encoded);
    const auto& first = *arguments[0];
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (!options_.skip_nulls || first.IsValid(static_cast<std::int64_t>(i))) add(groups[i], encoded[i]);
    }
  }
  void merge(std::span<const std::uint32_t> groups, std::span<const array> state) override {
    const auto& lists = static_cast<const arrow::ListArray&>(*state[0]);
    const auto elements = members(lists.values());
    byte_rows encoded;
    codec_.encode(elements, lists.values()->length(), encoded);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      for (auto e = lists.value_offset(row); e < lists.value_offset(row + 1); ++e)
        add(groups[i], encoded[static_cast<std::size_t>(e)]);
    }
  }
  std::vector<array> state(std::span<const std::uint32_t> groups) const override {
    std::vector<std::int32_t> offsets;
    auto columns = laid_out(groups, offsets);
    array elements = columns[0];
    if (columns.size() > 1) {
      const auto& type = state_type_->field(0)->type();
      elements = std::make_shared<arrow::StructArray>(type, offsets.back(), columns);
    }
    return {as_lists(state_type_)({elements}, offsets)};
  }
  array finish(std::span<const std::uint32_t> groups) const override {
    std::vector<std::int32_t> offsets;
    const auto columns = laid_out(groups, offsets);
    return result_(columns, offsets);
  }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const auto g : groups) {
      bytes_ -= rows_[g].bytes();
      rows_[g] = {};
      if (options_.unique) seen_[g] = {};
    }
  }
  std::size_t bytes() const override {
    return rows_.capacity() * sizeof(row_list) + (options_.unique ? bytes_ * 3 + seen_.capacity() * 56 : bytes_);
  }

 private:
  void add(std::uint32_t group, std::string_view row) {
    if (options_.unique && !seen_[group].emplace(row).second) return;
    const auto before = rows_[group].bytes();
    rows_[group].add(row);
    bytes_ += rows_[group].bytes() - before;
  }
  /// The arguments' columns out of the state list's elements.
  std::vector<array> members(const array& elements) const {
    if (codec_.types().size() == 1) return {elements};
    std::vector<array> out;
    const auto& rows = static_cast<const arrow::StructArray&>(*elements);
    for (int m = 0; m < rows.num_fields(); ++m) out.push_back(rows.field(m));
    return out;
  }
  std::vector<array> laid_out(std::span<const std::uint32_t> groups, std::vector<std::int32_t>& offsets) const {
    std::vector<std::string_view> rows;
    offsets.assign(1, 0);
    for (const auto g : groups) {
      rows_[g].for_each([&](std::string_view row) { rows.push_back(row); });
      offsets.push_back(static_cast<std::int32_t>(rows.size()));
    }
    return codec_.decode(rows);
  }

  row_codec codec_;
  collect_options options_;
  collected_result result_;
  data_type state_type_;
  std::vector<row_list> rows_;
  std::vector<std::unordered_set<std::string>> seen_;
  std::size_t bytes_ = 0;
};

}  // namespace

accumulator_ptr make_collected(const std::vector<data_type>& arguments, const collect_options& options,
                               collected_result result) {
  return std::make_unique<collected>(arguments, options, std::move(result));
}

data_type collected_state(const std::vector<data_type>& arguments) {
  if (arguments.size() == 1) return types::list(arguments[0]);
  std::vector<std::pair<std::string, data_type>> members;
  for (std::size_t a = 0; a < arguments.size(); ++a) members.emplace_back("_" + std::to_string(a), arguments[a]);
  return types::list(types::structure(members));
}

collected_result as_lists(const data_type& type) {
  return [type](const std::vector<array>& columns, std::span<const std::int32_t> offsets) -> array {
    const auto bytes = static_cast<std::int64_t>(offsets.size_bytes());
    std::shared_ptr<arrow::Buffer> copy = allocate(bytes);
    std::memcpy(copy->mutable_data(), offsets.data(), static_cast<std::size_t>(bytes));
    return std::make_shared<arrow::ListArray>(type, static_cast<std::int64_t>(offsets.size()) - 1, std::move(copy), columns[0]);
  };
}

}  // namespace flow::aggregates
