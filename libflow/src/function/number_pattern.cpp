#include "function/number_pattern.hpp"

#include <algorithm>

#include "types/ascii.hpp"

namespace flow {

namespace {

bool is_sign_mark(char c) { return c == '+' || c == '-' || c == '<'; }

/// A blank before the sign at the end, so that the sign stays beside the digits.
void push_blank(std::string& out) {
  auto at = out.end();
  while (at != out.begin() && is_sign_mark(*(at - 1))) --at;
  out.insert(at, ' ');
}

/// A mark before the blanks at the end.
void push_mark(std::string& out, char mark) {
  auto at = out.end();
  while (at != out.begin() && *(at - 1) == ' ') --at;
  out.insert(at, mark);
}

/// A point behind which nothing follows becomes a blank.
void drop_lone_point(std::string& out) {
  const auto at = out.find('.');
  if (at != std::string::npos && (at + 1 == out.size() || out[at + 1] == ' ')) out[at] = ' ';
}

}  // namespace

std::variant<number_pattern, std::string> number_pattern::parse(std::string_view text) {
  const auto pattern = to_upper(text);
  std::string_view rest = pattern;
  number_pattern out;
  const auto take_word = [&](std::string_view word) {
    if (!rest.starts_with(word)) return false;
    rest.remove_prefix(word.size());
    return true;
  };
  const auto take_sign = [&] { return take_word("MI") ? sign::minus : take_word("S") ? sign::both : sign::none; };
  const auto take_digits = [&] {
    int count = 0;
    while (!rest.empty() && (rest[0] == '0' || rest[0] == '9')) {
      rest.remove_prefix(1);
      ++count;
    }
    return count;
  };
  if (pattern.empty()) return "it is empty";
  out.before_ = take_sign();
  out.dollar_ = take_word("$");
  while (!rest.empty()) {
    const bool exact = rest[0] == '0';
    const int digits = take_digits();
    if (digits == 0) break;
    out.groups_.push_back({digits, exact});
    out.whole_ += digits;
    const bool more = rest.size() > 1 && (rest[0] == ',' || rest[0] == 'G') && (rest[1] == '0' || rest[1] == '9');
    if (!more) break;
    rest.remove_prefix(1);
  }
  out.point_ = take_word(".") || take_word("D");
  if (out.point_) out.scale_ = take_digits();
  if (out.whole_ + out.scale_ == 0) return "it has no digit: write 0 or 9 for each";
  if (out.whole_ + out.scale_ > 38) return "it has more than 38 digits";
  out.after_ = take_sign();
  out.brackets_ = out.after_ == sign::none && take_word("PR");
  if (!rest.empty()) return "there is no place in it for '" + std::string(rest) + "': expected [MI|S] [$] 9,990 . 99 [PR|MI|S]";
  if (out.before_ != sign::none && out.before_ == out.after_) return "its sign is there twice";
  return out;
}

std::optional<std::size_t> number_pattern::read_whole(std::string_view text, std::string& digits) const {
  std::vector<int> sizes{0};
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      digits += text[i];
      ++sizes.back();
    } else if (text[i] == ',') {
      sizes.push_back(0);
    } else if (!is_blank(text[i])) {
      break;
    }
  }
  if (sizes.size() > groups_.size()) return std::nullopt;
  // Groups of the pattern that come before those of the text stay empty.
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const auto missing = groups_.size() - sizes.size();
    const int size = g < missing ? 0 : sizes[g - missing];
    if (groups_[g].exact ? size != groups_[g].digits : size > groups_[g].digits) return std::nullopt;
  }
  return i;
}

std::optional<arrow::Decimal128> number_pattern::read(std::string_view text) const {
  bool negative = false, bracket = false;
  const auto read_sign = [&](sign which) {
    if (which == sign::none) return;
    if (take(text, '-')) {
      negative = !negative;
    } else if (which == sign::both) {
      take(text, '+');
    }
  };
  if (brackets_) bracket = take(text, '<');
  read_sign(before_);
  if (dollar_ && !take(text, '$')) return std::nullopt;
  std::string digits, fraction;
  if (!groups_.empty()) {
    const auto end = read_whole(text, digits);
    if (!end) return std::nullopt;
    text.remove_prefix(*end);
  }
  if (point_ && take(text, '.')) {
    while (!text.empty() && (is_digit(text[0]) || is_blank(text[0]))) {
      if (is_digit(text[0])) fraction += text[0];
      text.remove_prefix(1);
    }
  }
  read_sign(after_);
  if (bracket && !take(text, '>')) return std::nullopt;
  if (!text.empty() || digits.size() + fraction.size() == 0 || fraction.size() > static_cast<std::size_t>(scale_))
    return std::nullopt;
  fraction.resize(static_cast<std::size_t>(scale_), '0');
  const auto value = arrow::Decimal128::FromString(digits + fraction);
  if (!value.ok()) return std::nullopt;
  return negative != bracket ? arrow::Decimal128(-*value) : *value;
}

void number_pattern::append(std::string& result, const arrow::Decimal128& value, int scale) const {
  const bool negative = value < arrow::Decimal128(0);
  auto digits = arrow::Decimal128(arrow::Decimal128::Abs(value)).ToIntegerString();
  const auto places = static_cast<std::size_t>(scale);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  std::string whole = digits.substr(0, digits.size() - places), fraction = digits.substr(digits.size() - places);
  whole.erase(0, whole.find_first_not_of('0'));
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  const auto whole_places = static_cast<std::size_t>(whole_), fraction_places = static_cast<std::size_t>(scale_);
  if (whole.size() > whole_places || fraction.size() > fraction_places) {
    whole.assign(whole_places, '#');
    fraction.assign(fraction_places, '#');
  }
  whole.insert(0, whole_places - whole.size(), ' ');
  fraction.resize(fraction_places, '0');

  std::string out;
  if (brackets_ && negative) out += '<';
  append_sign(out, before_, negative);
  if (dollar_) out += '$';
  append_whole(out, whole);
  if (point_) {
    if (!out.empty() && out.back() == ' ') out.back() = '0';
    out += '.';
  }
  out += fraction;
  append_sign(out, after_, negative);
  if (brackets_) {
    drop_lone_point(out);
    negative ? push_mark(out, '>') : void(out += "  ");
  }
  drop_lone_point(out);
  result += out == "+" || out == "-" ? "0" : out;
}

void number_pattern::append_sign(std::string& out, sign which, bool negative) {
  if (which == sign::none) return;
  if (which == sign::minus && !negative) {
    out += ' ';
    return;
  }
  drop_lone_point(out);
  push_mark(out, negative ? '-' : '+');
}

void number_pattern::append_whole(std::string& out, std::string_view digits) const {
  std::size_t at = 0;
  for (const auto& group : groups_) {
    if (&group != groups_.data()) !out.empty() && is_digit(out.back()) ? void(out += ',') : push_blank(out);
    for (int i = 0; i < group.digits; ++i) {
      const char c = digits[at++];
      if (c != ' ') {
        out += c;
      } else {
        group.exact ? void(out += '0') : push_blank(out);
      }
    }
  }
}

}  // namespace flow
