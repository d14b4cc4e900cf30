#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "flow/operator_factory.hpp"

namespace flow {

namespace {

class merge_operator : public stream_operator {
 public:
  explicit merge_operator(schema_ptr schema) : schema_(std::move(schema)) {}

  void process(int, const batch& rows, emitter& out) override {
    if (rows->schema() == schema_) return out.emit(rows);
    out.emit(
        arrow::RecordBatch::Make(schema_, rows->num_rows(), rows->columns()));  // UNION goes by position: names may differ.
  }

 private:
  schema_ptr schema_;
};

}  // namespace

operator_spec make_merge(const schema_ptr& input) {
  operator_spec spec;
  spec.kind = "merge";
  spec.description = "Union";
  spec.output = input;
  spec.make = [input](const operator_context&) { return std::make_unique<merge_operator>(input); };
  return spec;
}

}  // namespace flow
