#include "function/regular_expression.hpp"

#include <mutex>

#include "flow/error.hpp"

namespace flow {

namespace {

/// Java's spellings that RE2 writes otherwise: (?<name> as (?P<name>.
std::string translated(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      out += pattern[i++];
      out += pattern[i];
      continue;
    }
    out += pattern[i];
    const bool named =
        pattern.substr(i, 3) == "(?<" && i + 3 < pattern.size() && pattern[i + 3] != '=' && pattern[i + 3] != '!';
    if (named) {
      out += "?P<";
      i += 2;
    }
  }
  return out;
}

}  // namespace

std::unique_ptr<const RE2> compile_expression(std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  const auto text = translated(pattern);
  auto compiled = std::make_unique<const RE2>(text, options);
  if (!compiled->ok()) {
    throw error(errc::evaluation_failed, "the regular expression '" + std::string(pattern) + "' cannot be used: " +
                                             compiled->error() + " (look-around and back-references are not supported)");
  }
  return compiled;
}

std::function<const RE2&()> lazy_expression(std::string pattern) {
  struct state {
    std::string pattern;
    std::once_flag once;
    std::unique_ptr<const RE2> compiled;
  };
  auto shared = std::make_shared<state>();
  shared->pattern = std::move(pattern);
  return [shared]() -> const RE2& {
    std::call_once(shared->once, [&] { shared->compiled = compile_expression(shared->pattern); });
    return *shared->compiled;
  };
}

const RE2& expression_cache::get(std::string_view pattern) {
  auto& slot = compiled_[std::string(pattern)];
  if (!slot) slot = compile_expression(pattern);
  return *slot;
}

std::optional<std::string> plain_text(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      const bool escaped = i + 1 < pattern.size() && std::ispunct(static_cast<unsigned char>(pattern[i + 1])) != 0;
      if (!escaped) return std::nullopt;
      out += pattern[++i];
    } else if (std::string_view(".[]{}()*+?^$|").find(c) != std::string_view::npos) {
      return std::nullopt;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace flow
