#include <algorithm>
#include <numeric>
#include <string>

#include <arrow/record_batch.h>

#include "flow/error.hpp"
#include "flow/operator_factory.hpp"
#include "operators/gather.hpp"
#include "operators/sort_key.hpp"

namespace flow {

namespace {

/// With a limit, rows that cannot make it any more are thrown away once so many have gathered.
constexpr std::size_t least_rows_to_prune = 8'192;
constexpr std::size_t rows_per_output = 16'384;

class sort_operator : public stream_operator {
 public:
  sort_operator(schema_ptr schema, std::shared_ptr<const sort_plan> plan) : schema_(std::move(schema)), plan_(std::move(plan)) {
    for (const auto& key : plan_->keys) encoders_.emplace_back(key.value->type(), key.descending, key.nulls_first);
  }

  void process(int, const batch& rows, emitter&) override {
    if (rows->num_rows() == 0) return;
    const auto first = keys_.size();
    keys_.resize(first + static_cast<std::size_t>(rows->num_rows()));
    for (std::size_t i = 0; i < encoders_.size(); ++i) {
      encoders_[i].append(*evaluate_array(*plan_->keys[i].value, *rows, context()), keys_, first);
    }
    parts_.push_back(rows);
    if (plan_->limit && keys_.size() > std::max(least_rows_to_prune, 2 * limit())) prune();
  }

  void on_barrier(epoch, emitter& out) override {
    if (keys_.empty()) return;
    const auto order = sorted();
    const auto all = concatenate(schema_, parts_);
    parts_.clear();
    keys_.clear();
    for (std::size_t begin = 0; begin < order.size(); begin += rows_per_output) {
      const auto count = std::min(rows_per_output, order.size() - begin);
      out.emit(gather(all, std::span(order).subspan(begin, count)));
    }
  }

  operator_metrics metrics() const override {
    operator_metrics counters;
    counters.rows_total = static_cast<std::int64_t>(keys_.size());
    return counters;
  }

 private:
  std::size_t limit() const { return static_cast<std::size_t>(std::max<std::int64_t>(*plan_->limit, 0)); }

  /// Row numbers over all parts, in order, cut at the limit. Equal rows stay in the order they came.
  std::vector<std::int32_t> sorted() const {
    if (keys_.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
      throw error(errc::evaluation_failed, "sort: more than 2^31 rows in one epoch; add a limit");
    }
    std::vector<std::int32_t> order(keys_.size());
    std::iota(order.begin(), order.end(), 0);
    const auto before = [this](std::int32_t a, std::int32_t b) {
      const auto compared = keys_[static_cast<std::size_t>(a)].compare(keys_[static_cast<std::size_t>(b)]);
      return compared != 0 ? compared < 0 : a < b;
    };
    if (!plan_->limit || limit() >= order.size()) {
      std::sort(order.begin(), order.end(), before);
    } else {
      std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(limit()), order.end(), before);
      order.resize(limit());
    }
    return order;
  }

  void prune() {
    auto best = sorted();
    std::sort(best.begin(), best.end());  // Ties are broken by arrival, which must survive.
    std::vector<std::string> kept;
    kept.reserve(best.size());
    for (const auto row : best) kept.push_back(std::move(keys_[static_cast<std::size_t>(row)]));
    keys_ = std::move(kept);
    parts_ = {gather(concatenate(schema_, parts_), best)};
  }

  schema_ptr schema_;
  std::shared_ptr<const sort_plan> plan_;
  std::vector<sort_key_encoder> encoders_;
  std::vector<batch> parts_;
  std::vector<std::string> keys_;  ///< Of all rows of all parts.
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
