#include "format/json_decoder.hpp"

#include <charconv>
#include <cstring>
#include <limits>

#include <arrow/util/base64.h>

#include "flow/error.hpp"
#include "format/json_layout.hpp"
#include "format/json_text.hpp"
#include "format/line_scanner.hpp"
#include "format/text_value.hpp"

namespace flow {
namespace {

void check_status(const arrow::Status& status) {
  if (!status.ok()) throw error(errc::query_failed, "JSON rows cannot be built: " + status.message());
}

/// "NaN", "+INF", "-Infinity"...: how JSON texts of Spark write what is no number.
bool read_not_finite(std::string_view text, double& value) {
  if (text == "NaN") {
    value = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  double sign = 1;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    if (text == "INF") {
      value = sign * std::numeric_limits<double>::infinity();
      return true;
    }
  }
  value = sign * std::numeric_limits<double>::infinity();
  return text == "Infinity";
}

bool read_base64(std::string_view text, std::string& out) {
  if (text.size() % 4 != 0) return false;
  const auto padding = text.ends_with("==") ? 2u : text.ends_with('=') ? 1u : 0u;
  const auto body = text.substr(0, text.size() - padding);
  if (body.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") != std::string_view::npos)
    return false;
  auto decoded = arrow::util::base64_decode(text);
  if (!decoded.ok()) return false;
  out = std::move(decoded).ValueUnsafe();
  return true;
}

}  // namespace

json_settings json_settings::read(const options& settings) {
  json_settings out;
  out.mode = read_malformed_mode(settings);
  out.corrupt_column = settings.text("columnNameOfCorruptRecord", "_corrupt_record");
  out.syntax.single_quotes = settings.boolean("allowSingleQuotes", true);
  out.syntax.unquoted_names = settings.boolean("allowUnquotedFieldNames", false);
  out.syntax.comments = settings.boolean("allowComments", false);
  out.syntax.leading_zeros = settings.boolean("allowNumericLeadingZeros", false);
  out.syntax.non_numeric = settings.boolean("allowNonNumericNumbers", true);
  out.syntax.control_characters = settings.boolean("allowUnquotedControlChars", false);
  out.syntax.any_escape = settings.boolean("allowBackslashEscapingAnyCharacter", false);
  out.times = time_reader::make(settings);
  out.multi_line = settings.boolean("multiLine", false);
  out.rewrites_values = out.multi_line;
  out.primitives_as_string = settings.boolean("primitivesAsString", false);
  out.prefers_decimal = settings.boolean("prefersDecimal", false);
  out.infer_timestamp = settings.boolean("inferTimestamp", false);
  out.drop_all_null = settings.boolean("dropFieldIfAllNull", false);
  out.sampling_ratio = read_ratio(settings, "samplingRatio");
  out.separator = read_line_separator(settings);
  out.syntax.one_line = !out.multi_line && out.separator.empty();
  check_encoding(settings);
  settings.text("locale", "en-US");
  return out;
}

/// What is remembered of a member's place in an object.
struct json_decoder::member_memo {
  json_key_memo key;
  json_length_memo length;
};

struct json_decoder::wanted_text {
  std::string text;
  json_key_memo bytes;  ///< The same, to compare short texts in line.

  /// Where `other` stands in a text.
  bool is(std::string_view other) const {
    if (other.size() != text.size()) return false;
    return bytes.size() == 0 ? other == text : bytes.matches(other.data(), other.data() + other.size());
  }
};

/// One value of the schema: its builder, and below it the members of a struct, the element of a list, key and value of a map.
struct json_decoder::node {
  std::string name;
  data_type type;
  arrow::Type::type id = arrow::Type::NA;
  arrow::ArrayBuilder* builder = nullptr;
  std::int64_t last_bytes = 0;                 ///< Of a STRING column's last batch.
  std::unique_ptr<arrow::ArrayBuilder> owned;  ///< Of a column; builders below belong to their parents.
  std::vector<std::unique_ptr<node>> below;
  bool ignored = false;             ///< The corrupt-record column.
  std::vector<wanted_text> wanted;  ///< Asked for by want_only(), or none.

