#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

#include <arrow/record_batch.h>

#include "flow/error.hpp"
#include "flow/operator_factory.hpp"
#include "operators/gather.hpp"
#include "operators/sort_key.hpp"

namespace flow {

namespace {

/// With a limit, rows that cannot make it any more are thrown away once so many have gathered.
constexpr std::size_t least_rows_to_prune = 8'192;

/// The sort keys of rows, laid end to end.
class row_keys {
 public:
  explicit row_keys(const sort_plan& plan) {
    for (const auto& key : plan.keys) encoders_.emplace_back(key.value->type(), key.descending, key.nulls_first);
  }

  void append(const std::vector<array>& columns, std::int64_t rows) {
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::size_t i = 0; i < columns.size(); ++i) encoders_[i].append(*columns[i], row, bytes_);
      ends_.push_back(bytes_.size());
    }
  }

  /// Row numbers in order, the first `limit` of them. Equal rows stay in the order they came.
  std::vector<std::int32_t> sorted(std::size_t limit) const {
    if (size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
      throw error(errc::evaluation_failed, "sort: more than 2^31 rows in one epoch; add a limit");
    }
    std::vector<item> items;
    items.reserve(size());
    for (std::size_t i = 0; i < size(); ++i) items.push_back({prefix(i), static_cast<std::int32_t>(i)});
    const auto before = [this](const item& a, const item& b) {
      if (a.prefix != b.prefix) return a.prefix < b.prefix;
      const auto compared = key(static_cast<std::size_t>(a.row)).compare(key(static_cast<std::size_t>(b.row)));
      return compared != 0 ? compared < 0 : a.row < b.row;
    };
    if (limit < items.size()) {
      std::partial_sort(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(limit), items.end(), before);
      items.resize(limit);
    } else {
      std::sort(items.begin(), items.end(), before);
    }
    std::vector<std::int32_t> order;
    order.reserve(items.size());
    for (const auto& each : items) order.push_back(each.row);
    return order;
  }

  /// Forgets all rows but these, ascending.
  void keep(const std::vector<std::int32_t>& rows) {
    std::string bytes;
    std::vector<std::size_t> ends;
    for (const auto row : rows) {
      bytes.append(key(static_cast<std::size_t>(row)));
      ends.push_back(bytes.size());
    }
    bytes_ = std::move(bytes);
    ends_ = std::move(ends);
  }

  std::size_t size() const { return ends_.size(); }
  std::size_t bytes() const { return bytes_.capacity() + ends_.capacity() * sizeof(std::size_t); }
  void clear() {
    bytes_.clear();
    ends_.clear();
  }

 private:
  /// A row and the beginning of its key as a number: most comparisons need no more.
  struct item {
    std::uint64_t prefix;
    std::int32_t row;
  };

  std::string_view key(std::size_t row) const {
    const auto begin = row == 0 ? 0 : ends_[row - 1];
    return {bytes_.data() + begin, ends_[row] - begin};
  }

  std::uint64_t prefix(std::size_t row) const {
    const auto bytes = key(row);
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) {
      number = number << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u);
    }
    return number;
  }

  std::vector<sort_key_encoder> encoders_;
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

class sort_operator : public stream_operator {
 public:
  sort_operator(schema_ptr schema, std::shared_ptr<const sort_plan> plan)
      : schema_(std::move(schema)), plan_(std::move(plan)), keys_(*plan_) {}

  void process(int, const batch& rows, emitter&) override {
    if (rows->num_rows() == 0) return;
    std::vector<array> columns;
    for (const auto& key : plan_->keys) columns.push_back(evaluate_array(*key.value, *rows, context()));
    keys_.append(columns, rows->num_rows());
    parts_.push_back(rows);
    if (plan_->limit && keys_.size() > std::max(least_rows_to_prune, 2 * limit())) prune();
  }

  void on_barrier(epoch, emitter& out) override {
    if (keys_.size() == 0) return;
    const auto order = keys_.sorted(limit());
    const auto all = concatenate(schema_, parts_);
    parts_.clear();
    keys_.clear();
    for (std::size_t begin = 0; begin < order.size(); begin += rows_per_output) {
      const auto count = std::min(rows_per_output, order.size() - begin);
      out.emit(gather_rows(all, std::span(order).subspan(begin, count)));
    }
  }

  operator_metrics metrics() const override {
    operator_metrics counters;
    counters.rows_total = static_cast<std::int64_t>(keys_.size());
    counters.memory_bytes = static_cast<std::int64_t>(keys_.bytes());
    return counters;
  }

 private:
  std::size_t limit() const {
    if (!plan_->limit) return std::numeric_limits<std::size_t>::max() / 2;
    return static_cast<std::size_t>(std::max<std::int64_t>(*plan_->limit, 0));
  }

  void prune() {
    auto best = keys_.sorted(limit());
    std::sort(best.begin(), best.end());  // Ties are broken by arrival, which must survive.
    keys_.keep(best);
    parts_ = {gather_rows(concatenate(schema_, parts_), best)};
  }

  schema_ptr schema_;
  std::shared_ptr<const sort_plan> plan_;
  row_keys keys_;
  std::vector<batch> parts_;
};

std::string describe(const sort_plan& plan) {
  std::string text = plan.limit ? "TopN " + std::to_string(*plan.limit) + " [" : "Sort [";
  for (std::size_t i = 0; i < plan.keys.size(); ++i) {
    const auto& key = plan.keys[i];
    text += (i ? ", " : "") + key.value->to_string() + (key.descending ? " DESC" : " ASC") +
            (key.nulls_first ? " NULLS FIRST" : " NULLS LAST");
  }
  return text + "]";
}

}  // namespace

operator_spec make_sort(const schema_ptr& input, sort_plan plan) {
  for (const auto& key : plan.keys) sort_key_encoder(key.value->type(), key.descending, key.nulls_first);
  operator_spec spec;
  spec.kind = "sort";
  spec.description = describe(plan);
  spec.output = input;
  auto shared = std::make_shared<const sort_plan>(std::move(plan));
  spec.make = [input, shared = std::move(shared)](const operator_context&) {
    return std::make_unique<sort_operator>(input, shared);
  };
  return spec;
}

}  // namespace flow
