#include "flow/types.hpp"

#include <algorithm>
#include <cctype>

#include <arrow/api.h>

#include "flow/error.hpp"
#include "types/ascii.hpp"
#include "types/type_rules.hpp"

namespace flow {

namespace types {

#define FLOW_TYPE(name, value)        \
  const data_type& name() {           \
    static const data_type t = value; \
    return t;                         \
  }
FLOW_TYPE(boolean, arrow::boolean())
FLOW_TYPE(tinyint, arrow::int8())
FLOW_TYPE(smallint, arrow::int16())
FLOW_TYPE(integer, arrow::int32())
FLOW_TYPE(bigint, arrow::int64())
FLOW_TYPE(float32, arrow::float32())
FLOW_TYPE(float64, arrow::float64())
FLOW_TYPE(string, arrow::utf8())
FLOW_TYPE(binary, arrow::binary())
FLOW_TYPE(date, arrow::date32())
FLOW_TYPE(timestamp, arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))
FLOW_TYPE(timestamp_ntz, arrow::timestamp(arrow::TimeUnit::MICRO))
FLOW_TYPE(null, arrow::null())
FLOW_TYPE(interval, arrow::month_day_nano_interval())
FLOW_TYPE(window, structure({{"start", timestamp()}, {"end", timestamp()}}))
#undef FLOW_TYPE

data_type decimal(int precision, int scale) {
  if (precision < 1 || precision > max_decimal_precision || scale < 0 || scale > precision) {
    throw error(errc::invalid_argument, "DECIMAL(" + std::to_string(precision) + "," + std::to_string(scale) +
                                            ") is no type: the precision is 1 to 38 and the scale 0 to the precision");
  }
  return arrow::decimal128(precision, scale);
}

data_type list(const data_type& element) { return arrow::list(arrow::field("element", element)); }

data_type map(const data_type& key, const data_type& value) { return arrow::map(key, value); }

data_type structure(const std::vector<std::pair<std::string, data_type>>& members) {
  arrow::FieldVector fields;
  fields.reserve(members.size());
  for (const auto& [name, type] : members) fields.push_back(arrow::field(name, type));
  return arrow::struct_(fields);
}

}  // namespace types

namespace {

bool is_plain_identifier(std::string_view name) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const auto word = [&](char c) { return letter(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), word);
}

std::string in_backticks(std::string_view name) {
  if (is_plain_identifier(name)) return std::string(name);
  std::string out = "`";
  for (const char c : name) {
    out += c;
    if (c == '`') out += c;
  }
  return out + "`";
}

std::string decimal_name(const arrow::DataType& type) {
  const auto& d = static_cast<const arrow::DecimalType&>(type);
  return "DECIMAL(" + std::to_string(d.precision()) + "," + std::to_string(d.scale()) + ")";
}

/// The DDL name of a type without parts.
std::string atomic_name(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return "BOOLEAN";
    case arrow::Type::INT8:
      return "TINYINT";
    case arrow::Type::INT16:
      return "SMALLINT";
    case arrow::Type::INT32:
      return "INT";
    case arrow::Type::INT64:
      return "BIGINT";
    case arrow::Type::FLOAT:
      return "FLOAT";
    case arrow::Type::DOUBLE:
      return "DOUBLE";
    case arrow::Type::STRING:
      return "STRING";
    case arrow::Type::BINARY:
      return "BINARY";
    case arrow::Type::DATE32:
      return "DATE";
    case arrow::Type::TIMESTAMP:
      return is_timestamp_type(type) ? "TIMESTAMP" : "TIMESTAMP_NTZ";
    case arrow::Type::DECIMAL128:
      return decimal_name(type);
    case arrow::Type::NA:
      return "VOID";
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return "INTERVAL";
    default:
      return type.ToString();
  }
}

/// The name printSchema gives to a type.
std::string tree_name(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8:
      return "byte";
    case arrow::Type::INT16:
      return "short";
    case arrow::Type::INT32:
      return "integer";
    case arrow::Type::INT64:
      return "long";
    default:
      return simple_name(type);
  }
}

