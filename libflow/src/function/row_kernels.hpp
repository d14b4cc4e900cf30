#pragma once

#include <array>
#include <span>
#include <tuple>
#include <utility>

#include <arrow/buffer_builder.h>

#include "batch/arrow_status.hpp"
#include "batch/column_buffer.hpp"
#include "flow/function_catalog.hpp"
#include "function/readers.hpp"

/// Kernels made from a function of one row's values. A null argument makes the row null; the loop over rows is compiled for
/// the function, so a row costs no call. A result of std::optional adds nulls of its own.
namespace flow {

/// A bitmap of the rows where no argument is null, or no buffer when none is; `all_null` when a constant argument is null.
struct row_validity {
  std::shared_ptr<arrow::Buffer> bits;
  std::int64_t null_count = 0;
  bool all_null = false;

  bool valid(std::int64_t row) const { return !bits || arrow::bit_util::GetBit(bits->data(), row); }
};
row_validity combine_validity(std::span<const arrow::Datum> arguments, std::int64_t rows);

/// `rows` rows of null.
std::shared_ptr<arrow::Array> all_null(const data_type& type, std::int64_t rows);
/// A column of a fixed-width type from its buffers.
std::shared_ptr<arrow::ArrayData> fixed_data(const data_type& type, std::int64_t rows, std::shared_ptr<arrow::Buffer> values,
                                             row_validity validity);

/// Null flags being written; starts with those of the arguments.
class validity_writer {
 public:
  validity_writer(row_validity start, std::int64_t rows) : state_(std::move(start)), rows_(rows) {}

  bool valid(std::int64_t row) const { return state_.valid(row); }
  void set_null(std::int64_t row);
  row_validity finish() {
    if (owned_) state_.null_count = arrow::kUnknownNullCount;
    return std::move(state_);
  }

 private:
  row_validity state_;
  std::int64_t rows_;
  bool owned_ = false;
};

/// A STRING or BINARY column being written, one row after another.
class string_sink {
 public:
  string_sink(std::int64_t rows, std::int64_t bytes);

  void append(std::string_view text) {
    if (capacity_ - size_ < static_cast<std::int64_t>(text.size())) grow(static_cast<std::int64_t>(text.size()));
    std::memcpy(bytes_ + size_, text.data(), text.size());
    size_ += static_cast<std::int64_t>(text.size());
  }
  void push(char c) {
    if (size_ == capacity_) grow(1);
    bytes_[size_++] = c;
  }
  /// Ends the current row.
  void next() {
    ++row_;
    if (size_ > std::numeric_limits<std::int32_t>::max()) refuse_size();
    offsets_[row_] = static_cast<std::int32_t>(size_);
  }
  /// The bytes of the current row so far.
  std::string_view current() const { return {bytes_ + offsets_[row_], static_cast<std::size_t>(size_ - offsets_[row_])}; }
  void truncate_current(std::size_t length) { size_ = offsets_[row_] + static_cast<std::int64_t>(length); }
  /// The rows written. Unused once called.
  std::shared_ptr<arrow::Array> finish(const data_type& type, row_validity validity);

 private:
  void grow(std::int64_t more);
  [[noreturn]] static void refuse_size();

