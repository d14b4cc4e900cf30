#include <map>
#include <set>

#include "flow/error.hpp"
#include "format/json_decoder.hpp"
#include "format/line_scanner.hpp"
#include "format/text_value.hpp"

namespace flow {

/// A type under construction.
struct json_inference::shape {
  enum class kind { nothing, boolean, bigint, decimal, real, timestamp, text, list, record };

  kind what = kind::nothing;
  int precision = 0, scale = 0;
  std::map<std::string, shape, std::less<>> members;
  std::vector<shape> element;  ///< One, for a list.
  bool repeated = false;       ///< A member that some object has more than once.
};

namespace {

using shape = json_inference::shape;
using kind = shape::kind;

shape plain(kind what) {
  shape out;
  out.what = what;
  return out;
}

shape decimal_or_real(int precision, int scale) {
  if (precision > 38 || scale > 38) return plain(kind::real);
  auto out = plain(kind::decimal);
  out.precision = precision;
  out.scale = scale;
  return out;
}

shape merged(shape a, shape b);

shape merged_records(shape a, shape b) {
  for (auto& [name, member] : b.members) {
    const auto found = a.members.find(name);
    if (found == a.members.end()) {
      a.members.emplace(name, std::move(member));
    } else {
      const bool repeated = found->second.repeated || member.repeated;
      found->second = merged(std::move(found->second), std::move(member));
      found->second.repeated = repeated;
    }
  }
  return a;
}

shape merged_decimals(shape a, shape b) {
  const auto widen = [](shape& one) {
    if (one.what == kind::bigint) one = decimal_or_real(20, 0);
  };
  widen(a);
  widen(b);
  const int scale = std::max(a.scale, b.scale);
  return decimal_or_real(std::max(a.precision - a.scale, b.precision - b.scale) + scale, scale);
}

shape merged(shape a, shape b) {
  if (a.what == kind::nothing) return b;
  if (b.what == kind::nothing) return a;
  if (a.what == kind::record && b.what == kind::record) return merged_records(std::move(a), std::move(b));
  if (a.what == kind::list && b.what == kind::list) {
    a.element[0] = merged(std::move(a.element[0]), std::move(b.element[0]));
    return a;
  }
  const auto exact = [](const shape& one) { return one.what == kind::bigint || one.what == kind::decimal; };
  if (a.what == kind::bigint && b.what == kind::bigint) return a;
  if (exact(a) && exact(b)) return merged_decimals(std::move(a), std::move(b));
  if ((exact(a) || a.what == kind::real) && (exact(b) || b.what == kind::real)) return plain(kind::real);
  if (a.what == b.what && a.what != kind::list && a.what != kind::record) return a;
  return plain(kind::text);
}

bool has_type(const shape& one) { return one.what != kind::nothing && (one.what != kind::record || !one.members.empty()); }

class inferrer {
 public:
  explicit inferrer(const json_settings& settings) : settings_(settings) {}

  shape value(const json_token& token) const {
    switch (token.kind) {
      case json_kind::object:
        return record(token);
      case json_kind::list:
        return list(token);
      case json_kind::string:
        return text(token);
      case json_kind::boolean:
        return plain(settings_.primitives_as_string ? kind::text : kind::boolean);
      case json_kind::not_finite:
        return plain(settings_.primitives_as_string ? kind::text : kind::real);
      case json_kind::integer:
      case json_kind::real:
        return number(token);
      default:
        return plain(kind::nothing);
    }
  }

 private:
  shape text(const json_token& token) const {
    if (token.begin == token.end) return plain(kind::nothing);
    std::string body;
    unescape_json(token.text(), body);
    if (settings_.prefers_decimal) {
      if (const auto exact = read_exact(body)) return decimal_or_real(std::max(exact->precision, exact->scale), exact->scale);
    }
    if (settings_.infer_timestamp && settings_.times.is_timestamp(body)) return plain(kind::timestamp);
    return plain(kind::text);
  }

  shape number(const json_token& token) const {
    if (settings_.primitives_as_string) return plain(kind::text);
    const bool whole = token.kind == json_kind::integer;
    if (whole && read_integer<std::int64_t>(token.text())) return plain(kind::bigint);
    if (!whole && !settings_.prefers_decimal) return plain(kind::real);
    const auto exact = read_exact(token.text());
    if (!exact) return plain(kind::real);
    return decimal_or_real(std::max(exact->precision, exact->scale), exact->scale);
  }

  json_scanner inside(const json_token& token) const {
    json_scanner scanner(token.text(), settings_.syntax);
    scanner.jump(token.begin + 1);
    return scanner;
  }

  shape list(const json_token& token) const {
    auto out = plain(kind::list);
    out.element.emplace_back();
    auto scanner = inside(token);
    if (scanner.take(']')) return out;
    do {
      json_token element;
      scanner.skip_blanks();
      scanner.value(element);
      out.element[0] = merged(std::move(out.element[0]), value(element));
    } while (scanner.take(','));
    return out;
  }

