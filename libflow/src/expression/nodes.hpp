#pragma once

#include <string>
#include <vector>

#include "flow/bound_expression.hpp"
#include "flow/function_catalog.hpp"

/// The kinds of bound expression.
namespace flow {

/// A call of a scalar function: arguments are evaluated, then the kernel is run over the batch.
class call_expression : public bound_expression {
 public:
  call_expression(std::string name, scalar_binding binding);

  arrow::Datum evaluate(const arrow::RecordBatch& rows, const evaluation_context& context) const override;
  void add_inputs(std::vector<int>& columns) const override;
  std::string to_string() const override;
  std::shared_ptr<arrow::Scalar> constant() const override;
  bool deterministic() const override;

  const std::string& name() const { return name_; }
  const std::vector<bound_ptr>& arguments() const { return binding_.arguments; }

 private:
  std::string name_;
  scalar_binding binding_;
};

/// AND, OR, CASE, IF, COALESCE, and operators that are null where their left side is: evaluated whole where that succeeds;
/// where an operand fails, again with each operand only over the rows that need it, so that what comes first guards what
/// follows.
class guarded_call final : public call_expression {
 public:
  using call_expression::call_expression;

  arrow::Datum evaluate(const arrow::RecordBatch& rows, const evaluation_context& context) const override;

 private:
  array evaluate_guarded(const arrow::RecordBatch& rows, const evaluation_context& context) const;
};

bool is_guarded(std::string_view function);

/// The member of every struct of an array: `people.name`.
bound_ptr bind_element_member(bound_ptr list, int member);

/// Column positions sorted and once each.
void add_column(std::vector<int>& columns, int column);

}  // namespace flow
