#include "plan/window_expressions.hpp"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/util/bit_util.h>

#include "batch/column_buffer.hpp"
#include "flow/error.hpp"

namespace flow::plan {

namespace {

template <class T>
T checked(arrow::Result<T> result) {
  if (!result.ok()) throw error(errc::evaluation_failed, "window(): " + result.status().ToString());
  return result.MoveValueUnsafe();
}

data_type window_type(const data_type& time) { return types::structure({{"start", time}, {"end", time}}); }

// Start of the last window that begins at or before `time`.
std::int64_t last_start(std::int64_t time, std::int64_t slide, std::int64_t start) {
  const auto past = (time - start) % slide;
  return time - (past < 0 ? past + slide : past);
}

std::shared_ptr<arrow::Buffer> allocate_times(std::int64_t values) {
  return allocate(values * static_cast<std::int64_t>(sizeof(std::int64_t)));
}

array windows_of(const data_type& time, std::int64_t length, std::shared_ptr<arrow::Buffer> starts,
                 std::shared_ptr<arrow::Buffer> ends, std::shared_ptr<arrow::Buffer> valid, std::int64_t nulls) {
  auto start = arrow::ArrayData::Make(time, length, {nullptr, std::move(starts)}, 0);
  auto end = arrow::ArrayData::Make(time, length, {nullptr, std::move(ends)}, 0);
  return arrow::MakeArray(
      arrow::ArrayData::Make(window_type(time), length, {std::move(valid)}, {std::move(start), std::move(end)}, nulls));
}

class window_expression : public bound_expression {
 public:
  window_expression(data_type type, bound_ptr time, const window_lengths& lengths, std::string name)
      : bound_expression(std::move(type)), time_(std::move(time)), lengths_(lengths), name_(std::move(name)) {}

  void add_inputs(std::vector<int>& columns) const override { time_->add_inputs(columns); }
  bool deterministic() const override { return time_->deterministic(); }
  std::string to_string() const override {
    return name_ + "(" + time_->to_string() + ", " + flow::to_string(lengths_.size) + ", " + flow::to_string(lengths_.slide) +
           ", " + flow::to_string(lengths_.start) + ")";
  }

 protected:
  struct times {
    array held;
    const std::int64_t* values;
  };
  times evaluate_times(const arrow::RecordBatch& rows, const evaluation_context& context) const {
    auto held = evaluate_array(*time_, rows, context);
    const auto* values = held->data()->GetValues<std::int64_t>(1);
    return {std::move(held), values};
  }
  const data_type& time_type() const { return time_->type(); }
  const window_lengths& lengths() const { return lengths_; }

 private:
  bound_ptr time_;
  window_lengths lengths_;
  std::string name_;
};

std::shared_ptr<arrow::Buffer> validity_of(const arrow::Array& held) {
  if (held.null_count() == 0) return nullptr;
  if (held.offset() == 0) return held.null_bitmap();
  auto bits = checked(arrow::AllocateEmptyBitmap(held.length()));
  for (std::int64_t i = 0; i < held.length(); ++i) arrow::bit_util::SetBitTo(bits->mutable_data(), i, held.IsValid(i));
  return bits;
}

class tumbling_window final : public window_expression {
 public:
  tumbling_window(const bound_ptr& time, const window_lengths& lengths)
      : window_expression(window_type(time->type()), time, lengths, "window_tumbling") {}

  arrow::Datum evaluate(const arrow::RecordBatch& rows, const evaluation_context& context) const override {
    const auto [held, values] = evaluate_times(rows, context);
    const auto count = held->length();
    auto starts = allocate_times(count);
    auto ends = allocate_times(count);
    auto* start = starts->mutable_data_as<std::int64_t>();
    auto* end = ends->mutable_data_as<std::int64_t>();
    const auto size = lengths().size.microseconds;
    const auto offset = lengths().start.microseconds;
    for (std::int64_t i = 0; i < count; ++i) {
      start[i] = last_start(values[i], size, offset);
      end[i] = start[i] + size;
    }
    return windows_of(time_type(), count, std::move(starts), std::move(ends), validity_of(*held), held->null_count());
  }
};

class sliding_windows final : public window_expression {
 public:
  sliding_windows(const bound_ptr& time, const window_lengths& lengths)
      : window_expression(types::list(window_type(time->type())), time, lengths, "window_sliding") {}

  arrow::Datum evaluate(const arrow::RecordBatch& rows, const evaluation_context& context) const override {
    const auto [held, values] = evaluate_times(rows, context);
    const auto count = held->length();
    const auto [size, slide, offset] = lengths();
    const auto most = (size.microseconds + slide.microseconds - 1) / slide.microseconds;
    auto starts = allocate_times(count * most);
    auto ends = allocate_times(count * most);
    auto* start = starts->mutable_data_as<std::int64_t>();
    auto* end = ends->mutable_data_as<std::int64_t>();
    auto offsets = allocate((count + 1) * static_cast<std::int64_t>(sizeof(std::int32_t)));
    auto* bound = offsets->mutable_data_as<std::int32_t>();
    std::int32_t made = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      bound[i] = made;
      if (held->IsNull(i)) continue;
      const auto last = last_start(values[i], slide.microseconds, offset.microseconds);
      for (auto k = most - 1; k >= 0; --k) {
        const auto from = last - k * slide.microseconds;
        if (from + size.microseconds <= values[i]) continue;
        start[made] = from;
        end[made++] = from + size.microseconds;
      }
    }
    bound[count] = made;
    auto windows = windows_of(time_type(), made, std::move(starts), std::move(ends), nullptr, 0);
    return arrow::MakeArray(
        arrow::ArrayData::Make(type(), count, {validity_of(*held), std::move(offsets)}, {windows->data()}, held->null_count()));
  }
};

}  // namespace

bound_ptr bind_tumbling_window(bound_ptr time, const window_lengths& lengths) {
  return std::make_shared<tumbling_window>(time, lengths);
}

bound_ptr bind_sliding_windows(bound_ptr time, const window_lengths& lengths) {
  return std::make_shared<sliding_windows>(time, lengths);
}

}  // namespace flow::plan
