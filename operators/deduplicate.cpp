#include <algorithm>
#include <numeric>
#include <string>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "flow/error.hpp"
#include "flow/operator_factory.hpp"
#include "flow/row_codec.hpp"
#include "operators/event_time.hpp"
#include "operators/gather.hpp"
#include "operators/seen_keys.hpp"

namespace flow {

namespace {

struct deduplication {
  deduplicate_plan plan;
  forgetting how = forgetting::never;
  std::vector<data_type> key_types;
};

class deduplicate_operator : public stream_operator {
 public:
  deduplicate_operator(std::shared_ptr<const deduplication> how, const operator_context& place)
      : how_(std::move(how)), codec_(how_->key_types), seen_(make_seen_keys(how_->how, place.state, place.state_cache_bytes)) {}

  void begin_epoch(epoch e, const evaluation_context& context) override {
    stream_operator::begin_epoch(e, context);
    seen_->begin_epoch();
    late_ = 0;
  }

  void process(int, const batch& rows, emitter& out) override {
    chosen_.resize(static_cast<std::size_t>(rows->num_rows()));
    std::iota(chosen_.begin(), chosen_.end(), 0);
    times_.clear();
    if (how_->plan.event_time_column) look_at_times(event_times(rows->column(*how_->plan.event_time_column)));
    if (chosen_.empty()) return;
    encode_keys(*rows);
    seen_->add(keys_, times_, chosen_);
    if (chosen_.empty()) return;
    out.emit(chosen_.size() == static_cast<std::size_t>(rows->num_rows()) ? rows : gather_rows(rows, chosen_));
  }

  void on_watermark(timestamp mark, emitter&) override { restore_watermark(mark); }

  void restore_watermark(timestamp mark) override {
    if (mark_ && mark <= *mark_) return;
    mark_ = mark;
    seen_->forget(mark.microseconds);
  }

  void snapshot(epoch, state_delta& changed) override { seen_->snapshot(changed); }
  void restore(const state_view& view) override { seen_->restore(view); }

  operator_metrics metrics() const override {
    auto counters = seen_->metrics();
    counters.rows_dropped_by_watermark = late_;
    return counters;
  }

 private:
  /// Drops late rows and notes until when each key would be kept.
  void look_at_times(const event_times& times) {
    if (mark_) {
      const auto before = chosen_.size();
      std::erase_if(chosen_, [&](std::int32_t row) { return !times.is_null(row) && times[row] <= mark_->microseconds; });
      late_ += static_cast<std::int64_t>(before - chosen_.size());
    }
    if (how_->how == forgetting::never) return;
    times_.resize(static_cast<std::size_t>(times.size()));
    const bool within = how_->how == forgetting::by_first_time;
    for (std::int64_t i = 0; i < times.size(); ++i) {
      // Within a watermark Spark takes a null for time 0; among the keys it never passes.
      const auto time = times.is_null(i) ? (within ? 0 : no_end) : times[i];
      times_[static_cast<std::size_t>(i)] = within ? time + how_->plan.delay.microseconds : time;
    }
  }

  void encode_keys(const arrow::RecordBatch& rows) {
    std::vector<array> columns;
    for (const int column : how_->plan.columns) columns.push_back(rows.column(column));
    keys_.bytes.clear();
    keys_.offsets.assign(1, 0);
    codec_.encode(columns, rows.num_rows(), keys_);
  }

  std::shared_ptr<const deduplication> how_;
  row_codec codec_;
  std::unique_ptr<seen_keys> seen_;
  watermark mark_;
  std::int64_t late_ = 0;
  // Kept between calls for their memory only.
  byte_rows keys_;
  std::vector<std::int64_t> times_;
  std::vector<std::int32_t> chosen_;
};

forgetting forgetting_of(const deduplicate_plan& plan) {
  if (!plan.event_time_column) return forgetting::never;
  if (plan.within_watermark) return forgetting::by_first_time;
  const bool among_keys = std::find(plan.columns.begin(), plan.columns.end(), *plan.event_time_column) != plan.columns.end();
  return among_keys ? forgetting::by_key_time : forgetting::never;
}

operator_spec describe(const schema_ptr& input, const deduplication& how) {
  std::string names;
  auto columns = nlohmann::json::array();
  for (const int column : how.plan.columns) {
    const auto& field = *input->field(column);
    names += (names.empty() ? "" : ", ") + field.name();
    columns.push_back(to_ddl(*field.type()));
  }
  operator_spec spec;
  spec.uid = how.plan.uid;
  spec.kind = "deduplicate";
  spec.description = (how.plan.within_watermark ? "DeduplicateWithinWatermark [" : "Deduplicate [") + names + "]";
  spec.stateful = true;
  spec.signature = {{"kind", "deduplicate"}, {"columns", columns}, {"forgetting", static_cast<int>(how.how)}};
  spec.output = input;
  // Rows at or behind the watermark are dropped even where no key is ever forgotten, so its moving counts.
  spec.wants_no_data_epochs = how.plan.event_time_column.has_value();
  return spec;
}

}  // namespace

operator_spec make_deduplicate(const schema_ptr& input, deduplicate_plan plan) {
  if (plan.within_watermark && !plan.event_time_column) {
    throw error(errc::unsupported_plan,
                "drop_duplicates_within_watermark needs a watermark on its input: call with_watermark first");
  }
  if (plan.columns.empty()) {
    plan.columns.resize(static_cast<std::size_t>(input->num_fields()));
    std::iota(plan.columns.begin(), plan.columns.end(), 0);
  }
  auto how = std::make_shared<deduplication>();
  for (const int column : plan.columns) how->key_types.push_back(input->field(column)->type());
  how->plan = std::move(plan);
  how->how = forgetting_of(how->plan);
  auto spec = describe(input, *how);
  spec.make = [how = std::shared_ptr<const deduplication>(std::move(how))](const operator_context& place) {
    return std::make_unique<deduplicate_operator>(how, place);
  };
  return spec;
}

}  // namespace flow
