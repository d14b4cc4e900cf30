#include <algorithm>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <string_view>

#include <arrow/array/array_base.h>
#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "flow/error.hpp"
#include "flow/operator_factory.hpp"
#include "operators/gather.hpp"
#include "operators/join_table.hpp"

namespace flow {

namespace {

using row_numbers = std::vector<std::int32_t>;

/// What a join type asks for, told from the stream's side and the table's instead of left and right.
struct join_rule {
  enum class gives { pairs, stream_rows, table_rows } what = gives::pairs;
  bool keep_stream = false;  ///< Stream rows without partner leave with nulls.
  bool keep_table = false;   ///< Table rows without partner leave with nulls at the barrier: bounded runs.
  bool anti = false;         ///< Of stream_rows and table_rows: those without partner.

  bool marks_table() const { return keep_table || what == gives::table_rows; }
};

join_rule rule_of(join_type how, bool stream_is_left) {
  join_rule rule;
  switch (how) {
    case join_type::inner:
    case join_type::cross:
      break;
    case join_type::left_outer:
      (stream_is_left ? rule.keep_stream : rule.keep_table) = true;
      break;
    case join_type::right_outer:
      (stream_is_left ? rule.keep_table : rule.keep_stream) = true;
      break;
    case join_type::full_outer:
      rule.keep_stream = rule.keep_table = true;
      break;
    case join_type::left_anti:
      rule.anti = true;
      [[fallthrough]];
    case join_type::left_semi:
      rule.what = stream_is_left ? join_rule::gives::stream_rows : join_rule::gives::table_rows;
      break;
  }
  return rule;
}

/// A column given out for a pair.
struct pair_column {
  bool of_stream = true;
  int column = 0;  ///< Of its side.
};

/// What all instances share.
struct joining {
  table_join_plan plan;
  join_rule rule;
  schema_ptr stream_schema;
  schema_ptr pair_schema;            ///< Both sides' columns: what the condition is bound to.
  std::vector<bool> condition_uses;  ///< Columns of a pair that it reads.
  std::vector<pair_column> outputs;
  schema_ptr output_schema;

  /// The table as built by the first of the living instances. The lock is for instances that are made on several threads.
  std::shared_ptr<const join_table> table() {
    const std::lock_guard hold(building);
    auto built = alive.lock();
    if (!built) {
      built = std::make_shared<const join_table>(plan.table_schema, plan.table(), plan.table_keys);
      alive = built;
    }
    return built;
  }

  std::mutex building;
  std::weak_ptr<const join_table> alive;
};

// Where the columns of one side of the pairs come from: a column's position to its values.

auto rows_of(const batch& side, const row_numbers& numbers) {
  return [&](int column) { return gather_rows(side->column(column), numbers); };
}

auto nulls_of(const arrow::Schema& side, std::size_t rows) {
  return [&side, rows](int column) { return null_column(side.field(column)->type(), static_cast<std::int64_t>(rows)); };
}

class table_join_operator : public stream_operator {
 public:
  explicit table_join_operator(const std::shared_ptr<joining>& how) : how_(how), table_(how->table()) {
    if (how->rule.marks_table()) matched_.resize(static_cast<std::size_t>(table_->rows()->num_rows()));
  }

  void process(int, const batch& rows, emitter& out) override {
    std::vector<array> keys;
    for (const auto& key : how_->plan.stream_keys) keys.push_back(evaluate_array(*key, *rows, context()));
    table_->probe(keys, rows->num_rows(), first_);
    if (how_->plan.condition || how_->rule.marks_table()) return join_candidates(rows, out);
    if (how_->rule.what == join_rule::gives::stream_rows) return emit_stream_rows(rows, out);
    if (table_->unique()) return join_unique(rows, out);
    join_candidates(rows, out);
  }

  void on_barrier(epoch, emitter& out) override {
    const auto& rule = how_->rule;
    if (!rule.marks_table()) return;
    const bool wanted = rule.what == join_rule::gives::table_rows && !rule.anti;
    row_numbers chosen;
    for (std::size_t i = 0; i < matched_.size(); ++i) {
      if ((matched_[i] != 0) == wanted) chosen.push_back(static_cast<std::int32_t>(i));
    }
    if (chosen.empty()) return;
    if (rule.what == join_rule::gives::table_rows) return out.emit(gather_rows(table_->rows(), chosen));
    out.emit(pairs(chosen.size(), nulls_of(*how_->stream_schema, chosen.size()), rows_of(table_->rows(), chosen)));
  }

 private:
  /// Semi and anti join without a condition.
  void emit_stream_rows(const batch& rows, emitter& out) const {
    row_numbers chosen;
    chosen.reserve(first_.size());
    for (std::size_t i = 0; i < first_.size(); ++i) {
      if ((first_[i] < 0) == how_->rule.anti) chosen.push_back(static_cast<std::int32_t>(i));
    }
    emit_chosen(rows, chosen, out);
  }

