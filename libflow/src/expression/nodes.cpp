#include "expression/nodes.hpp"

#include <algorithm>
#include <array>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>

#include "batch/arrow_status.hpp"
#include "expression/rearrange.hpp"
#include "flow/error.hpp"
#include "function/readers.hpp"
#include "function/row_kernels.hpp"
#include "types/type_rules.hpp"

namespace flow {

void add_column(std::vector<int>& columns, int column) {
  const auto at = std::lower_bound(columns.begin(), columns.end(), column);
  if (at == columns.end() || *at != column) columns.insert(at, column);
}

namespace {

class column_expression final : public bound_expression {
 public:
  column_expression(int index, data_type type, std::string name)
      : bound_expression(std::move(type)), index_(index), name_(std::move(name)) {}

  arrow::Datum evaluate(const arrow::RecordBatch& rows, const evaluation_context&) const override {
    return rows.column(index_);
  }
  array evaluate_to_array(const arrow::RecordBatch& rows, const evaluation_context&) const override {
    return rows.column(index_);
  }
  void add_inputs(std::vector<int>& columns) const override { add_column(columns, index_); }
  std::string to_string() const override { return name_ + "#" + std::to_string(index_); }

 private:
  int index_;
  std::string name_;
};

class literal_expression final : public bound_expression {
 public:
  explicit literal_expression(std::shared_ptr<arrow::Scalar> value) : bound_expression(value->type), value_(std::move(value)) {}

  arrow::Datum evaluate(const arrow::RecordBatch&, const evaluation_context&) const override { return value_; }
  void add_inputs(std::vector<int>&) const override {}
  std::string to_string() const override {
    if (!value_->is_valid) return "NULL";
    const auto text = value_->ToString();
    return is_string_type(*type()) ? "'" + text + "'" : text;
  }
  std::shared_ptr<arrow::Scalar> constant() const override { return value_; }

 private:
  std::shared_ptr<arrow::Scalar> value_;
};

class member_expression final : public bound_expression {
 public:
  member_expression(bound_ptr structure, int member)
      : bound_expression(structure->type()->field(member)->type()), structure_(std::move(structure)), member_(member) {}

  arrow::Datum evaluate(const arrow::RecordBatch& rows, const evaluation_context& context) const override {
    const auto value = structure_->evaluate(rows, context);
    if (value.is_array()) {
      const auto whole = value.make_array();
      return check(static_cast<const arrow::StructArray&>(*whole).GetFlattenedField(member_));
    }
    const auto& whole = static_cast<const arrow::StructScalar&>(*value.scalar());
    if (!whole.is_valid) return arrow::MakeNullScalar(type());
    return whole.value[static_cast<std::size_t>(member_)];
  }
  void add_inputs(std::vector<int>& columns) const override { structure_->add_inputs(columns); }
  std::string to_string() const override { return structure_->to_string() + "." + structure_->type()->field(member_)->name(); }
  std::shared_ptr<arrow::Scalar> constant() const override {
    const auto whole = structure_->constant();
    if (!whole) return nullptr;
    if (!whole->is_valid) return arrow::MakeNullScalar(type());
    return static_cast<const arrow::StructScalar&>(*whole).value[static_cast<std::size_t>(member_)];
  }
  bool deterministic() const override { return structure_->deterministic(); }

