#pragma once

#include <string>
#include <vector>

#include <arrow/api.h>

#include "flow/batch.hpp"
#include "flow/types.hpp"
#include "format/csv_record.hpp"

namespace flow {

/// Converts a column's fields and builds it.
class csv_column {
 public:
  csv_column(const csv_settings& settings, std::string name, data_type type);

  /// Adds the field's value; false, and a null added, if it is none of the type.
  bool add(const csv_field& field);
  /// Whether add() would say true.
  bool fits(const csv_field& field) const { return field.is_null || convert(field.text, nullptr); }
  void add_null();
  void add_text(std::string_view text);
  void reserve(std::int64_t rows);
  array finish();
  const std::string& name() const { return name_; }
  const data_type& type() const { return type_; }

 private:
  bool convert(std::string_view text, arrow::ArrayBuilder* builder) const;

  const csv_settings& settings_;
  std::string name_;
  data_type type_;
  std::unique_ptr<arrow::ArrayBuilder> builder_;
};

/// The type of a column of CSV fields, narrowest that takes all.
class csv_column_inference {
 public:
  void add(const csv_settings& settings, const csv_field& field);
  data_type type() const;

 private:
  enum class kind { nothing, integer, bigint, decimal, real, date, timestamp, boolean, text };

  static kind kind_of(const csv_settings& settings, std::string_view text, kind from, int& precision);
  void merge(const csv_settings& settings, kind other, int precision);

  kind what_ = kind::nothing;
  int precision_ = 0;
};

}  // namespace flow