  static void emit_chosen(const batch& rows, const row_numbers& chosen, emitter& out) {
    if (chosen.empty()) return;
    out.emit(chosen.size() == static_cast<std::size_t>(rows->num_rows()) ? rows : gather_rows(rows, chosen));
  }

  /// At most one partner for each row, no condition: stream columns need no copy when every row stays.
  void join_unique(const batch& rows, emitter& out) {
    const auto found = static_cast<std::size_t>(std::count_if(first_.begin(), first_.end(), [](auto row) { return row >= 0; }));
    if (how_->rule.keep_stream || found == first_.size()) {
      return out.emit(pairs(first_.size(), [&](int column) { return rows->column(column); }, rows_of(table_->rows(), first_)));
    }
    if (found == 0) return;
    stream_rows_.clear();
    table_rows_.clear();
    for (std::size_t i = 0; i < first_.size(); ++i) {
      if (first_[i] >= 0) add_pair(i, first_[i]);
    }
    emit_pairs(rows, out);
  }

  /// Any join: candidate pairs in pieces, the condition over them, then the stream rows that turned out to have no partner.
  void join_candidates(const batch& rows, emitter& out) {
    found_.assign(first_.size(), 0);
    stream_rows_.clear();
    table_rows_.clear();
    for (std::size_t i = 0; i < first_.size(); ++i) {
      for (auto partner = first_[i]; partner >= 0; partner = table_->next(partner)) {
        add_pair(i, partner);
        if (stream_rows_.size() >= rows_per_output) finish_candidates(rows, out);
      }
    }
    finish_candidates(rows, out);
    emit_by_found(rows, out);
  }

  void add_pair(std::size_t stream_row, std::int32_t table_row) {
    stream_rows_.push_back(static_cast<std::int32_t>(stream_row));
    table_rows_.push_back(table_row);
  }

  void finish_candidates(const batch& rows, emitter& out) {
    if (stream_rows_.empty()) return;
    if (how_->plan.condition) keep_pairs_that_hold(rows);
    for (const auto row : stream_rows_) found_[static_cast<std::size_t>(row)] = 1;
    if (how_->rule.marks_table()) {
      for (const auto row : table_rows_) matched_[static_cast<std::size_t>(row)] = 1;
    }
    if (how_->rule.what == join_rule::gives::pairs) emit_pairs(rows, out);
    stream_rows_.clear();
    table_rows_.clear();
  }

  void keep_pairs_that_hold(const batch& rows) {
    const auto chosen = select_rows(*how_->plan.condition, *condition_input(rows), context());
    if (chosen.all) return;
    for (std::size_t i = 0; i < chosen.rows.size(); ++i) {
      stream_rows_[i] = stream_rows_[static_cast<std::size_t>(chosen.rows[i])];
      table_rows_[i] = table_rows_[static_cast<std::size_t>(chosen.rows[i])];
    }
    stream_rows_.resize(chosen.rows.size());
    table_rows_.resize(chosen.rows.size());
  }

  /// The candidate pairs; columns the condition does not read stand there as nulls without a type.
  batch condition_input(const batch& rows) const {
    const auto unused = std::make_shared<arrow::NullArray>(static_cast<std::int64_t>(stream_rows_.size()));
    std::vector<array> columns;
    const auto add_side = [&](const batch& side, const row_numbers& numbers) {
      for (const auto& column : side->columns()) {
        columns.push_back(how_->condition_uses[columns.size()] ? gather_rows(column, numbers) : unused);
      }
    };
    if (how_->plan.stream_is_left) {
      add_side(rows, stream_rows_);
      add_side(table_->rows(), table_rows_);
    } else {
      add_side(table_->rows(), table_rows_);
      add_side(rows, stream_rows_);
    }
    return arrow::RecordBatch::Make(how_->pair_schema, unused->length(), std::move(columns));
  }

  void emit_pairs(const batch& rows, emitter& out) const {
    if (stream_rows_.empty()) return;
    out.emit(pairs(stream_rows_.size(), rows_of(rows, stream_rows_), rows_of(table_->rows(), table_rows_)));
  }

  void emit_by_found(const batch& rows, emitter& out) const {
    const auto& rule = how_->rule;
    const bool semi = rule.what == join_rule::gives::stream_rows;
    if (!semi && !rule.keep_stream) return;
    const std::uint8_t wanted = semi && !rule.anti ? 1 : 0;
    row_numbers chosen;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (found_[i] == wanted) chosen.push_back(static_cast<std::int32_t>(i));
    }
    if (semi) return emit_chosen(rows, chosen, out);
    if (chosen.empty()) return;
    out.emit(pairs(chosen.size(), rows_of(rows, chosen), nulls_of(*how_->plan.table_schema, chosen.size())));
  }

