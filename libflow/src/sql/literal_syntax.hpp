#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flow/expression.hpp"
#include "sql/text_range.hpp"

/// Constants as Spark writes them.
namespace flow::sql {

class parse_session;

/// INTERVAL 1 DAY 2 HOURS, or INTERVAL '1 2:03' DAY TO MINUTE (then `to` names the last field).
struct interval_syntax {
  struct part {
    std::string value, unit;
  };
  std::vector<part> parts;
  std::string to;
};

/// 12 (INT, BIGINT or DECIMAL by size), 12L, 12S, 12Y.
expression_ptr read_integer(const std::string& text, parse_session& session, text_range where);
/// 1.5 (DECIMAL(2,1)), 1.5BD.
expression_ptr read_decimal(const std::string& text, parse_session& session, text_range where);
/// 1e3, 1.5D, 1.5F.
expression_ptr read_real(const std::string& text, parse_session& session, text_range where);
/// The hexadecimal digits of X'1F'.
expression_ptr read_binary(const std::string& digits, parse_session& session, text_range where);
/// DATE '...', TIMESTAMP '...', TIMESTAMP_NTZ '...'.
expression_ptr read_typed_literal(const std::string& type, const std::string& text, parse_session& session, text_range where);
expression_ptr make_string(const std::string& text);
expression_ptr make_interval(const interval_syntax& syntax, parse_session& session, text_range where);
/// INTERVAL DAY TO SECOND: the fields of a type, which libflow's one INTERVAL does not remember. One field is both.
struct interval_fields {
  std::string from, to;
};
interval_fields read_interval_fields(const std::string& from, const std::string& to, parse_session& session, text_range where);
/// CAST('1 02:03' AS INTERVAL DAY TO MINUTE): a constant text is read by these fields, anything else as an INTERVAL.
expression_ptr make_interval_cast(const expression_ptr& operand, const interval_fields& fields, bool try_cast,
                                  parse_session& session, text_range where);
/// INTERVAL '10 minutes'.
expression_ptr read_interval_text(const std::string& text, parse_session& session, text_range where);
/// The row count of LIMIT.
std::int64_t read_count(const std::string& text, parse_session& session, text_range where);

/// The text between quotes with Spark's backslash escapes and doubled quotes resolved.
std::string unescape(std::string_view quoted, char quote);

/// "2024-02-29", "2024-2", "2024": days since 1970-01-01.
std::optional<std::int32_t> read_date(std::string_view text);
/// "2024-02-29 10:00:00.5+01:00": microseconds since 1970-01-01, and whether a zone was given.
struct timestamp_text {
  std::int64_t microseconds = 0;
  bool zoned = false;
};
std::optional<timestamp_text> read_timestamp(std::string_view text);

}  // namespace flow::sql