  // Of structs and the root.
  std::unordered_map<std::string_view, int> members;
  std::vector<member_memo> order;  ///< By place in the object.
  std::vector<json_token> tokens;
  std::vector<std::uint64_t> seen;  ///< Object number in which the member's token was found.
  std::uint64_t object = 0;
  bool conflict = false;  ///< A repeated key lost a value that did not fit.
};

json_decoder::json_decoder(const json_settings& settings, const schema_ptr& schema, const std::vector<int>& columns,
                           json_root holds)
    : settings_(settings), holds_(holds), root_(std::make_unique<node>()) {
  add_members(*root_, schema->fields(), columns);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    auto& column = *root_->below[i];
    check_status(arrow::MakeBuilder(arrow::default_memory_pool(), column.type, &column.owned));
    outputs_.push_back(&column);
    if (holds != json_root::value && column.name == settings_.corrupt_column) {
      if (column.id != arrow::Type::STRING) {
        throw error(errc::invalid_argument, "the column \"" + column.name +
                                                "\" takes the text of rows that cannot be read: it must be STRING, not " +
                                                column.type->ToString());
      }
      column.ignored = true;
      corrupt_ = static_cast<int>(i);
      root_->members.erase(column.name);
    }
  }
  const std::function<void(node&, arrow::ArrayBuilder*)> attach = [&](node& one, arrow::ArrayBuilder* builder) {
    one.builder = builder;
    switch (one.id) {
      case arrow::Type::STRUCT:
        for (std::size_t i = 0; i < one.below.size(); ++i)
          attach(*one.below[i], builder->child_builder(static_cast<int>(i)).get());
        break;
      case arrow::Type::LIST:
        attach(*one.below[0], static_cast<arrow::ListBuilder*>(builder)->value_builder());
        break;
      case arrow::Type::MAP:
        attach(*one.below[0], static_cast<arrow::MapBuilder*>(builder)->key_builder());
        attach(*one.below[1], static_cast<arrow::MapBuilder*>(builder)->item_builder());
        break;
      default:
        break;
    }
  };
  for (auto* column : outputs_) attach(*column, column->owned.get());
}

json_decoder::json_decoder(json_decoder&&) noexcept = default;
json_decoder::~json_decoder() = default;

std::unique_ptr<json_decoder::node> json_decoder::make_node(const std::string& name, const data_type& type) const {
  auto out = std::make_unique<node>();
  out->name = name;
  out->type = type;
  out->id = type->id();
  switch (out->id) {
    case arrow::Type::STRUCT: {
      std::vector<int> all;
      for (int i = 0; i < type->num_fields(); ++i) all.push_back(i);
      const_cast<json_decoder*>(this)->add_members(*out, type->fields(), all);
      break;
    }
    case arrow::Type::LIST:
      out->below.push_back(make_node("element", type->field(0)->type()));
      break;
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      if (map.key_type()->id() != arrow::Type::STRING) {
        throw error(errc::invalid_argument, "JSON has only STRING keys in maps; \"" + name + "\" is " + type->ToString());
      }
      out->below.push_back(make_node("key", map.key_type()));
      out->below.push_back(make_node("value", map.item_type()));
      break;
    }
    default:
      break;
  }
  return out;
}

void json_decoder::add_members(node& parent, const arrow::FieldVector& fields, const std::vector<int>& columns) {
  for (const int i : columns)
    parent.below.push_back(make_node(fields[static_cast<std::size_t>(i)]->name(), fields[static_cast<std::size_t>(i)]->type()));
  for (std::size_t i = 0; i < parent.below.size(); ++i) parent.members.emplace(parent.below[i]->name, static_cast<int>(i));
  parent.tokens.resize(parent.below.size());
  parent.seen.resize(parent.below.size());
}

json_scanner json_decoder::inside(const json_token& token) const {
  json_scanner scanner(token.text(), settings_.syntax);
  scanner.jump(token.begin + 1);
  return scanner;
}

