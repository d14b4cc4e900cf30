#include <algorithm>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "flow/operator_factory.hpp"
#include "operators/event_time.hpp"

namespace flow {

namespace {

class watermark_operator : public stream_operator {
 public:
  watermark_operator(int column, bool continuous) : column_(column), continuous_(continuous) {}

  void begin_epoch(epoch e, const evaluation_context& context) override {
    stream_operator::begin_epoch(e, context);
    observed_.reset();
  }

  void process(int, const batch& rows, emitter& out) override {
    const auto greatest = event_times(rows->column(column_)).greatest();
    if (greatest && (!observed_ || *observed_ < *greatest)) observed_ = greatest;
    out.emit(rows);
  }

  /// Continuous: since the last call, so that each input's event time can be told apart.
  watermark observed_event_time() const override { return continuous_ ? std::exchange(observed_, {}) : observed_; }

 private:
  int column_;
  bool continuous_;
  mutable watermark observed_;
};

}  // namespace

operator_spec make_watermark(const schema_ptr& input, int node, int column, duration delay) {
  operator_spec spec;
  spec.kind = "watermark";
  spec.description = "EventTimeWatermark " + input->field(column)->name() + ": " + to_string(delay);
  spec.output = input;
  spec.watermark_node = node;
  spec.make = [column](const operator_context& context) {
    return std::make_unique<watermark_operator>(column, context.continuous);
  };
  return spec;
}

}  // namespace flow
