#include <arrow/array/array_base.h>
#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "flow/operator_factory.hpp"
#include "operators/gather.hpp"

namespace flow {

namespace {

struct projection {
  bound_ptr predicate;
  std::vector<named_expression> outputs;
  schema_ptr schema;
  std::vector<bool> used;  ///< Input columns that some output reads.
};

class filter_project_operator : public stream_operator {
 public:
  explicit filter_project_operator(std::shared_ptr<const projection> plan) : plan_(std::move(plan)) {}

  void process(int, const batch& rows, emitter& out) override {
    if (!plan_->predicate) return project(rows, out);
    const auto chosen = select_rows(*plan_->predicate, *rows, context());
    if (chosen.all) return project(rows, out);
    if (!chosen.rows.empty()) project(gather_used(rows, chosen.rows), out);
  }

 private:
  void project(const batch& rows, emitter& out) const {
    std::vector<array> columns;
    columns.reserve(plan_->outputs.size());
    for (const auto& each : plan_->outputs) columns.push_back(evaluate_array(*each.value, *rows, context()));
    out.emit(arrow::RecordBatch::Make(plan_->schema, rows->num_rows(), std::move(columns)));
  }

  /// The chosen rows; columns that no output reads are not worth gathering and stand there as nulls without a type.
  batch gather_used(const batch& rows, std::span<const std::int32_t> chosen) const {
    const auto count = static_cast<std::int64_t>(chosen.size());
    const auto unused = std::make_shared<arrow::NullArray>(count);
    std::vector<array> columns;
    columns.reserve(plan_->used.size());
    for (std::size_t i = 0; i < plan_->used.size(); ++i) {
      columns.push_back(plan_->used[i] ? gather_rows(rows->column(static_cast<int>(i)), chosen) : unused);
    }
    return arrow::RecordBatch::Make(rows->schema(), count, std::move(columns));
  }

  std::shared_ptr<const projection> plan_;
};

std::string describe(const projection& plan) {
  std::string text = "Project [";
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    const auto value = plan.outputs[i].value->to_string();
    text += (i ? ", " : "") + value;
    if (value != plan.outputs[i].name) text += " AS " + plan.outputs[i].name;
  }
  text += ']';
  if (plan.predicate) text += " where [" + plan.predicate->to_string() + "]";
  return text;
}

}  // namespace

operator_spec make_filter_project(const schema_ptr& input, bound_ptr predicate, std::vector<named_expression> outputs) {
  auto plan = std::make_shared<projection>();
  plan->predicate = std::move(predicate);
  plan->outputs = std::move(outputs);
  plan->used.resize(static_cast<std::size_t>(input->num_fields()));
  arrow::FieldVector fields;
  for (const auto& each : plan->outputs) {
    fields.push_back(arrow::field(each.name, each.value->type()));
    std::vector<int> inputs;
    each.value->add_inputs(inputs);
    for (const int i : inputs) plan->used[static_cast<std::size_t>(i)] = true;
  }
  plan->schema = arrow::schema(std::move(fields));

  operator_spec spec;
  spec.kind = plan->predicate ? "filter_project" : "project";
  spec.description = describe(*plan);
  spec.output = plan->schema;
  spec.make = [plan = std::shared_ptr<const projection>(std::move(plan))](const operator_context&) {
    return std::make_unique<filter_project_operator>(plan);
  };
  return spec;
}

}  // namespace flow