  shape record(const json_token& token) const {
    auto out = plain(kind::record);
    std::set<std::string, ignore_case_less> typed;
    auto scanner = inside(token);
    if (scanner.take('}')) return out;
    do {
      json_token key, member;
      scanner.skip_blanks();
      scanner.name(key);
      scanner.take(':');
      scanner.skip_blanks();
      scanner.value(member);
      std::string name;
      unescape_json(key.text(), name);
      auto found = value(member);
      const bool again = has_type(found) && !typed.insert(name).second;
      auto& known = out.members[name];
      const bool repeated = known.repeated || again;
      known = merged(std::move(known), std::move(found));
      known.repeated = repeated;
    } while (scanner.take(','));
    return out;
  }

  const json_settings& settings_;
};

/// The members of one object must be named apart, whatever the case of their letters.
void refuse_repeated_members(const shape& one) {
  for (const auto& element : one.element) refuse_repeated_members(element);
  for (const auto& [name, member] : one.members) {
    if (!name.empty() && member.repeated)
      throw error(errc::invalid_argument, "two members of one object are named \"" + name +
                                              "\" (names differ at most in case); give a schema that names one of them");
    refuse_repeated_members(member);
  }
}

/// The finished type; null for what holds nothing.
data_type type_of(const shape& one, bool drop_all_null) {
  switch (one.what) {
    case kind::boolean:
      return arrow::boolean();
    case kind::bigint:
      return arrow::int64();
    case kind::decimal:
      return arrow::decimal128(one.precision, one.scale);
    case kind::real:
      return arrow::float64();
    case kind::timestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case kind::text:
      return arrow::utf8();
    case kind::nothing:
      return drop_all_null ? nullptr : arrow::utf8();
    case kind::list: {
      auto element = type_of(one.element[0], drop_all_null);
      return element == nullptr ? nullptr : arrow::list(element);
    }
    case kind::record: {
      arrow::FieldVector fields;
      for (const auto& [name, member] : one.members) {
        if (name.empty()) continue;
        if (auto type = type_of(member, drop_all_null)) fields.push_back(arrow::field(name, std::move(type)));
      }
      return fields.empty() ? nullptr : arrow::struct_(fields);
    }
  }
  return nullptr;
}

}  // namespace

json_inference::json_inference(const json_settings& settings)
    : settings_(settings), root_(std::make_unique<shape>(plain(kind::record))) {}
json_inference::~json_inference() = default;

void json_inference::add(std::string_view text) {
  json_scanner scanner(text, settings_.syntax);
  json_token token;
  const bool started = scanner.skip_blanks();
  if (started && scanner.at_end()) return;
  bool good = started && valid_utf8(text) && scanner.value(token);
  if (good) {
    auto row = inferrer(settings_).value(token);
    if (row.what == kind::list) row = std::move(row.element[0]);
    if (row.what == kind::record) {
      *root_ = merged_records(std::move(*root_), std::move(row));
    } else {
      good = row.what == kind::nothing && (token.kind == json_kind::list || token.kind == json_kind::null);
    }
  }
  if (good) return;
  if (settings_.mode == malformed_mode::fail) {
    throw error(errc::malformed_data, "no JSON object: " + std::string(text.substr(0, 200)) +
                                          " (found while the schema was inferred in FAILFAST mode)");
  }
  corrupt_ = corrupt_ || settings_.mode == malformed_mode::permissive;
}

data_type json_inference::type_of_value(std::string_view text, const json_settings& settings) {
  json_scanner scanner(text, settings.syntax);
  json_token token;
  if (!scanner.skip_blanks()) return nullptr;
  if (scanner.at_end()) return arrow::utf8();
  if (!valid_utf8(text) || !scanner.value(token)) return nullptr;
  const auto one = inferrer(settings).value(token);
  if (auto type = type_of(one, settings.drop_all_null)) return type;
  const auto nothing = arrow::struct_(arrow::FieldVector{});
  if (one.what == kind::record) return nothing;
  return one.what == kind::list && one.element[0].what == kind::record ? arrow::list(nothing) : arrow::utf8();
}

schema_ptr json_inference::finish() const {
  refuse_repeated_members(*root_);
  std::map<std::string, data_type, std::less<>> fields;
  for (const auto& [name, member] : root_->members) {
    if (name.empty()) continue;
    if (auto type = type_of(member, settings_.drop_all_null)) fields.emplace(name, std::move(type));
  }
  if (corrupt_) fields.emplace(settings_.corrupt_column, arrow::utf8());
  arrow::FieldVector out;
  for (const auto& [name, type] : fields) out.push_back(arrow::field(name, type));
  return arrow::schema(std::move(out));
}

}  // namespace flow