std::string_view json_decoder::plain(const json_token& token) {
  if (!token.escaped) return token.text();
  scratch_.clear();
  unescape_json(token.text(), scratch_);
  return scratch_;
}

json_decoder::key_found json_decoder::read_key(json_scanner& scanner, node& object, std::size_t place, int& member) {
  const auto* first = scanner.at();
  if (scanner.take('}')) return key_found::end;
  if (place > 0 && !scanner.take(',')) return key_found::malformed;
  json_token key;
  if (!scanner.skip_blanks() || !scanner.name(key) || !scanner.take(':') || !scanner.skip_blanks()) return key_found::malformed;
  const auto found = object.members.find(plain(key));
  member = found == object.members.end() ? -1 : found->second;
  if (place < most_places) {
    if (object.order.size() <= place) object.order.resize(place + 1);
    object.order[place].key = {std::string_view(first, static_cast<std::size_t>(scanner.at() - first)), member};
  }
  return key_found::key;
}

void json_decoder::want_only(std::size_t output, std::vector<std::string> values) {
  outputs_[output]->wanted.clear();
  for (auto& value : values) {
    const json_key_memo bytes(value, 0);
    outputs_[output]->wanted.push_back({std::move(value), bytes});
  }
  selective_ = true;
}

bool json_decoder::is_wanted(const node& column, const json_token& token) {
  if (token.kind == json_kind::null) return false;
  const auto text = plain(token);
  return std::any_of(column.wanted.begin(), column.wanted.end(),
                     [&](const wanted_text& one) { return token.escaped ? one.text == text : one.is(text); });
}

void json_decoder::keep_token(node& object, int member, const json_token& token) {
  const auto i = static_cast<std::size_t>(member);
  if (object.seen[i] == object.object && check(*object.below[i], token) == fit::bad) {
    // Of a repeated key the last value that fits counts.
    object.conflict = true;
    return;
  }
  if (object.seen[i] == object.object && check(*object.below[i], object.tokens[i]) != fit::good) object.conflict = true;
  object.tokens[i] = token;
  object.seen[i] = object.object;
}

/// In line: once for every value.
[[gnu::always_inline]] inline bool json_decoder::read_value(json_scanner& scanner, member_memo* memo, json_token& token) {
  const auto* at = scanner.at();
  if (*at != '"' || memo == nullptr) return scanner.plain_value(token) || (scanner.skip_blanks() && scanner.value(token));
  if (const auto* end = memo->length.guess(at + 1, scanner.end())) {
    token = {json_kind::string, false, at + 1, end};
    scanner.jump(end + 1);
    return true;
  }
  if (!scanner.plain_value(token) && !scanner.value(token)) return false;
  memo->length.see(token.text().size());
  return true;
}

template <bool stops_early>
bool json_decoder::read_members(json_scanner& scanner, node& object) {
  ++object.object;
  object.conflict = false;
  const auto* const end = scanner.end();
  for (std::size_t place = 0; scanner.at() < end; ++place) {
    if (place > 0 && *scanner.at() == '}') {
      scanner.jump(scanner.at() + 1);
      return true;
    }
    int member = -1;
    auto* memo = place < object.order.size() ? &object.order[place] : nullptr;
    if (memo != nullptr && memo->key.matches(scanner.at(), end)) {
      member = memo->key.member();
      scanner.jump(scanner.at() + memo->key.size());
    } else {
      const auto found = read_key(scanner, object, place, member);
      if (found != key_found::key) return found == key_found::end;
      memo = nullptr;
    }
    json_token token;
    if (!read_value(scanner, memo, token)) return false;
    if (member < 0) continue;
    const auto i = static_cast<std::size_t>(member);
    if constexpr (stops_early) {
      if (!object.below[i]->wanted.empty() && !is_wanted(*object.below[i], token)) {
        unwanted_ = true;
        return false;
      }
    }
    if (object.seen[i] != object.object) {
      object.tokens[i] = token;
      object.seen[i] = object.object;
    } else {
      keep_token(object, member, token);
    }
  }
  return false;
}