  std::shared_ptr<arrow::ResizableBuffer> buffer_;
  std::shared_ptr<arrow::Buffer> offsets_buffer_;
  char* bytes_ = nullptr;
  std::int32_t* offsets_ = nullptr;
  std::int64_t size_ = 0;
  std::int64_t capacity_ = 0;
  std::int64_t row_ = 0;
};

namespace detail {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class Out, class F, class... In>
std::shared_ptr<arrow::ArrayData> map_fixed(F& f, const data_type& type, std::int64_t rows, row_validity validity,
                                            const reader<In>&... in) {
  using result = std::invoke_result_t<F&, In...>;
  auto buffer = allocate(rows * static_cast<std::int64_t>(sizeof(Out)));
  auto* out = reinterpret_cast<Out*>(buffer->mutable_data());
  if constexpr (is_optional<result>::value) {
    validity_writer nulls(std::move(validity), rows);
    for (std::int64_t i = 0; i < rows; ++i) {
      out[i] = Out{};
      if (!nulls.valid(i)) continue;
      if (const auto value = f(in[i]...)) {
        out[i] = static_cast<Out>(*value);
      } else {
        nulls.set_null(i);
      }
    }
    return fixed_data(type, rows, std::move(buffer), nulls.finish());
  } else {
    for (std::int64_t i = 0; i < rows; ++i) out[i] = static_cast<Out>(f(in[i]...));
    return fixed_data(type, rows, std::move(buffer), std::move(validity));
  }
}

template <class F, class... In>
std::shared_ptr<arrow::ArrayData> map_bits(F& f, const data_type& type, std::int64_t rows, row_validity validity,
                                           const reader<In>&... in) {
  auto buffer = allocate(arrow::bit_util::BytesForBits(rows));
  auto* out = buffer->mutable_data();
  std::memset(out, 0, static_cast<std::size_t>(buffer->size()));
  if constexpr (is_optional<std::invoke_result_t<F&, In...>>::value) {
    validity_writer nulls(std::move(validity), rows);
    for (std::int64_t i = 0; i < rows; ++i) {
      if (!nulls.valid(i)) continue;
      const auto value = f(in[i]...);
      if (!value) nulls.set_null(i);
      if (value && *value) arrow::bit_util::SetBit(out, i);
    }
    return fixed_data(type, rows, std::move(buffer), nulls.finish());
  } else {
    std::int64_t i = 0;
    for (; i + 8 <= rows; i += 8) {
      unsigned byte = 0;
      for (int k = 0; k < 8; ++k) byte |= (f(in[i + k]...) ? 1u : 0u) << k;
      out[i / 8] = static_cast<std::uint8_t>(byte);
    }
    for (; i < rows; ++i) {
      if (f(in[i]...)) arrow::bit_util::SetBit(out, i);
    }
    return fixed_data(type, rows, std::move(buffer), std::move(validity));
  }
}

}  // namespace detail

/// A kernel whose result of C++ type Out (of SQL type `type`) is f(In...) row by row; Out is a number, Decimal128 or bool.
/// f returning a plain value is called for null rows too (its result is not seen), so it must bear any value.
template <class Out, class... In, class F>
scalar_kernel map_values(data_type type, F f) {
  return [type = std::move(type), f](std::span<const arrow::Datum> arguments, std::int64_t rows,
                                     const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(arguments, rows);
    if (validity.all_null) return all_null(type, rows);
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> arrow::Datum {
      auto fn = f;
      if constexpr (std::is_same_v<Out, bool>) {
        return detail::map_bits<decltype(fn), In...>(fn, type, rows, std::move(validity), reader<In>(arguments[I])...);
      } else {
        return detail::map_fixed<Out, decltype(fn), In...>(fn, type, rows, std::move(validity), reader<In>(arguments[I])...);
      }
    }(std::index_sequence_for<In...>{});
  };
}

/// A kernel that writes a STRING or BINARY: f(string_sink&, In...) appends the row's bytes; returning false makes it null.
template <class... In, class F>
scalar_kernel map_text(data_type type, F f) {
  return [type = std::move(type), f](std::span<const arrow::Datum> arguments, std::int64_t rows,
                                     const evaluation_context&) -> arrow::Datum {
    auto validity = combine_validity(arguments, rows);
    if (validity.all_null) return all_null(type, rows);
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> arrow::Datum {
      auto fn = f;  // NOLINT(performance-unnecessary-copy-initialization): some keep a buffer from row to row.
      const std::tuple<reader<In>...> in{reader<In>(arguments[I])...};
      string_sink out(rows, rows * 16);
      validity_writer nulls(std::move(validity), rows);
      for (std::int64_t i = 0; i < rows; ++i) {
        if (nulls.valid(i)) {
          if constexpr (std::is_same_v<std::invoke_result_t<F&, string_sink&, In...>, bool>) {
            if (!fn(out, std::get<I>(in)[i]...)) {
              out.truncate_current(0);
              nulls.set_null(i);
            }
          } else {
            fn(out, std::get<I>(in)[i]...);
          }
        }
        out.next();
      }
      return out.finish(type, nulls.finish());
    }(std::index_sequence_for<In...>{});
  };
}

}  // namespace flow