 private:
  bound_ptr structure_;
  int member_;
};

}  // namespace

bound_ptr bind_column(int index, const data_type& type, std::string name) {
  return std::make_shared<const column_expression>(index, type, std::move(name));
}

bound_ptr bind_literal(std::shared_ptr<arrow::Scalar> value) {
  return std::make_shared<const literal_expression>(std::move(value));
}

bound_ptr bind_member(bound_ptr structure, int member) {
  return std::make_shared<const member_expression>(std::move(structure), member);
}

bound_ptr bind_element_member(bound_ptr list, int member) {
  const auto structure = element_type(*list->type());
  scalar_binding b;
  b.type = types::list(structure->field(member)->type());
  b.arguments = {std::move(list)};
  b.kernel = [member, type = b.type](std::span<const arrow::Datum> arguments, std::int64_t rows,
                                     const evaluation_context&) -> arrow::Datum {
    const auto whole = as_array(arguments[0], rows);
    const auto& lists = static_cast<const arrow::ListArray&>(*whole);
    const auto members = check(static_cast<const arrow::StructArray&>(*lists.values()).GetFlattenedField(member));
    auto data = arrow::ArrayData::Make(type, lists.length(), {lists.data()->buffers[0], lists.data()->buffers[1]},
                                       {members->data()}, lists.null_count(), lists.offset());
    return arrow::MakeArray(data);
  };
  return std::make_shared<const call_expression>("member", std::move(b));
}

call_expression::call_expression(std::string name, scalar_binding binding)
    : bound_expression(binding.type), name_(std::move(name)), binding_(std::move(binding)) {}

arrow::Datum call_expression::evaluate(const arrow::RecordBatch& rows, const evaluation_context& context) const {
  if (rows.num_rows() == 0) return all_null(type(), 0);
  std::vector<arrow::Datum> values;
  values.reserve(binding_.arguments.size());
  bool constants = binding_.deterministic;
  for (const auto& argument : binding_.arguments) {
    values.push_back(argument->evaluate(rows, context));
    constants &= values.back().is_scalar();
  }
  auto result = binding_.kernel(values, constants ? 1 : rows.num_rows(), context);
  if (constants && result.is_array()) return check(result.make_array()->GetScalar(0));
  return result;
}

void call_expression::add_inputs(std::vector<int>& columns) const {
  for (const auto& argument : binding_.arguments) argument->add_inputs(columns);
}

std::string call_expression::to_string() const {
  const auto& args = binding_.arguments;
  const bool symbol = !name_.empty() && std::isalpha(static_cast<unsigned char>(name_[0])) == 0;
  if (args.size() == 2 && (symbol || name_ == "and" || name_ == "or" || name_ == "div") && name_ != "[]") {
    return "(" + args[0]->to_string() + " " + name_ + " " + args[1]->to_string() + ")";
  }
  std::string out = name_ + "(";
  for (const auto& a : args) out += (&a == args.data() ? "" : ", ") + a->to_string();
  return out + ")";
}

bool call_expression::deterministic() const {
  return binding_.deterministic && std::all_of(binding_.arguments.begin(), binding_.arguments.end(),
                                               [](const bound_ptr& a) { return a->deterministic(); });
}

std::shared_ptr<arrow::Scalar> call_expression::constant() const {
  // A function without arguments (current_timestamp) reads the context.
  if (binding_.arguments.empty() || !binding_.deterministic) return nullptr;
  std::vector<arrow::Datum> values;
  for (const auto& argument : binding_.arguments) {
    auto value = argument->constant();
    if (!value) return nullptr;
    values.emplace_back(std::move(value));
  }
  try {
    auto result = binding_.kernel(values, 1, evaluation_context{});
    return result.is_scalar() ? result.scalar() : check(result.make_array()->GetScalar(0));
  } catch (const error&) {
    return nullptr;  // It fails when rows are evaluated, as in Spark.
  }
}

namespace {

/// Operators that are null where their left side is, whatever the right side may be.
bool stops_at_null(std::string_view function) {
  constexpr std::array operators{"+", "-", "*", "/", "%", "div", "=", "!=", "<", "<=", ">", ">="};
  return std::find(operators.begin(), operators.end(), function) != operators.end();
}

}  // namespace

bool is_guarded(std::string_view function) {
  return function == "and" || function == "or" || function == "case" || function == "if" || function == "coalesce" ||
         stops_at_null(function);
}

namespace {

/// Rows still to be answered, and the answers found so far: which piece, and which row of it.
class guarded_rows {
 public:
  guarded_rows(const arrow::RecordBatch& rows, data_type type)
      : type_(std::move(type)), answers_(static_cast<std::size_t>(rows.num_rows()), -1) {
    left_.rows.resize(answers_.size());
    for (std::size_t i = 0; i < answers_.size(); ++i) left_.rows[i] = static_cast<std::int32_t>(i);
  }

  const std::vector<std::int32_t>& left() const { return left_.rows; }
  bool done() const { return left_.rows.empty(); }

  /// `value` answers the rows `of` (row numbers of the batch) for which `decided(i)`; the others stay.
  template <class Decided>
  void answer(const array& value, const std::vector<std::int32_t>& of, Decided decided) {
    std::vector<bool> gone(answers_.size(), false);
    for (std::size_t i = 0; i < of.size(); ++i) {
      if (!decided(static_cast<std::int64_t>(i))) continue;
      answers_[static_cast<std::size_t>(of[i])] = total_ + static_cast<std::int64_t>(i);
      gone[static_cast<std::size_t>(of[i])] = true;
    }
    std::erase_if(left_.rows, [&](std::int32_t r) { return gone[static_cast<std::size_t>(r)]; });
    pieces_.push_back(value);
    total_ += value->length();
  }