json_decoder::outcome json_decoder::decode(std::string_view text) {
  json_scanner scanner(text, settings_.syntax);
  if (!scanner.skip_blanks()) return outcome::malformed;
  if (scanner.at_end()) return outcome::blank;
  if (holds_ == json_root::value) return decode_value(scanner);
  if (scanner.peek('{')) return decode_object(scanner, text);
  if (scanner.peek('[') && holds_ == json_root::rows) return decode_array(scanner, text);
  return outcome::malformed;
}

bool json_decoder::reads_ahead() const {
  const auto& syntax = settings_.syntax;
  return syntax.one_line && !syntax.comments && !syntax.control_characters && holds_ == json_root::rows && corrupt_ < 0 &&
         settings_.mode != malformed_mode::fail;
}

json_decoder::outcome json_decoder::decode_first(std::string_view lines, const char*& reached) {
  json_scanner scanner(lines, settings_.syntax);
  if (!scanner.skip_blanks() || !scanner.peek('{')) return outcome::malformed;
  const auto result = decode_object(scanner, {});
  reached = scanner.at();
  return result;
}

json_decoder::outcome json_decoder::decode_object(json_scanner& scanner, std::string_view text) {
  scanner.jump(scanner.at() + 1);
  unwanted_ = false;
  if (!(selective_ ? read_members<true>(scanner, *root_) : read_members(scanner, *root_)))
    return unwanted_ ? outcome::unwanted : outcome::malformed;
  return add_object(*root_, text);
}

json_decoder::outcome json_decoder::decode_value(json_scanner& scanner) {
  json_token token;
  if (!scanner.value(token) || token.kind == json_kind::null) return outcome::malformed;
  auto& column = *outputs_[0];
  const bool only_element =
      column.id == arrow::Type::LIST && column.below[0]->id == arrow::Type::STRUCT && token.kind == json_kind::object;
  if (settings_.mode != malformed_mode::permissive) {
    complaint_ = "this is no " + to_ddl(*column.type);
    if (check(only_element ? *column.below[0] : column, token) != fit::good) return outcome::partial;
  }
  const auto result = only_element ? add_only_element(column, token) : add(column, token);
  if (result == fit::bad) return outcome::malformed;
  ++rows_;
  return result == fit::good ? outcome::added : outcome::partial;
}

/// An object where an array of them is wanted is the array's only element.
json_decoder::fit json_decoder::add_only_element(node& target, const json_token& token) {
  check_status(static_cast<arrow::ListBuilder*>(target.builder)->Append());
  return add(*target.below[0], token);
}

json_decoder::outcome json_decoder::decode_array(json_scanner& scanner, std::string_view text) {
  const auto* first = scanner.at();
  json_token whole;
  if (!scanner.value(whole)) return outcome::malformed;
  // All elements are looked at before the first is added.
  std::vector<json_token> objects;
  scanner.jump(first + 1);
  if (scanner.take(']')) return outcome::blank;
  do {
    json_token element;
    if (!scanner.skip_blanks() || !scanner.value(element) || element.kind != json_kind::object) return outcome::malformed;
    objects.push_back(element);
  } while (scanner.take(','));
  bool partial = false;
  if (settings_.mode != malformed_mode::permissive) {
    for (const auto& object : objects) {
      auto members = inside(object);
      read_members(members, *root_);
      if (check_members(*root_) != fit::good) return outcome::partial;
    }
  }
  const auto before = rows_;
  for (const auto& object : objects) {
    auto members = inside(object);
    read_members(members, *root_);
    partial = add_object(*root_, {}) == outcome::partial || partial;
  }
  if (corrupt_ >= 0) {
    auto& builder = static_cast<arrow::StringBuilder&>(*outputs_[static_cast<std::size_t>(corrupt_)]->builder);
    for (auto row = before; row < rows_; ++row) check_status(partial ? builder.Append(text) : builder.AppendNull());
  }
  return partial ? outcome::partial : outcome::added;
}

