#include "flow/operator_factory.hpp"
#include "operators/gather.hpp"

namespace flow {

namespace {

class filter_operator : public stream_operator {
 public:
  explicit filter_operator(bound_ptr predicate) : predicate_(std::move(predicate)) {}

  void process(int, const batch& rows, emitter& out) override {
    const auto chosen = select_rows(*predicate_, *rows, context());
    if (chosen.all) return out.emit(rows);
    if (!chosen.rows.empty()) out.emit(gather_rows(rows, chosen.rows));
  }

 private:
  bound_ptr predicate_;
};

}  // namespace

operator_spec make_filter(const schema_ptr& input, bound_ptr predicate) {
  operator_spec spec;
  spec.kind = "filter";
  spec.description = "Filter [" + predicate->to_string() + "]";
  spec.output = input;
  spec.make = [predicate = std::move(predicate)](const operator_context&) {
    return std::make_unique<filter_operator>(predicate);
  };
  return spec;
}

}  // namespace flow