  template <class Stream, class Table>
  batch pairs(std::size_t rows, Stream stream, Table table) const {
    std::vector<array> columns;
    columns.reserve(how_->outputs.size());
    for (const auto& one : how_->outputs) columns.push_back(one.of_stream ? stream(one.column) : table(one.column));
    return arrow::RecordBatch::Make(how_->output_schema, static_cast<std::int64_t>(rows), std::move(columns));
  }

  std::shared_ptr<joining> how_;
  std::shared_ptr<const join_table> table_;
  std::vector<std::uint8_t> matched_;  ///< Table rows that found a partner; only where the rule asks.
  // Kept between calls for their memory only.
  row_numbers first_, stream_rows_, table_rows_;
  std::vector<std::uint8_t> found_;
};

std::string_view name_of(join_type how) {
  switch (how) {
    case join_type::inner:
      return "Inner";
    case join_type::cross:
      return "Cross";
    case join_type::left_outer:
      return "LeftOuter";
    case join_type::right_outer:
      return "RightOuter";
    case join_type::full_outer:
      return "FullOuter";
    case join_type::left_semi:
      return "LeftSemi";
    case join_type::left_anti:
      return "LeftAnti";
  }
  return "";
}

std::string describe(const table_join_plan& plan) {
  std::string text = "BroadcastHashJoin " + std::string(name_of(plan.how)) + " [";
  for (std::size_t i = 0; i < plan.stream_keys.size(); ++i) {
    text += (i ? ", " : "") + plan.stream_keys[i]->to_string() + " = " + plan.table_keys[i]->to_string();
  }
  text += ']';
  if (plan.condition) text += " if [" + plan.condition->to_string() + "]";
  return text;
}

void check_keys(const table_join_plan& plan) {
  if (plan.stream_keys.size() != plan.table_keys.size()) {
    throw error(errc::invalid_argument, "join: " + std::to_string(plan.stream_keys.size()) + " keys on one side, " +
                                            std::to_string(plan.table_keys.size()) + " on the other");
  }
  for (std::size_t i = 0; i < plan.stream_keys.size(); ++i) {
    const auto& a = *plan.stream_keys[i];
    const auto& b = *plan.table_keys[i];
    if (a.type()->Equals(*b.type())) continue;
    throw error(errc::type_mismatch, "join: cannot compare " + a.to_string() + " of type " + to_ddl(*a.type()) + " with " +
                                         b.to_string() + " of type " + to_ddl(*b.type()) + "; cast one of them");
  }
}

/// Chooses the columns given out for a pair.
void choose_outputs(joining& how) {
  const auto& plan = how.plan;
  const int left_width = plan.stream_is_left ? how.stream_schema->num_fields() : plan.table_schema->num_fields();
  arrow::FieldVector fields;
  const auto add = [&](int i) {
    const bool left = i < left_width;
    how.outputs.push_back({left == plan.stream_is_left, left ? i : i - left_width});
    fields.push_back(how.pair_schema->field(i));
  };
  if (plan.outputs) {
    for (const int i : *plan.outputs) add(i);
  } else {
    for (int i = 0; i < how.pair_schema->num_fields(); ++i) add(i);
  }
  how.output_schema = arrow::schema(std::move(fields));
}

schema_ptr side_by_side(const arrow::Schema& left, const arrow::Schema& right) {
  auto fields = left.fields();
  fields.insert(fields.end(), right.fields().begin(), right.fields().end());
  return arrow::schema(std::move(fields));
}

}  // namespace

operator_spec make_table_join(const schema_ptr& input, table_join_plan plan) {
  check_keys(plan);
  auto how = std::make_shared<joining>();
  how->rule = rule_of(plan.how, plan.stream_is_left);
  how->stream_schema = input;
  how->pair_schema = plan.stream_is_left ? side_by_side(*input, *plan.table_schema) : side_by_side(*plan.table_schema, *input);
  how->condition_uses.resize(static_cast<std::size_t>(how->pair_schema->num_fields()));
  if (plan.condition) {
    std::vector<int> inputs;
    plan.condition->add_inputs(inputs);
    for (const int i : inputs) how->condition_uses[static_cast<std::size_t>(i)] = true;
  }
  how->plan = std::move(plan);
  choose_outputs(*how);

  operator_spec spec;
  spec.kind = "table_join";
  spec.description = describe(how->plan);
  switch (how->rule.what) {
    case join_rule::gives::pairs:
      spec.output = how->output_schema;
      break;
    case join_rule::gives::stream_rows:
      spec.output = input;
      break;
    case join_rule::gives::table_rows:
      spec.output = how->plan.table_schema;
      break;
  }
  spec.make = [how = std::move(how)](const operator_context&) { return std::make_unique<table_join_operator>(how); };
  return spec;
}

}  // namespace flow