/// With `text` null the corrupt-record column is left to the caller.
json_decoder::outcome json_decoder::add_object(node& object, std::string_view text) {
  if (settings_.mode != malformed_mode::permissive && check_members(object) != fit::good) return outcome::partial;
  const bool good = add_members_of(object) == fit::good;
  ++rows_;
  if (corrupt_ >= 0 && text.data() != nullptr) {
    auto& builder = static_cast<arrow::StringBuilder&>(*outputs_[static_cast<std::size_t>(corrupt_)]->builder);
    check_status(good ? builder.AppendNull() : builder.Append(text));
  }
  return good ? outcome::added : outcome::partial;
}

json_decoder::fit json_decoder::add_members_of(node& object) {
  auto result = object.conflict ? fit::partial : fit::good;
  for (std::size_t i = 0; i < object.below.size(); ++i) {
    auto& member = *object.below[i];
    if (member.ignored) continue;
    if (object.seen[i] != object.object || object.tokens[i].kind == json_kind::null) {
      check_status(member.builder->AppendNull());
      continue;
    }
    const auto one = add(member, object.tokens[i]);
    if (one == fit::bad) check_status(member.builder->AppendNull());
    if (one != fit::good) {
      result = fit::partial;
      if (settings_.mode == malformed_mode::fail) complaint_ = member.name;
    }
  }
  return result;
}

json_decoder::fit json_decoder::check_members(node& object) {
  auto result = object.conflict ? fit::partial : fit::good;
  for (std::size_t i = 0; i < object.below.size(); ++i) {
    if (object.below[i]->ignored || object.seen[i] != object.object || object.tokens[i].kind == json_kind::null) continue;
    const auto token = object.tokens[i];
    if (check(*object.below[i], token) == fit::good) continue;
    result = fit::partial;
    complaint_ = "the value " + std::string(token.text()) + " of \"" + object.below[i]->name + "\" is no " +
                 to_ddl(*object.below[i]->type);
  }
  return result;
}

namespace {

template <class Builder, class Value>
bool append(arrow::ArrayBuilder* builder, const std::optional<Value>& value) {
  if (!value) return false;
  if (builder == nullptr) return true;
  auto& to = static_cast<Builder&>(*builder);
  if constexpr (std::is_same_v<Builder, arrow::BinaryBuilder>) {
    check_status(to.Append(*value));
  } else {
    if (to.length() == to.capacity()) check_status(to.Reserve(1));
    to.UnsafeAppend(*value);
  }
  return true;
}

void append_string(arrow::StringBuilder& to, std::string_view text) {
  const auto size = static_cast<std::int64_t>(text.size());
  if (to.length() == to.capacity() || to.value_data_capacity() - to.value_data_length() < size) {
    check_status(to.Append(text));
  } else {
    to.UnsafeAppend(text);
  }
}

std::optional<bool> read_word(const json_token& token) {
  if (token.kind != json_kind::boolean) return std::nullopt;
  return *token.begin == 't';
}

template <class Integer>
std::optional<Integer> read_whole(const json_token& token) {
  if (token.kind != json_kind::integer) return std::nullopt;
  return read_integer<Integer>(token.text());
}

}  // namespace

void json_decoder::add_text(node& target, const json_token& token) {
  auto& builder = static_cast<arrow::StringBuilder&>(*target.builder);
  if (token.kind == json_kind::string) {
    append_string(builder, plain(token));
  } else if (settings_.rewrites_values) {
    scratch_.clear();
    append_json_again(scratch_, token, settings_.syntax);
    check_status(builder.Append(scratch_));
  } else {
    check_status(builder.Append(token.text()));
  }
}

