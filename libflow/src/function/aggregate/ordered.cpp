#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <arrow/api.h>

#include "flow/row_codec.hpp"
#include "function/aggregate/accumulators.hpp"
#include "batch/arrow_status.hpp"
#include "row/encoded_order.hpp"

/// Results that need a group's values in order: percentiles, mode, joined text.
namespace flow::aggregates {
namespace {

using offsets_span = std::span<const std::int32_t>;

bool less(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

/// Calls visit(first, last) with the rows of each group.
template <class F>
void for_each_group(offsets_span offsets, F visit) {
  for (std::size_t g = 0; g + 1 < offsets.size(); ++g) visit(offsets[g], offsets[g + 1]);
}

/// A group's values with how often each occurs: columns[1], if there, is the frequency.
std::vector<std::pair<double, std::int64_t>> weighted(const std::vector<array>& columns, std::int32_t from, std::int32_t to,
                                                      bool descending) {
  const auto& values = static_cast<const arrow::DoubleArray&>(*columns[0]);
  std::vector<std::pair<double, std::int64_t>> out;
  for (auto i = from; i < to; ++i) {
    std::int64_t times = 1;
    if (columns.size() > 1) {
      const auto& counts = static_cast<const arrow::Int64Array&>(*columns[1]);
      times = counts.IsNull(i) ? 0 : counts.Value(i);
    }
    if (times > 0) out.emplace_back(values.Value(i), times);
  }
  std::sort(out.begin(), out.end(),
            [&](const auto& a, const auto& b) { return descending ? less(b.first, a.first) : less(a.first, b.first); });
  std::int64_t total = 0;
  for (auto& [value, count] : out) count = total += count;
  return out;
}

/// The value at a 0-based rank, of values with running counts.
double at_rank(const std::vector<std::pair<double, std::int64_t>>& ranked, std::int64_t rank) {
  return std::upper_bound(ranked.begin(), ranked.end(), rank, [](std::int64_t r, const auto& v) { return r < v.second; })
      ->first;
}

double percentile(const std::vector<std::pair<double, std::int64_t>>& ranked, double percentage) {
  const auto position = static_cast<double>(ranked.back().second - 1) * percentage;
  const auto lower = std::floor(position), higher = std::ceil(position);
  const auto low = at_rank(ranked, static_cast<std::int64_t>(lower));
  if (lower == higher) return low;
  const auto high = at_rank(ranked, static_cast<std::int64_t>(higher));
  return low == high ? low : (higher - position) * low + (position - lower) * high;
}

byte_rows encode(const array& column) {
  byte_rows out;
  row_codec({column->type()}).encode(std::span(&column, 1), column->length(), out);
  return out;
}

/// Rows from..to in order of the column's values.
std::vector<std::int32_t> sorted_rows(const arrow::DataType& type, const byte_rows& encoded, std::int32_t from, std::int32_t to,
                                      bool descending) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(to - from));
  std::iota(order.begin(), order.end(), from);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    const int c = row::compare_encoded(type, encoded[static_cast<std::size_t>(a)], encoded[static_cast<std::size_t>(b)]);
    return descending ? c > 0 : c < 0;
  });
  return order;
}

/// A column that rows are sorted by.
class sort_key {
 public:
  sort_key(array values, sort_direction direction)
      : values_(std::move(values)), encoded_(encode(values_)), direction_(direction) {}

  int compare(std::int32_t a, std::int32_t b) const {
    const bool a_null = values_->IsNull(a), b_null = values_->IsNull(b);
    if (a_null || b_null) return a_null && b_null ? 0 : a_null == direction_.nulls_first ? -1 : 1;
    const int order =
        row::compare_encoded(*values_->type(), encoded_[static_cast<std::size_t>(a)], encoded_[static_cast<std::size_t>(b)]);
    return direction_.descending ? -order : order;
  }

 private:
  array values_;
  byte_rows encoded_;
  sort_direction direction_;
};

/// Rows from..to sorted by the keys; rows that are equal to all of them, and all rows where there are none, as they came.
std::vector<std::int32_t> sorted_rows(const std::vector<sort_key>& keys, std::int32_t from, std::int32_t to) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(to - from));
  std::iota(order.begin(), order.end(), from);
  if (keys.empty()) return order;
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    for (const auto& key : keys) {
      if (const int c = key.compare(a, b); c != 0) return c < 0;
    }
    return false;
  });
  return order;
}

/// The rows at `chosen`, null where negative.
array pick(const data_type& type, const byte_rows& encoded, const std::vector<std::int32_t>& chosen) {
  static constexpr char null[] = {2};
  std::vector<std::string_view> rows;
  for (const auto i : chosen) rows.push_back(i < 0 ? std::string_view(null, 1) : encoded[static_cast<std::size_t>(i)]);
  return row_codec({type}).decode(rows)[0];
}

