#include <bit>
#include <algorithm>
#include <cstring>

#include <arrow/api.h>
#include <re2/re2.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "flow/error.hpp"
#include "function/regular_expression.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

/// A list of text being written: bytes of all pieces end to end, offsets of pieces, offsets of lists.
struct text_lists {
  std::shared_ptr<arrow::Buffer> lists, pieces, bytes;
  std::int64_t rows = 0;
  std::int64_t piece_count = 0;

  arrow::Datum finish(row_validity validity) && {
    auto text = arrow::ArrayData::Make(types::string(), piece_count, {nullptr, std::move(pieces), std::move(bytes)}, 0);
    static const data_type type = types::list(types::string());
    return arrow::ArrayData::Make(type, rows, {std::move(validity.bits), std::move(lists)}, {std::move(text)},
                                  validity.null_count);
  }
};

/// Splits rows at one byte. Whole blocks are searched for it at once, and pieces are copied 16 bytes at a time into one buffer
/// with room to spare, so that a short piece costs neither a call nor a branch on its length.
class byte_splitter {
 public:
  byte_splitter(const arrow::Datum& text, char separator, std::int64_t rows) : separator_(separator), rows_(rows) {
    const auto& data = *text.array();
    offsets_ = data.GetValues<std::int32_t>(1);
    if (data.buffers[2]) {
      bytes_ = reinterpret_cast<const char*>(data.buffers[2]->data());
      readable_ = bytes_ + data.buffers[2]->capacity();
    }
  }

  text_lists run(const row_validity& validity) {
    const auto total = offsets_[rows_] - offsets_[0];
    const auto most = std::count(bytes_ + offsets_[0], bytes_ + offsets_[rows_], separator_) + rows_;
    text_lists out{allocate((rows_ + 1) * 4), allocate((most + 1) * 4), nullptr, rows_, 0};
    auto bytes = check(arrow::AllocateResizableBuffer(total + slack));
    base_ = to_ = reinterpret_cast<char*>(bytes->mutable_data());
    auto* const first = reinterpret_cast<std::int32_t*>(out.pieces->mutable_data());
    piece_ = first;
    *piece_++ = 0;
    auto* lists = reinterpret_cast<std::int32_t*>(out.lists->mutable_data());
    lists[0] = 0;
    for (std::int64_t i = 0; i < rows_; ++i) {
      if (validity.valid(i)) split_row(bytes_ + offsets_[i], bytes_ + offsets_[i + 1]);
      lists[i + 1] = static_cast<std::int32_t>(piece_ - first - 1);
    }
    out.piece_count = piece_ - first - 1;
    check(bytes->Resize(to_ - base_, false));
    out.bytes = std::move(bytes);
    return out;
  }

 private:
  static constexpr std::int64_t slack = 64;

  void end_piece() { *piece_++ = static_cast<std::int32_t>(to_ - base_); }

  void copy(const char* from, std::size_t length) {
    std::memcpy(to_, from, length);
    to_ += length;
  }

  void split_slowly(const char* from, const char* end) {
    for (const char* p = from; p != end; ++p) {
      if (*p != separator_) continue;
      copy(from, static_cast<std::size_t>(p - from));
      end_piece();
      from = p + 1;
    }
    copy(from, static_cast<std::size_t>(end - from));
    end_piece();
  }

#if defined(__SSE2__)
  /// `from` has 16 readable bytes behind its end, the output has too.
  void copy_ahead(const char* from, std::size_t length) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to_), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    if (length > 16) std::memcpy(to_ + 16, from + 16, length - 16);
    to_ += length;
  }

  std::uint64_t separators_in(const char* block) const {
    const auto wanted = _mm_set1_epi8(separator_);
    std::uint64_t found = 0;
    for (int part = 0; part < 4; ++part) {
      const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 16 * part));
      const auto hits = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)));
      found |= static_cast<std::uint64_t>(hits) << (16 * part);
    }
    return found;
  }

  void split_row(const char* from, const char* end) {
    if (readable_ - end < 64) return split_slowly(from, end);
    for (const char* block = from; block < end; block += 64) {
      auto found = separators_in(block);
      if (end - block < 64) found &= (std::uint64_t{1} << (end - block)) - 1;
      for (; found != 0; found &= found - 1) {
        const char* at = block + std::countr_zero(found);
        copy_ahead(from, static_cast<std::size_t>(at - from));
        end_piece();
        from = at + 1;
      }
    }
    copy_ahead(from, static_cast<std::size_t>(end - from));
    end_piece();
  }
#else
  void split_row(const char* from, const char* end) { split_slowly(from, end); }
#endif

  char separator_;
  std::int64_t rows_;
  const std::int32_t* offsets_ = nullptr;
  const char* bytes_ = "";
  const char* readable_ = nullptr;
  char* base_ = nullptr;
  char* to_ = nullptr;
  std::int32_t* piece_ = nullptr;
};

