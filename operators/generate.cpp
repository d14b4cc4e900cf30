#include <algorithm>
#include <numeric>
#include <string>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "flow/error.hpp"
#include "flow/operator_factory.hpp"
#include "operators/arrow_status.hpp"
#include "operators/gather.hpp"

namespace flow {

namespace {

struct generator {
  generate_plan plan;
  schema_ptr schema;
};

array make_positions(const std::vector<std::int32_t>& positions, bool missing) {
  const auto rows = static_cast<std::int64_t>(positions.size());
  arrow::Int32Builder builder;
  expect_ok(builder.Reserve(rows), "cannot allocate positions");
  for (const auto position : positions) {
    if (missing && position == no_row) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(position);
    }
  }
  return expect_value(builder.Finish(), "cannot allocate positions");
}

/// The columns an element gives: itself, key and value of a map's entry, or the members of an inlined struct.
std::vector<array> element_columns(const arrow::ListArray& lists, bool inline_structs) {
  if (lists.type_id() == arrow::Type::MAP) {
    const auto& maps = static_cast<const arrow::MapArray&>(lists);
    return {maps.keys(), maps.items()};
  }
  if (!inline_structs) return {lists.values()};
  return expect_value(static_cast<const arrow::StructArray&>(*lists.values()).Flatten(), "cannot inline structs");
}

class generate_operator : public stream_operator {
 public:
  explicit generate_operator(std::shared_ptr<const generator> plan) : plan_(std::move(plan)) {}

  void process(int, const batch& rows, emitter& out) override {
    const auto collection = evaluate_array(*plan_->plan.collection, *rows, context());
    if (collection->type_id() == arrow::Type::NA) return explode_nulls(rows, out);
    const auto& lists = static_cast<const arrow::ListArray&>(*collection);
    const auto elements = element_columns(lists, plan_->plan.inline_structs);
    if (flat(lists)) return emit_flat(lists, elements, out);
    std::int64_t next = 0;
    while (next < rows->num_rows()) next = explode_some(rows, lists, elements, next, out);
  }

 private:
  /// Which input row, position and element each output row comes from.
  struct origin {
    std::vector<std::int32_t> rows, positions, elements;
    bool missing = false;  ///< Some outer row has no element.
  };

  /// Whether the elements as they lie are the result.
  bool flat(const arrow::ListArray& lists) const {
    return plan_->plan.kept.empty() && !plan_->plan.with_position && !plan_->plan.outer && lists.null_count() == 0;
  }

  void emit_flat(const arrow::ListArray& lists, const std::vector<array>& elements, emitter& out) const {
    const auto* offsets = lists.raw_value_offsets();
    const auto count = offsets[lists.length()] - offsets[0];
    if (count == 0) return;
    std::vector<array> columns;
    for (const auto& each : elements) columns.push_back(each->Slice(offsets[0], count));
    out.emit(arrow::RecordBatch::Make(plan_->schema, count, std::move(columns)));
  }

  std::int64_t explode_some(const batch& rows, const arrow::ListArray& lists, const std::vector<array>& elements,
                            std::int64_t next, emitter& out) const {
    const auto* offsets = lists.raw_value_offsets();
    const bool nulls = lists.null_count() > 0;
    origin from;
    for (; next < rows->num_rows() && from.rows.size() < rows_per_output; ++next) {
      const auto row = static_cast<std::int32_t>(next);
      const auto count = nulls && lists.IsNull(next) ? 0 : offsets[next + 1] - offsets[next];
      if (count > 0) {
        add_elements(row, offsets[next], count, from);
      } else if (plan_->plan.outer) {
        from.rows.push_back(row);
        from.elements.push_back(no_row);
        if (plan_->plan.with_position) from.positions.push_back(no_row);
        from.missing = true;
      }
    }
    if (!from.rows.empty()) emit_exploded(rows, elements, from, out);
    return next;
  }

  void add_elements(std::int32_t row, std::int32_t first, std::int32_t count, origin& from) const {
    const auto begin = static_cast<std::ptrdiff_t>(from.rows.size());
    const auto size = from.rows.size() + static_cast<std::size_t>(count);
    from.rows.resize(size, row);
    from.elements.resize(size);
    std::iota(from.elements.begin() + begin, from.elements.end(), first);
    if (!plan_->plan.with_position) return;
    from.positions.resize(size);
    std::iota(from.positions.begin() + begin, from.positions.end(), 0);
  }

