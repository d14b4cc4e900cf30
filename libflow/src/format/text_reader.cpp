#include <cstring>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "flow/format_reader.hpp"
#include "format/format_option.hpp"
#include "format/line_scanner.hpp"

namespace flow {
namespace {

const schema_ptr& text_schema() {
  static const schema_ptr schema = arrow::schema({arrow::field("value", arrow::utf8())});
  return schema;
}

std::shared_ptr<arrow::Buffer> allocate(std::int64_t bytes) {
  auto made = arrow::AllocateBuffer(bytes);
  if (!made.ok())
    throw error(errc::query_failed, "no memory for " + std::to_string(bytes) + " bytes of text: " + made.status().message());
  return std::move(made).ValueUnsafe();
}

/// Copies a short line in whole vectors: both sides have line_padding bytes behind them.
void copy_line(char* to, const char* from, std::size_t length) {
  if (length <= line_padding) {
    std::memcpy(to, from, line_padding);
  } else {
    std::memcpy(to, from, length);
  }
}

/// Lines as the values and offsets of one string column.
class text_reader final : public format_reader {
 public:
  text_reader(line_scanner lines, bool whole, bool projected) : lines_(std::move(lines)), whole_(whole), projected_(projected) {
    // Spark's lines begin behind the mark; a whole file is all its bytes, and an empty one no row.
    if (whole_) lines_.keep_byte_order_mark();
  }

  bool read(const read_budget& budget, batch& out) override {
    out = nullptr;
    if (!projected_) return count_rows(budget, out);
    // A line longer than the byte budget still makes a batch of its own.
    const auto capacity = static_cast<std::size_t>(std::max<std::int64_t>(budget.bytes, 1));
    offsets_.clear();
    offsets_.push_back(0);
    std::shared_ptr<arrow::Buffer> values;
    std::size_t used = 0, room = 0;
    bool checked = true;
    std::string_view line;
    while (static_cast<std::int64_t>(offsets_.size()) <= budget.rows && next(line, used, capacity)) {
      if (values == nullptr || used + line.size() > room) {
        const auto wanted = std::min(capacity, std::max(room * 2, likely_bytes_));
        values = enlarged(values, used, room, std::max(wanted, used + line.size()));
      }
      copy_line(reinterpret_cast<char*>(values->mutable_data()) + used, line.data(), line.size());
      used += line.size();
      checked = checked && lines_.checked();
      offsets_.push_back(static_cast<std::int32_t>(used));
    }
    const auto rows = static_cast<std::int64_t>(offsets_.size()) - 1;
    if (rows == 0) return false;
    likely_bytes_ = used + used / 8 + 4096;
    out = make_batch(std::move(values), used, rows, checked);
    return true;
  }

  std::int64_t position() const override { return held_ ? held_at_ : lines_.position(); }

 private:
  bool take(std::string_view& line) { return whole_ ? lines_.whole(line) && !line.empty() : lines_.next(line); }

  /// The next line that fits; one that does not is held back for the next batch.
  bool next(std::string_view& line, std::size_t used, std::size_t capacity) {
    if (held_) {
      line = held_line_;
      held_ = false;
      return true;
    }
    const auto before = lines_.position();
    if (!take(line)) return false;
    if (line.size() > std::size_t{1} << 30)
      throw error(errc::malformed_data, "\"" + lines_.name() + "\" has a line of more than 1 GiB");
    if (used == 0 || used + line.size() <= capacity) return true;
    held_ = true;
    held_line_ = line;
    held_at_ = before;
    return false;
  }

  static std::shared_ptr<arrow::Buffer> enlarged(const std::shared_ptr<arrow::Buffer>& old, std::size_t used, std::size_t& room,
                                                 std::size_t wanted) {
    auto made = allocate(static_cast<std::int64_t>(wanted + line_padding));
    if (used > 0) std::memcpy(made->mutable_data(), old->data(), used);
    room = wanted;
    return made;
  }

  batch make_batch(std::shared_ptr<arrow::Buffer> values, std::size_t used, std::int64_t rows, bool checked) {
    const std::string_view bytes(reinterpret_cast<const char*>(values->data()), used);
    if (!checked && !valid_utf8(bytes)) return repaired_batch(bytes, rows);
    auto offsets = allocate(static_cast<std::int64_t>(offsets_.size() * sizeof(std::int32_t)));
    std::memcpy(offsets->mutable_data(), offsets_.data(), offsets_.size() * sizeof(std::int32_t));
    auto held = arrow::SliceBuffer(std::move(values), 0, static_cast<std::int64_t>(used));
    return arrow::RecordBatch::Make(
        text_schema(), rows, {std::make_shared<arrow::StringArray>(rows, std::move(offsets), std::move(held), nullptr, 0)});
  }

  batch repaired_batch(std::string_view bytes, std::int64_t rows) const {
    arrow::StringBuilder builder;
    for (std::size_t i = 0; i + 1 < offsets_.size(); ++i) {
      const auto from = static_cast<std::size_t>(offsets_[i]), to = static_cast<std::size_t>(offsets_[i + 1]);
      const auto added = builder.Append(repaired_utf8(bytes.substr(from, to - from)));
      if (!added.ok()) throw error(errc::query_failed, added.message());
    }
    auto made = builder.Finish();
    if (!made.ok()) throw error(errc::query_failed, made.status().message());
    return arrow::RecordBatch::Make(text_schema(), rows, {made.ValueUnsafe()});
  }

  bool count_rows(const read_budget& budget, batch& out) {
    std::int64_t rows = 0;
    std::string_view line;
    const auto begin = lines_.position();
    while (rows < budget.rows && lines_.position() - begin < budget.bytes && take(line)) ++rows;
    if (rows > 0) out = arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector{}), rows, arrow::ArrayVector{});
    return rows > 0;
  }

  line_scanner lines_;
  bool whole_;
  bool projected_;
  std::vector<std::int32_t> offsets_;
  std::size_t likely_bytes_ = 64u << 10;  ///< Of the next batch, from the last one.
  bool held_ = false;
  std::string_view held_line_;
  std::int64_t held_at_ = 0;
};

class text final : public file_format {
 public:
  explicit text(const options& settings)
      : whole_(settings.boolean("wholetext", false)), separator_(read_line_separator(settings)) {
    check_encoding(settings);
  }

  std::string_view name() const override { return "text"; }
  schema_ptr schema() const override { return text_schema(); }
  schema_ptr infer(const std::vector<input_opener>&) const override { return text_schema(); }
  std::shared_ptr<const file_format> with_schema(schema_ptr) const override { return std::make_shared<text>(*this); }
  bool divisible() const override { return !whole_ && separator_.size() <= 1; }
  std::unique_ptr<format_reader> open(std::unique_ptr<byte_input> input, byte_range range,
                                      const std::vector<int>& columns) const override {
    return std::make_unique<text_reader>(line_scanner(std::move(input), range, separator_, range.begin == 0), whole_,
                                         !columns.empty());
  }
  std::unique_ptr<format_reader> resume(std::unique_ptr<byte_input> input, std::int64_t position, std::int64_t end,
                                        const std::vector<int>& columns) const override {
    return std::make_unique<text_reader>(line_scanner(std::move(input), {position, end}, separator_, true), whole_,
                                         !columns.empty());
  }

 private:
  bool whole_;
  std::string separator_;
};

}  // namespace

file_format_ptr text_format(const options& settings) { return std::make_shared<text>(settings); }

}  // namespace flow