/// Splits row by row with any rule: `split(text, piece)` calls `piece` for each.
template <class Split>
arrow::Datum split_rows(std::span<const arrow::Datum> arguments, std::int64_t rows, Split split) {
  auto validity = combine_validity(arguments, rows);
  static const data_type type = types::list(types::string());
  if (validity.all_null) return all_null(type, rows);
  const reader<std::string_view> text(arguments[0]);
  arrow::StringBuilder pieces;
  arrow::TypedBufferBuilder<std::int32_t> lists;
  check(lists.Append(0));
  for (std::int64_t i = 0; i < rows; ++i) {
    if (validity.valid(i)) split(i, text[i], [&](std::string_view piece) { check(pieces.Append(piece)); });
    check(lists.Append(static_cast<std::int32_t>(pieces.length())));
  }
  const auto children = check(pieces.Finish());
  return arrow::ArrayData::Make(type, rows, {std::move(validity.bits), check(lists.Finish())}, {children->data()},
                                validity.null_count);
}

/// Pieces between occurrences of a plain text, at most `limit` of them when that is positive.
template <class Piece>
void split_plain(std::string_view text, std::string_view separator, std::int32_t limit, Piece piece) {
  std::int32_t made = 1;
  while (limit <= 0 || made < limit) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) break;
    piece(text.substr(0, at));
    text.remove_prefix(at + separator.size());
    ++made;
  }
  piece(text);
}

/// Pieces between matches of a pattern, as Java's String.split: an empty match at the start makes no piece.
template <class Piece>
void split_pattern(std::string_view text, const RE2& pattern, std::int32_t limit, Piece piece) {
  std::size_t start = 0;
  std::int32_t made = 1;
  for_each_match(pattern, text, 1, [&](std::span<const re2::StringPiece> groups) {
    if (limit > 0 && made >= limit) return false;
    const auto at = static_cast<std::size_t>(groups[0].data() - text.data());
    const auto end = at + groups[0].size();
    if (end == 0 || (groups[0].empty() && at >= text.size())) return true;
    piece(text.substr(start, at - start));
    start = end;
    ++made;
    return true;
  });
  piece(text.substr(start));
}

/// Every character by itself.
template <class Piece>
void split_characters(std::string_view text, std::int32_t limit, Piece piece) {
  if (text.empty()) return piece(text);
  for (std::int32_t made = 1; !text.empty(); ++made) {
    std::size_t length = 1;
    while (length < text.size() && (text[length] & 0xC0) == 0x80) ++length;
    if (limit > 0 && made == limit) length = text.size();
    piece(text.substr(0, length));
    text.remove_prefix(length);
  }
}

scalar_kernel constant_split(const std::string& pattern, std::int32_t limit) {
  const auto plain = plain_text(pattern);
  if (plain && plain->size() == 1 && limit <= 0) {
    return [separator = (*plain)[0]](std::span<const arrow::Datum> arguments, std::int64_t rows,
                                     const evaluation_context&) -> arrow::Datum {
      if (arguments[0].is_scalar()) {
        return split_rows(arguments, rows, [&](std::int64_t, std::string_view text, auto piece) {
          split_plain(text, std::string_view(&separator, 1), -1, piece);
        });
      }
      auto validity = combine_validity(arguments, rows);
      if (validity.all_null) return all_null(types::list(types::string()), rows);
      auto pieces = byte_splitter(arguments[0], separator, rows).run(validity);
      return std::move(pieces).finish(std::move(validity));
    };
  }
  if (plain) {
    return [separator = *plain, limit](std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) {
      return split_rows(arguments, rows, [&](std::int64_t, std::string_view text, auto piece) {
        if (separator.empty()) return split_characters(text, limit, piece);
        split_plain(text, separator, limit, piece);
      });
    };
  }
  return [compiled = lazy_expression(pattern), limit](std::span<const arrow::Datum> arguments, std::int64_t rows,
                                                      const evaluation_context&) {
    // A bad pattern is no failure where there is no text.
    const RE2* expression = nullptr;
    return split_rows(arguments, rows, [&](std::int64_t, std::string_view text, auto piece) {
      if (expression == nullptr) expression = &compiled();
      split_pattern(text, *expression, limit, piece);
    });
  };
}

/// The pattern or the limit differs by row.
arrow::Datum varying_split(std::span<const arrow::Datum> arguments, std::int64_t rows, const evaluation_context&) {
  const reader<std::string_view> patterns(arguments[1]);
  const reader<std::int32_t> limits(arguments[2]);
  expression_cache cache;
  return split_rows(arguments, rows, [&](std::int64_t i, std::string_view text, auto piece) {
    if (patterns[i].empty()) return split_characters(text, limits[i], piece);
    split_pattern(text, cache.get(patterns[i]), limits[i], piece);
  });
}