/// Adds the value, or with a null builder only looks whether it would fit.
json_decoder::fit json_decoder::add_scalar(node& target, const json_token& token) {
  const auto fits = [](bool good) { return good ? fit::good : fit::bad; };
  const bool number = token.kind == json_kind::integer || token.kind == json_kind::real;
  const bool filled = token.kind == json_kind::string && token.begin != token.end;
  auto* builder = target.builder;
  switch (target.id) {
    case arrow::Type::BOOL:
      return fits(append<arrow::BooleanBuilder>(builder, read_word(token)));
    case arrow::Type::INT8:
      return fits(append<arrow::Int8Builder>(builder, read_whole<std::int8_t>(token)));
    case arrow::Type::INT16:
      return fits(append<arrow::Int16Builder>(builder, read_whole<std::int16_t>(token)));
    case arrow::Type::INT32:
      return fits(append<arrow::Int32Builder>(builder, read_whole<std::int32_t>(token)));
    case arrow::Type::INT64:
      return fits(append<arrow::Int64Builder>(builder, read_whole<std::int64_t>(token)));
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE: {
      const bool narrow = target.id == arrow::Type::FLOAT;
      double value = 0;
      if (number && narrow) {
        return fits(append<arrow::FloatBuilder>(builder, read_float(token.text())));
      } else if (number) {
        return fits(append<arrow::DoubleBuilder>(builder, read_double(token.text())));
      } else if (token.kind != json_kind::not_finite && !(filled && settings_.syntax.non_numeric)) {
        return fit::bad;
      }
      if (!read_not_finite(plain(token), value) && token.text() != "INF") return fit::bad;
      if (narrow) return fits(append<arrow::FloatBuilder>(builder, std::optional(static_cast<float>(value))));
      return fits(append<arrow::DoubleBuilder>(builder, std::optional(value)));
    }
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(*target.type);
      if (!number && !filled) return fit::bad;
      return fits(append<arrow::Decimal128Builder>(builder, read_decimal(plain(token), decimal.precision(), decimal.scale())));
    }
    case arrow::Type::DATE32:
      if (!filled) return fit::bad;
      return fits(append<arrow::Date32Builder>(builder, settings_.times.date(plain(token))));
    case arrow::Type::TIMESTAMP: {
      const bool zoned = !static_cast<const arrow::TimestampType&>(*target.type).timezone().empty();
      if (filled) return fits(append<arrow::TimestampBuilder>(builder, settings_.times.timestamp(plain(token), zoned)));
      const auto seconds = zoned ? read_whole<std::int64_t>(token) : std::nullopt;
      std::int64_t micros = 0;
      if (!seconds || __builtin_mul_overflow(*seconds, std::int64_t{1'000'000}, &micros)) return fit::bad;
      return fits(append<arrow::TimestampBuilder>(builder, std::optional(micros)));
    }
    case arrow::Type::BINARY: {
      std::string bytes;
      if (token.kind != json_kind::string || !read_base64(plain(token), bytes)) return fit::bad;
      return fits(append<arrow::BinaryBuilder>(builder, std::optional<std::string_view>(bytes)));
    }
    case arrow::Type::NA:
      if (builder != nullptr) check_status(builder->AppendNull());
      return fit::good;
    default:
      throw error(errc::invalid_argument,
                  "JSON has no values of type " + to_ddl(*target.type) + " (column \"" + target.name + "\")");
  }
}

json_decoder::fit json_decoder::add(node& target, const json_token& token) {
  switch (target.id) {
    case arrow::Type::STRING:
      add_text(target, token);
      return fit::good;
    case arrow::Type::STRUCT:
      return add_struct(target, token);
    case arrow::Type::LIST:
      return add_list(target, token);
    case arrow::Type::MAP:
      return add_map(target, token);
    default:
      return add_scalar(target, token);
  }
}

json_decoder::fit json_decoder::add_struct(node& target, const json_token& token) {
  if (token.kind != json_kind::object) return fit::bad;
  auto members = inside(token);
  read_members(members, target);
  check_status(static_cast<arrow::StructBuilder*>(target.builder)->Append());
  return add_members_of(target);
}

json_decoder::fit json_decoder::add_list(node& target, const json_token& token) {
  auto result = check(target, token);
  if (result == fit::bad) return result;
  check_status(static_cast<arrow::ListBuilder*>(target.builder)->Append());
  auto scanner = inside(token);
  if (scanner.take(']')) return result;
  do {
    json_token element;
    scanner.skip_blanks();
    scanner.value(element);
    if (element.kind == json_kind::null) {
      check_status(target.below[0]->builder->AppendNull());
    } else {
      add(*target.below[0], element);
    }
  } while (scanner.take(','));
  return result;
}