/// Values, `each` to a group, as lists; a group of `empty` is null.
array lists_of(const array& values, std::size_t each, const std::vector<bool>& empty) {
  std::vector<std::int32_t> lengths{0};
  auto type = collected_state({values->type()});
  std::shared_ptr<arrow::Buffer> validity = check(arrow::AllocateEmptyBitmap(static_cast<std::int64_t>(empty.size())));
  std::int64_t nulls = 0;
  for (std::size_t g = 0; g < empty.size(); ++g) {
    lengths.push_back(lengths.back() + static_cast<std::int32_t>(each));
    if (empty[g])
      ++nulls;
    else
      arrow::bit_util::SetBit(validity->mutable_data(), static_cast<std::int64_t>(g));
  }
  const auto lists = as_lists(type)({values}, lengths);
  const auto& data = *lists->data();
  return arrow::MakeArray(arrow::ArrayData::Make(type, data.length, {validity, data.buffers[1]}, data.child_data, nulls));
}

}  // namespace

collected_result percentile_result(std::vector<double> percentages, bool array_result, bool descending) {
  return [=](const std::vector<array>& columns, offsets_span offsets) -> array {
    arrow::DoubleBuilder out;
    std::vector<bool> empty;
    for_each_group(offsets, [&](std::int32_t from, std::int32_t to) {
      const auto ranked = weighted(columns, from, to, descending);
      empty.push_back(ranked.empty());
      for (const auto p : percentages) check(ranked.empty() ? out.AppendNull() : out.Append(percentile(ranked, p)));
    });
    auto values = check(out.Finish());
    return array_result ? lists_of(values, percentages.size(), empty) : values;
  };
}

collected_result percentile_pick_result(std::vector<double> percentages, bool array_result, const data_type& type,
                                        bool descending) {
  return [=](const std::vector<array>& columns, offsets_span offsets) -> array {
    const auto encoded = encode(columns[0]);
    std::vector<std::int32_t> chosen;
    std::vector<bool> empty;
    for_each_group(offsets, [&](std::int32_t from, std::int32_t to) {
      const auto order = sorted_rows(*type, encoded, from, to, descending);
      empty.push_back(order.empty());
      for (const auto p : percentages) {
        const auto rank =
            std::max<std::int64_t>(static_cast<std::int64_t>(std::ceil(p * static_cast<double>(order.size()))) - 1, 0);
        chosen.push_back(order.empty() ? -1 : order[static_cast<std::size_t>(rank)]);
      }
    });
    auto values = pick(type, encoded, chosen);
    return array_result ? lists_of(values, percentages.size(), empty) : values;
  };
}

collected_result mode_result(const data_type& type, bool descending) {
  return [type, descending](const std::vector<array>& columns, offsets_span offsets) -> array {
    const auto encoded = encode(columns[0]);
    std::vector<std::int32_t> chosen;
    for_each_group(offsets, [&](std::int32_t from, std::int32_t to) {
      const auto order = sorted_rows(*type, encoded, from, to, descending);
      std::int32_t best = -1;
      std::size_t most = 0;
      for (std::size_t i = 0; i < order.size();) {
        auto end = i + 1;
        while (end < order.size() &&
               encoded[static_cast<std::size_t>(order[end])] == encoded[static_cast<std::size_t>(order[i])])
          ++end;
        if (end - i > most) {
          most = end - i;
          best = order[i];
        }
        i = end;
      }
      chosen.push_back(best);
    });
    return pick(type, encoded, chosen);
  };
}

collected_result joined_result(std::string delimiter, std::vector<sort_direction> directions) {
  return [=](const std::vector<array>& columns, offsets_span offsets) -> array {
    const auto& texts = static_cast<const arrow::BinaryArray&>(*columns[0]);
    std::vector<sort_key> keys;
    for (std::size_t k = 0; k < directions.size(); ++k) keys.emplace_back(columns[k + 1], directions[k]);
    arrow::BinaryBuilder out(columns[0]->type(), arrow::default_memory_pool());
    std::string text;
    for_each_group(offsets, [&](std::int32_t from, std::int32_t to) {
      const auto order = sorted_rows(keys, from, to);
      text.clear();
      for (const auto i : order) {
        if (i != order.front()) text += delimiter;
        text += texts.GetView(i);
      }
      check(order.empty() ? out.AppendNull() : out.Append(text));
    });
    array joined = check(static_cast<arrow::ArrayBuilder&>(out).Finish());
    return joined->type_id() == columns[0]->type_id() ? joined : check(joined->View(columns[0]->type()));
  };
}

}  // namespace flow::aggregates
