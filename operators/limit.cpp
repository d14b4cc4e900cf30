#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include <arrow/record_batch.h>

#include "flow/error.hpp"
#include "flow/operator_factory.hpp"

namespace flow {

namespace {

/// LIMIT per epoch: forgets at each barrier how much it has given out.
class epoch_limit_operator : public stream_operator {
 public:
  explicit epoch_limit_operator(std::int64_t count) : count_(count) {}

  void process(int, const batch& rows, emitter& out) override {
    const auto taken = std::min(count_ - given_, rows->num_rows());
    if (taken <= 0) return;
    given_ += taken;
    out.emit(taken == rows->num_rows() ? rows : rows->Slice(0, taken));
  }

  void on_barrier(epoch, emitter&) override { given_ = 0; }

 protected:
  std::int64_t given() const { return given_; }
  void set_given(std::int64_t rows) { given_ = rows; }

 private:
  std::int64_t count_;
  std::int64_t given_ = 0;
};

/// LIMIT of the whole stream: the number of rows given out is state.
class stream_limit_operator : public epoch_limit_operator {
 public:
  using epoch_limit_operator::epoch_limit_operator;

  void on_barrier(epoch, emitter&) override {}

  void snapshot(epoch, state_delta& changed) override {
    if (given() == saved_) return;
    saved_ = given();
    const auto text = std::to_string(saved_);
    changed.put(key_hash, key, text);
  }

  void restore(const state_view& view) override {
    std::string text;
    if (!view.get(key_hash, key, text)) return;
    if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos) {
      throw error(errc::checkpoint_corrupt, "limit: the stored row count is \"" + text + "\", not a number");
    }
    saved_ = std::stoll(text);
    set_given(saved_);
  }

  operator_metrics metrics() const override {
    operator_metrics counters;
    counters.rows_total = saved_ > 0 ? 1 : 0;
    return counters;
  }

 private:
  static constexpr std::string_view key = "rows";
  static constexpr std::uint64_t key_hash = 0;  // The first key group belongs to the only instance.

  std::int64_t saved_ = 0;
};

}  // namespace

operator_spec make_limit(const schema_ptr& input, std::int64_t count, bool per_epoch, std::string uid) {
  operator_spec spec;
  spec.uid = std::move(uid);
  spec.kind = "limit";
  spec.description = "Limit " + std::to_string(count) + (per_epoch ? "" : " of the stream");
  spec.output = input;
  spec.stateful = !per_epoch;
  if (!per_epoch) spec.signature = {{"kind", "limit"}, {"count", count}};
  spec.make = [count, per_epoch](const operator_context&) -> std::unique_ptr<stream_operator> {
    if (per_epoch) return std::make_unique<epoch_limit_operator>(count);
    return std::make_unique<stream_limit_operator>(count);
  };
  return spec;
}

}  // namespace flow
