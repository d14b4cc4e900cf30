#include "format/json_path.hpp"

#include <charconv>
#include <span>

#include "format/json_container.hpp"
#include "format/json_text.hpp"

namespace flow {
namespace {

using step = json_path::step;
using steps = std::span<const step>;

/// How a text found is written, and what happens to an array found.
enum class style { raw, quoted, flattened };

/// Values written one after another, into arrays or at the top.
class value_writer {
 public:
  explicit value_writer(std::string& out) : out_(out) {}

  void raw(std::string_view text) {
    separate();
    out_ += text;
  }
  void again(const json_token& value) {
    separate();
    append_json_again(out_, value, lookup_syntax);
  }
  void begin_array() {
    separate();
    out_ += '[';
    first_.push_back(true);
  }
  void end_array() {
    out_ += ']';
    first_.pop_back();
  }

 private:
  void separate() {
    if (first_.empty()) return;
    if (!first_.back()) out_ += ',';
    first_.back() = false;
  }

  std::string& out_;
  std::vector<bool> first_;
};

std::string plain(const json_token& text) {
  std::string out;
  unescape_json(text.text(), out);
  return out;
}

bool find(const json_token& value, steps path, style how, value_writer& out);

bool write(const json_token& value, style how, value_writer& out) {
  if (value.kind == json_kind::string && how == style::raw) {
    out.raw(value.escaped ? plain(value) : value.text());
    return true;
  }
  if (value.kind != json_kind::list || how != style::flattened) {
    out.again(value);
    return true;
  }
  bool written = false;
  for_each_element(value, [&](const json_token& element) { written = write(element, how, out) || written; });
  return written;
}

bool find_in_every(const json_token& list, steps path, style how, value_writer& out) {
  bool written = false;
  out.begin_array();
  for_each_element(list, [&](const json_token& element) { written = find(element, path, how, out) || written; });
  out.end_array();
  return written;
}

/// One match stands for itself, several for an array of them, as in Hive.
bool find_matches(const json_token& list, steps path, style how, value_writer& out) {
  std::string found;
  value_writer matches(found);
  int count = 0;
  matches.begin_array();
  for_each_element(list, [&](const json_token& element) { count += find(element, path, how, matches) ? 1 : 0; });
  matches.end_array();
  if (count > 1) out.raw(found);
  if (count == 1) out.raw(std::string_view(found).substr(1, found.size() - 2));
  return count > 0;
}

bool find_in_list(const json_token& list, steps path, style how, value_writer& out) {
  const auto rest = path.subspan(1);
  const bool then_every = !rest.empty() && rest[0].what == step::kind::every_element;
  if (path[0].what == step::kind::every_element) {
    if (then_every) return find_in_every(list, rest.subspan(1), style::flattened, out);
    if (how == style::quoted) return find_in_every(list, rest, style::quoted, out);
    return find_matches(list, rest, how == style::raw ? style::quoted : how, out);
  }
  if (path[0].what != step::kind::index) return false;
  bool written = false;
  std::int64_t at = 0;
  for_each_element(list, [&](const json_token& element) {
    if (at++ == path[0].index) written = find(element, rest, then_every ? style::quoted : how, out);
  });
  return written;
}

bool find_in_object(const json_token& object, steps path, style how, value_writer& out) {
  if (path[0].what != step::kind::member) return false;
  return any_member(object, [&](const json_token& name, const json_token& value) {
    const bool same = name.escaped ? plain(name) == path[0].name : name.text() == path[0].name;
    return same && value.kind != json_kind::null && find(value, path.subspan(1), how, out);
  });
}

bool find(const json_token& value, steps path, style how, value_writer& out) {
  if (path.empty()) return write(value, how, out);
  if (value.kind == json_kind::list) return find_in_list(value, path, how, out);
  return value.kind == json_kind::object && find_in_object(value, path, how, out);
}

/// Reads a path's text from the front.
class path_reader {
 public:
  explicit path_reader(std::string_view text) : rest_(text) {}

  bool done() {
    skip_blanks();
    return rest_.empty();
  }
  bool take(std::string_view text) {
    skip_blanks();
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  std::optional<step> next() {
    if (take(".*") || take("['*']")) return step{step::kind::every_member, {}, 0};
    if (take("[*]")) return step{step::kind::every_element, {}, 0};
    if (take("['")) return name_until("'", "']");
    if (take(".")) return name_until(".[", "");
    if (take("[")) return number();
    return std::nullopt;
  }

 private:
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  std::optional<step> name_until(std::string_view stops, std::string_view closing) {
    skip_blanks();
    const auto length = std::min(rest_.find_first_of(stops), rest_.size());
    step named{step::kind::member, std::string(rest_.substr(0, length)), 0};
    rest_.remove_prefix(length);
    if (length == 0 || !take(closing)) return std::nullopt;
    return named;
  }

  std::optional<step> number() {
    skip_blanks();
    step indexed{step::kind::index, {}, 0};
    const auto [end, failure] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), indexed.index);
    if (failure != std::errc() || rest_[0] == '-') return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    if (!take("]")) return std::nullopt;
    return indexed;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<json_path> json_path::parse(std::string_view text) {
  path_reader reader(text);
  if (!reader.take("$")) return std::nullopt;
  json_path out;
  while (!reader.done()) {
    auto next = reader.next();
    if (!next) return std::nullopt;
    out.steps_.push_back(std::move(*next));
  }
  return out;
}

bool json_path::find(std::string_view text, std::string& out) const {
  const auto root = scan_json(text);
  if (!root) return false;
  value_writer writer(out);
  const auto before = out.size();
  if (flow::find(*root, steps_, style::raw, writer)) return true;
  out.resize(before);
  return false;
}

std::optional<json_token> scan_json(std::string_view text) {
  json_scanner scanner(text, lookup_syntax);
  json_token root;
  if (!scanner.skip_blanks() || scanner.at_end() || !scanner.value(root)) return std::nullopt;
  return root;
}

}  // namespace flow