  void emit_exploded(const batch& rows, const std::vector<array>& elements, const origin& from, emitter& out) const {
    std::vector<array> columns;
    for (const int kept : plan_->plan.kept) columns.push_back(gather_rows(rows->column(kept), from.rows));
    if (plan_->plan.with_position) columns.push_back(make_positions(from.positions, from.missing));
    for (const auto& each : elements) columns.push_back(pick(each, from));
    out.emit(arrow::RecordBatch::Make(plan_->schema, static_cast<std::int64_t>(from.rows.size()), std::move(columns)));
  }

  /// Elements mostly follow each other, and then need no copy.
  static array pick(const array& elements, const origin& from) {
    const auto& picked = from.elements;
    const bool adjacent = !from.missing && std::adjacent_find(picked.begin(), picked.end(),
                                                              [](auto a, auto b) { return b != a + 1; }) == picked.end();
    if (adjacent) return elements->Slice(picked.front(), static_cast<std::int64_t>(picked.size()));
    return gather_rows(elements, picked);
  }

  /// explode(NULL) of type VOID: no elements anywhere.
  void explode_nulls(const batch& rows, emitter& out) const {
    if (!plan_->plan.outer) return;
    std::vector<array> columns;
    for (const int kept : plan_->plan.kept) columns.push_back(rows->column(kept));
    for (int i = static_cast<int>(columns.size()); i < plan_->schema->num_fields(); ++i) {
      columns.push_back(null_column(plan_->schema->field(i)->type(), rows->num_rows()));
    }
    out.emit(arrow::RecordBatch::Make(plan_->schema, rows->num_rows(), std::move(columns)));
  }

  std::shared_ptr<const generator> plan_;
};

/// Types of the generated columns.
std::vector<data_type> generated_types(const generate_plan& plan) {
  std::vector<data_type> generated;
  if (plan.with_position) generated.push_back(types::integer());
  const auto& type = *plan.collection->type();
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    generated.insert(generated.end(), {map.key_type(), map.item_type()});
    return generated;
  }
  if (type.id() == arrow::Type::NA) {
    generated.resize(plan.names.size(), types::null());
    return generated;
  }
  if (type.id() != arrow::Type::LIST) {
    throw error(errc::type_mismatch,
                "explode takes an ARRAY or a MAP, not " + plan.collection->to_string() + " of type " + to_ddl(type));
  }
  const auto& element = static_cast<const arrow::ListType&>(type).value_type();
  if (!plan.inline_structs) {
    generated.push_back(element);
    return generated;
  }
  if (element->id() != arrow::Type::STRUCT) {
    throw error(errc::type_mismatch, "inline takes an ARRAY of STRUCT, not " + to_ddl(type));
  }
  for (const auto& member : element->fields()) generated.push_back(member->type());
  return generated;
}

std::string describe(const generate_plan& plan) {
  std::string text = "Generate ";
  text += plan.inline_structs ? "inline" : plan.with_position ? "posexplode" : "explode";
  if (plan.outer) text += "_outer";
  return text + "(" + plan.collection->to_string() + ")";
}

}  // namespace

operator_spec make_generate(const schema_ptr& input, generate_plan plan) {
  const auto generated = generated_types(plan);
  if (generated.size() != plan.names.size()) {
    throw error(errc::invalid_argument, describe(plan) + " makes " + std::to_string(generated.size()) + " columns, but " +
                                            std::to_string(plan.names.size()) + " names are given");
  }
  arrow::FieldVector fields;
  for (const int kept : plan.kept) fields.push_back(input->field(kept));
  for (std::size_t i = 0; i < generated.size(); ++i) fields.push_back(arrow::field(plan.names[i], generated[i]));

  operator_spec spec;
  spec.kind = "generate";
  spec.description = describe(plan);
  spec.output = arrow::schema(std::move(fields));
  auto shared = std::make_shared<const generator>(generator{std::move(plan), spec.output});
  spec.make = [shared = std::move(shared)](const operator_context&) { return std::make_unique<generate_operator>(shared); };
  return spec;
}

}  // namespace flow
