#include "flow/options.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include "flow/error.hpp"
#include "types/ascii.hpp"

namespace flow {

namespace {

[[noreturn]] void refuse(std::string_view key, std::string_view value, const std::string& expected) {
  throw error(errc::invalid_option,
              "option \"" + std::string(key) + "\" has the value \"" + std::string(value) + "\"; expected " + expected);
}

}  // namespace

bool ignore_case_less::operator()(std::string_view a, std::string_view b) const noexcept {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return to_lower(x) < to_lower(y); });
}

void options::set(std::string key, std::string value) { values_.insert_or_assign(std::move(key), std::move(value)); }

bool options::contains(std::string_view key) const { return values_.find(key) != values_.end(); }

std::optional<std::string> options::find(std::string_view key) const {
  known_.emplace(key);
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::string options::text(std::string_view key, std::string_view fallback) const {
  return find(key).value_or(std::string(fallback));
}

std::string options::required(std::string_view key, std::string_view purpose) const {
  auto value = find(key);
  if (value && !value->empty()) return *value;
  throw error(errc::invalid_option, "option \"" + std::string(key) + "\" is missing: " + std::string(purpose));
}

bool options::boolean(std::string_view key, bool fallback) const {
  const auto value = find(key);
  if (!value) return fallback;
  if (same_name(*value, "true")) return true;
  if (same_name(*value, "false")) return false;
  refuse(key, *value, "true or false");
}

std::int64_t options::integer(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most) const {
  const auto value = find(key);
  if (!value) return fallback;
  std::int64_t number = 0;
  const char* last = value->data() + value->size();
  const auto [end, failure] = std::from_chars(value->data(), last, number);
  if (failure == std::errc{} && end == last && number >= least && number <= most) return number;
  const bool unbounded = most == std::numeric_limits<std::int64_t>::max();
  refuse(key, *value,
         unbounded ? "an integer of at least " + std::to_string(least)
                   : "an integer from " + std::to_string(least) + " to " + std::to_string(most));
}

duration options::span(std::string_view key, duration fallback) const {
  const auto value = find(key);
  if (!value) return fallback;
  try {
    if (const auto span = parse_duration(*value); span >= duration{}) return span;
  } catch (const error&) {
  }
  refuse(key, *value, "a span of time such as \"10 seconds\" or \"500ms\"");
}

std::string options::choice(std::string_view key, std::string_view fallback,
                            std::initializer_list<std::string_view> allowed) const {
  const auto value = find(key);
  if (!value) return std::string(fallback);
  std::string expected;
  for (const auto candidate : allowed) {
    if (same_name(candidate, *value)) return std::string(candidate);
    expected += (expected.empty() ? "one of " : ", ") + std::string(candidate);
  }
  refuse(key, *value, expected);
}

void options::finish(std::string_view who) const {
  for (const auto& [key, value] : values_) {
    if (known_.contains(key)) continue;
    auto message = std::string(who) + " has no option \"" + key + "\"";
    const auto near = nearest_name(key, known_);
    if (!near.empty()) {
      message += "; did you mean \"" + near + "\"?";
    } else {
      std::string all;
      for (const auto& known : known_) all += (all.empty() ? "" : ", ") + known;
      message += all.empty() ? "; it has none" : "; it knows " + all;
    }
    throw error(errc::unknown_option, message);
  }
}

}  // namespace flow