json_decoder::fit json_decoder::add_map(node& target, const json_token& token) {
  const auto result = check(target, token);
  if (result == fit::bad) return result;
  check_status(static_cast<arrow::MapBuilder*>(target.builder)->Append());
  const auto entries = read_entries(token);
  for (const auto& [key, value] : entries) {
    add_text(*target.below[0], key);
    if (value.kind == json_kind::null) {
      check_status(target.below[1]->builder->AppendNull());
    } else {
      add(*target.below[1], value);
    }
  }
  return result;
}

/// The members of an object in their order, also those of one name.
std::vector<std::pair<json_token, json_token>> json_decoder::read_entries(const json_token& object) const {
  std::vector<std::pair<json_token, json_token>> entries;
  auto scanner = inside(object);
  if (scanner.take('}')) return entries;
  do {
    auto& [key, value] = entries.emplace_back();
    scanner.skip_blanks();
    scanner.name(key);
    scanner.take(':');
    scanner.skip_blanks();
    scanner.value(value);
  } while (scanner.take(','));
  return entries;
}

/// What add() would answer, with nothing added.
json_decoder::fit json_decoder::check(node& target, const json_token& token) {
  if (token.kind == json_kind::null || target.id == arrow::Type::STRING) return fit::good;
  if (target.id == arrow::Type::STRUCT) {
    if (token.kind != json_kind::object) return fit::bad;
    auto members = inside(token);
    read_members(members, target);
    return check_members(target);
  }
  if (target.id == arrow::Type::LIST || target.id == arrow::Type::MAP) {
    const bool list = target.id == arrow::Type::LIST;
    if (token.kind != (list ? json_kind::list : json_kind::object)) return fit::bad;
    auto result = fit::good;
    auto scanner = inside(token);
    if (scanner.take(list ? ']' : '}')) return result;
    do {
      json_token key, value;
      scanner.skip_blanks();
      if (!list) {
        scanner.name(key);
        scanner.take(':');
        scanner.skip_blanks();
      }
      scanner.value(value);
      const auto one = check(list ? *target.below[0] : *target.below[1], value);
      if (one == fit::bad) return fit::bad;
      if (one != fit::good) result = fit::partial;
    } while (scanner.take(','));
    return result;
  }
  auto* builder = std::exchange(target.builder, nullptr);
  const auto result = add_scalar(target, token);
  target.builder = builder;
  return result;
}

void json_decoder::add_corrupt(std::string_view text) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (static_cast<int>(i) == corrupt_) {
      check_status(static_cast<arrow::StringBuilder*>(outputs_[i]->builder)->Append(text));
    } else {
      check_status(outputs_[i]->builder->AppendNull());
    }
  }
  ++rows_;
}

void json_decoder::add_null() {
  for (auto* column : outputs_) check_status(column->builder->AppendNull());
  ++rows_;
}

void json_decoder::reserve(std::int64_t rows) {
  for (auto* column : outputs_) {
    check_status(column->builder->Reserve(rows));
    if (column->id != arrow::Type::STRING) continue;
    auto& text = static_cast<arrow::StringBuilder&>(*column->builder);
    check_status(text.ReserveData(column->last_bytes + column->last_bytes / 8));
  }
}

arrow::ArrayVector json_decoder::finish() {
  arrow::ArrayVector out;
  for (auto* column : outputs_) {
    if (column->id == arrow::Type::STRING)
      column->last_bytes = static_cast<arrow::StringBuilder&>(*column->builder).value_data_length();
    auto made = column->builder->Finish();
    check_status(made.status());
    out.push_back(std::move(made).ValueUnsafe());
  }
  rows_ = 0;
  return out;
}

std::string json_decoder::complaint() const { return complaint_; }

}  // namespace flow