void add_tree(const arrow::DataType& type, const std::string& indent, std::string& out);

void add_tree_line(const std::string& name, const arrow::DataType& type, const char* null_word, const std::string& indent,
                   std::string& out) {
  out += indent + "|-- " + name + ": " + tree_name(type);
  if (null_word[0] != '\0') out += std::string(" (") + null_word + " = true)";
  out += '\n';
  add_tree(type, indent + "|    ", out);
}

void add_tree(const arrow::DataType& type, const std::string& indent, std::string& out) {
  if (type.id() == arrow::Type::STRUCT) {
    for (const auto& f : type.fields()) add_tree_line(f->name(), *f->type(), "nullable", indent, out);
  } else if (type.id() == arrow::Type::LIST) {
    add_tree_line("element", *static_cast<const arrow::ListType&>(type).value_type(), "containsNull", indent, out);
  } else if (type.id() == arrow::Type::MAP) {
    const auto& m = static_cast<const arrow::MapType&>(type);
    add_tree_line("key", *m.key_type(), "", indent, out);
    add_tree_line("value", *m.item_type(), "valueContainsNull", indent, out);
  }
}

}  // namespace

std::string to_ddl(const arrow::DataType& type) {
  if (type.id() == arrow::Type::LIST) {
    return "ARRAY<" + to_ddl(*static_cast<const arrow::ListType&>(type).value_type()) + ">";
  }
  if (type.id() == arrow::Type::MAP) {
    const auto& m = static_cast<const arrow::MapType&>(type);
    return "MAP<" + to_ddl(*m.key_type()) + ", " + to_ddl(*m.item_type()) + ">";
  }
  if (type.id() != arrow::Type::STRUCT) return atomic_name(type);
  std::string out = "STRUCT<";
  for (const auto& f : type.fields()) {
    if (out.back() != '<') out += ", ";
    out += in_backticks(f->name()) + ": " + to_ddl(*f->type());
  }
  return out + ">";
}

std::string to_ddl(const arrow::Schema& schema) {
  std::string out;
  for (const auto& f : schema.fields()) {
    if (!out.empty()) out += ", ";
    out += in_backticks(f->name()) + " " + to_ddl(*f->type());
  }
  return out;
}

std::string simple_name(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LIST:
      return "array";
    case arrow::Type::MAP:
      return "map";
    case arrow::Type::STRUCT:
      return "struct";
    default:
      return to_lower(atomic_name(type));
  }
}

std::string catalog_name(const arrow::DataType& type) {
  if (type.id() == arrow::Type::LIST) {
    return "array<" + catalog_name(*static_cast<const arrow::ListType&>(type).value_type()) + ">";
  }
  if (type.id() == arrow::Type::MAP) {
    const auto& m = static_cast<const arrow::MapType&>(type);
    return "map<" + catalog_name(*m.key_type()) + "," + catalog_name(*m.item_type()) + ">";
  }
  if (type.id() != arrow::Type::STRUCT) return simple_name(type);
  std::string out = "struct<";
  for (const auto& f : type.fields()) {
    if (out.back() != '<') out += ',';
    out += f->name() + ":" + catalog_name(*f->type());
  }
  return out + ">";
}

std::string tree_string(const arrow::Schema& schema) {
  std::string out = "root\n";
  for (const auto& f : schema.fields()) add_tree_line(f->name(), *f->type(), "nullable", " ", out);
  return out;
}

schema_builder& schema_builder::add(std::string name, data_type type) {
  fields_.emplace_back(std::move(name), std::move(type));
  return *this;
}

schema_builder& schema_builder::add(std::string name, std::string_view ddl_type) {
  return add(std::move(name), parse_type(ddl_type));
}

schema_ptr schema_builder::build() const {
  arrow::FieldVector fields;
  for (const auto& [name, type] : fields_) fields.push_back(arrow::field(name, type));
  return arrow::schema(std::move(fields));
}

}  // namespace flow
