#include <arrow/api.h>
#include <arrow/compute/cast.h>

#include "batch/arrow_status.hpp"
#include "flow/batch.hpp"

namespace flow {

namespace {

data_type target_of(const arrow::DataType& type, const std::string& column);

data_type nested_target(const arrow::DataType& type, const std::string& column) {
  switch (type.id()) {
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
      return types::list(target_of(*type.field(0)->type(), column));
    case arrow::Type::MAP: {
      const auto& m = static_cast<const arrow::MapType&>(type);
      return types::map(target_of(*m.key_type(), column), target_of(*m.item_type(), column));
    }
    case arrow::Type::STRUCT: {
      std::vector<std::pair<std::string, data_type>> members;
      for (const auto& f : type.fields()) members.emplace_back(f->name(), target_of(*f->type(), column));
      return types::structure(members);
    }
    default:
      break;
  }
  throw error(errc::type_mismatch, "column '" + column + "' has Arrow type " + type.ToString() +
                                       ", which has no counterpart here: convert it before handing the batch in");
}

data_type target_of(const arrow::DataType& type, const std::string& column) {
  switch (type.id()) {
    case arrow::Type::NA:
      return types::null();
    case arrow::Type::BOOL:
      return types::boolean();
    case arrow::Type::INT8:
      return types::tinyint();
    case arrow::Type::INT16:
    case arrow::Type::UINT8:
      return types::smallint();
    case arrow::Type::INT32:
    case arrow::Type::UINT16:
      return types::integer();
    case arrow::Type::INT64:
    case arrow::Type::UINT32:
      return types::bigint();
    case arrow::Type::UINT64:
      return types::decimal(20, 0);
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT:
      return types::float32();
    case arrow::Type::DOUBLE:
      return types::float64();
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return types::string();
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY:
      return types::binary();
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return types::date();
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).timezone().empty() ? types::timestamp_ntz() : types::timestamp();
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& d = static_cast<const arrow::DecimalType&>(type);
      return types::decimal(d.precision(), d.scale());
    }
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return types::interval();
    case arrow::Type::DICTIONARY:
      return target_of(*static_cast<const arrow::DictionaryType&>(type).value_type(), column);
    default:
      return nested_target(type, column);
  }
}

}  // namespace

batch from_arrow(const batch& foreign) {
  bool changed = false;
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < foreign->num_columns(); ++i) {
    const auto& field = foreign->schema()->field(i);
    const auto target = target_of(*field->type(), field->name());
    auto column = foreign->column(i);
    if (!target->Equals(*field->type())) {
      initialize_compute();
      auto cast = arrow::compute::Cast(*column, target, arrow::compute::CastOptions::Unsafe());
      if (!cast.ok()) {
        throw error(errc::type_mismatch, "column '" + field->name() + "' of Arrow type " + field->type()->ToString() +
                                             " cannot be brought to " + to_ddl(*target) + ": " + cast.status().message());
      }
      column = *cast;
    }
    changed |= !target->Equals(*field->type()) || !field->nullable();
    fields.push_back(arrow::field(field->name(), target));
    columns.push_back(std::move(column));
  }
  if (!changed) return foreign;
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), foreign->num_rows(), std::move(columns));
}

}  // namespace flow