  array finish() const {
    if (pieces_.empty()) return all_null(type_, static_cast<std::int64_t>(answers_.size()));
    return gather(check(arrow::Concatenate(pieces_)), answers_);
  }

 private:
  data_type type_;
  selection left_;
  std::vector<std::int64_t> answers_;
  arrow::ArrayVector pieces_;
  std::int64_t total_ = 0;
};

batch chosen_rows(const arrow::RecordBatch& rows, const std::vector<std::int32_t>& chosen) {
  return take_rows(arrow::RecordBatch::Make(rows.schema(), rows.num_rows(), rows.columns()), {false, chosen});
}

array evaluate_over(const bound_expression& e, const arrow::RecordBatch& rows, const std::vector<std::int32_t>& chosen,
                    const evaluation_context& context) {
  return evaluate_array(e, *chosen_rows(rows, chosen), context);
}

bool is_true(const array& a, std::int64_t i) { return a->IsValid(i) && static_cast<const arrow::BooleanArray&>(*a).Value(i); }

}  // namespace

arrow::Datum guarded_call::evaluate(const arrow::RecordBatch& rows, const evaluation_context& context) const {
  try {
    return call_expression::evaluate(rows, context);
  } catch (const error& e) {
    if (e.code() != errc::evaluation_failed) throw;
    return evaluate_guarded(rows, context);
  }
}

array guarded_call::evaluate_guarded(const arrow::RecordBatch& rows, const evaluation_context& context) const {
  guarded_rows todo(rows, type());
  const auto& args = arguments();
  if (name() == "coalesce") {
    for (const auto& argument : args) {
      const auto of = todo.left();
      const auto value = evaluate_over(*argument, rows, of, context);
      todo.answer(value, of, [&](std::int64_t i) { return value->IsValid(i); });
    }
    return todo.finish();
  }
  if (stops_at_null(name())) {
    const auto of = todo.left();
    const auto left = evaluate_over(*args[0], rows, of, context);
    todo.answer(all_null(type(), rows.num_rows()), of, [&](std::int64_t i) { return left->IsNull(i); });
    const auto rest = todo.left();
    if (rest.size() == of.size()) return as_array(call_expression::evaluate(rows, context), rows.num_rows());
    const auto answers = call_expression::evaluate(*chosen_rows(rows, rest), context);
    todo.answer(as_array(answers, static_cast<std::int64_t>(rest.size())), rest, [](std::int64_t) { return true; });
    return todo.finish();
  }
  if (name() == "and" || name() == "or") {
    const bool decisive = name() == "or";
    const auto of = todo.left();
    const auto first = evaluate_over(*args[0], rows, of, context);
    todo.answer(first, of, [&](std::int64_t i) { return first->IsValid(i) && is_true(first, i) == decisive; });
    const auto rest = todo.left();
    const auto second = evaluate_over(*args[1], rows, rest, context);
    // Undecided: null if either side is, else the second.
    todo.answer(second, rest, [&](std::int64_t i) {
      const bool second_decides = second->IsValid(i) && is_true(second, i) == decisive;
      return second_decides || first->IsValid(rest[static_cast<std::size_t>(i)]);
    });
    return todo.finish();
  }
  std::size_t i = 0;
  for (; i + 1 < args.size() && !todo.done(); i += 2) {
    const auto of = todo.left();
    const auto condition = evaluate_over(*args[i], rows, of, context);
    std::vector<std::int32_t> held;
    for (std::size_t r = 0; r < of.size(); ++r) {
      if (is_true(condition, static_cast<std::int64_t>(r))) held.push_back(of[r]);
    }
    if (!held.empty()) todo.answer(evaluate_over(*args[i + 1], rows, held, context), held, [](std::int64_t) { return true; });
  }
  if (i + 1 == args.size() && !todo.done()) {
    const auto rest = todo.left();
    todo.answer(evaluate_over(*args[i], rows, rest, context), rest, [](std::int64_t) { return true; });
  }
  return todo.finish();
}

}  // namespace flow