scalar_binding bind_split(bound_list arguments) {
  if (arguments.size() < 3) arguments.push_back(bind_literal(std::make_shared<arrow::Int32Scalar>(-1)));
  const auto pattern = constant_text(*arguments[1]);
  const auto limit = arguments[2]->constant();
  const auto type = types::list(types::string());
  if (pattern && limit && limit->is_valid) {
    auto kernel = constant_split(*pattern, static_cast<const arrow::Int32Scalar&>(*limit).value);
    return {{arguments[0]}, type, std::move(kernel), true};
  }
  return {std::move(arguments), type, varying_split, true};
}

bool split_part(string_sink& out, std::string_view text, std::string_view separator, std::int32_t n) {
  if (n == 0)
    throw error(errc::evaluation_failed, "split_part: part 0 was asked for; parts count from 1, or from the end by -1");
  std::vector<std::string_view> parts;
  if (separator.empty()) {
    parts.push_back(text);
  } else {
    split_plain(text, separator, -1, [&](std::string_view piece) { parts.push_back(piece); });
  }
  const auto count = static_cast<std::int32_t>(parts.size());
  const auto index = n > 0 ? n - 1 : count + n;
  if (index >= 0 && index < count) out.append(parts[static_cast<std::size_t>(index)]);
  return true;
}

/// Splits by the pattern last asked for.
class text_splitter {
 public:
  template <class Piece>
  void split(std::string_view text, std::string_view pattern, std::int32_t limit, Piece piece) {
    if (!read_ || pattern != pattern_) {
      plain_ = plain_text(pattern);
      if (!plain_) compiled_ = compile_expression(pattern);
      pattern_ = pattern;
      read_ = true;
    }
    if (!plain_) return split_pattern(text, *compiled_, limit, piece);
    plain_->empty() ? split_characters(text, limit, piece) : split_plain(text, *plain_, limit, piece);
  }

 private:
  bool read_ = false;
  std::string pattern_;
  std::optional<std::string> plain_;
  std::unique_ptr<const RE2> compiled_;
};

bound_ptr text_literal(std::string_view text) { return bind_literal(std::make_shared<arrow::StringScalar>(std::string(text))); }

scalar_binding bind_str_to_map(bound_list a) {
  if (a.size() < 2) a.push_back(text_literal(","));
  if (a.size() < 3) a.push_back(text_literal(":"));
  const auto type = types::map(types::string(), types::string());
  auto kernel = [type](std::span<const arrow::Datum> v, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
    const auto validity = combine_validity(v, rows);
    if (validity.all_null) return all_null(type, rows);
    const reader<std::string_view> texts(v[0]), entry_ends(v[1]), key_ends(v[2]);
    text_splitter entries, keys;
    arrow::MapBuilder out(arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>(),
                          std::make_shared<arrow::StringBuilder>(), type);
    auto& key_out = static_cast<arrow::StringBuilder&>(*out.key_builder());
    auto& item_out = static_cast<arrow::StringBuilder&>(*out.item_builder());
    std::vector<std::string_view> seen, parts;
    for (std::int64_t i = 0; i < rows; ++i) {
      if (!validity.valid(i)) {
        check(out.AppendNull());
        continue;
      }
      check(out.Append());
      seen.clear();
      entries.split(texts[i], entry_ends[i], -1, [&](std::string_view entry) {
        parts.clear();
        keys.split(entry, key_ends[i], 2, [&](std::string_view part) { parts.push_back(part); });
        if (std::find(seen.begin(), seen.end(), parts[0]) != seen.end())
          throw error(errc::evaluation_failed, "str_to_map: the key '" + std::string(parts[0]) + "' occurs twice");
        seen.push_back(parts[0]);
        check(key_out.Append(parts[0]));
        check(parts.size() > 1 ? item_out.Append(parts[1]) : item_out.AppendNull());
      });
    }
    return check(out.Finish());
  };
  return {std::move(a), type, kernel, true};
}

}  // namespace

void register_split(function_catalog& c) {
  using enum accepts;
  define(
      c,
      {"split", "split(str, regex [, limit])", "The pieces of a text between matches of a pattern; trailing empty ones stay."},
      takes({text, text, integer}, 2), bind_split);
  define(c,
         {"split_part", "split_part(str, delimiter, n)", "The n-th piece (from 1, or from the end by -1) between delimiters."},
         takes({text, text, integer}), types::string(),
         map_text<std::string_view, std::string_view, std::int32_t>(types::string(), split_part));
  define(
      c,
      {"str_to_map", "str_to_map(str [, entry_end [, key_end]])",
       "A map of entries between matches of a pattern (','), keys cut from values at another's (':'); fails on repeated keys."},
      takes({accepts::plain_text, accepts::plain_text, accepts::plain_text}, 1), bind_str_to_map);
}

}  // namespace flow
