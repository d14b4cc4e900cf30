#include <algorithm>
#include <cctype>

#include <arrow/api.h>
#include <re2/re2.h>

#include "flow/error.hpp"
#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

using std::string_view;

/// A URI's parts as java.net.URI finds them: raw, absent where it has none.
struct uri {
  std::optional<string_view> scheme, authority, user, host, path, query, fragment;
};

bool is_hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

/// Blanks, controls and a few signs cannot stand in a URI, and % begins two digits.
bool is_legal(string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7F || string_view("\"<>\\^`{|}").find(c) != string_view::npos)
      return false;
    if (c == '%' && (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))) return false;
  }
  return true;
}

/// Cuts off what follows `mark`, if it is there.
std::optional<string_view> cut_behind(string_view& text, char mark) {
  const auto at = text.find(mark);
  if (at == string_view::npos) return std::nullopt;
  const auto behind = text.substr(at + 1);
  text = text.substr(0, at);
  return behind;
}

bool is_scheme(string_view text) {
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
         });
}

bool is_host(string_view host) {
  if (host.starts_with('[')) return host.ends_with(']');
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.';
  });
}

/// user@host:port; anything else is an authority without a host.
void read_authority(uri& out) {
  auto rest = *out.authority;
  std::optional<string_view> user;
  if (const auto at = rest.find('@'); at != string_view::npos) {
    user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  const auto colon = rest.rfind(':');
  if (colon != string_view::npos && rest.find(']', colon) == string_view::npos) {
    const auto port = rest.substr(colon + 1);
    if (!std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) return;
    rest = rest.substr(0, colon);
  }
  if (!is_host(rest)) return;
  out.user = user;
  out.host = rest;
}

std::optional<uri> read_uri(string_view text) {
  uri out;
  if (!is_legal(text)) return std::nullopt;
  out.fragment = cut_behind(text, '#');
  const auto colon = text.find(':'), slash = text.find_first_of("/?");
  if (colon != string_view::npos && colon < slash) {
    if (!is_scheme(text.substr(0, colon))) return std::nullopt;
    out.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;
    if (text[0] != '/') return out;
  }
  out.query = cut_behind(text, '?');
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const auto end = std::min(text.find('/'), text.size());
    if (end > 0) out.authority = text.substr(0, end);
    text.remove_prefix(end);
    if (out.authority) read_authority(out);
  }
  out.path = text;
  return out;
}

bool append_part(string_sink& out, string_view url, string_view part) {
  const auto parts = read_uri(url);
  if (!parts) return false;
  if (part == "FILE") {
    if (!parts->path) return false;
    out.append(*parts->path);
    if (parts->query) {
      out.push('?');
      out.append(*parts->query);
    }
    return true;
  }
  const auto found = part == "HOST"        ? parts->host
                     : part == "PATH"      ? parts->path
                     : part == "QUERY"     ? parts->query
                     : part == "REF"       ? parts->fragment
                     : part == "PROTOCOL"  ? parts->scheme
                     : part == "AUTHORITY" ? parts->authority
                     : part == "USERINFO"  ? parts->user
                                           : std::nullopt;
  if (found) out.append(*found);
  return found.has_value();
}

bool append_parameter(string_sink& out, string_view url, string_view part, string_view name) {
  const auto parts = part == "QUERY" ? read_uri(url) : std::nullopt;
  if (!parts || !parts->query) return false;
  // Spark puts the name into a pattern as it is.
  const RE2 pattern("(?:&|^|\\?)" + std::string(name) + "=([^&]*)", RE2::Quiet);
  re2::StringPiece value;
  const re2::StringPiece query(parts->query->data(), parts->query->size());
  if (!pattern.ok() || pattern.NumberOfCapturingGroups() < 1 || !RE2::PartialMatch(query, pattern, &value)) return false;
  out.append({value.data(), value.size()});
  return true;
}

scalar_binding bind_parse_url(bound_list a) {
  const auto& s = types::string();
  const auto with_key = a.size() == 3;
  auto kernel = with_key ? map_text<string_view, string_view, string_view>(s, append_parameter)
                         : map_text<string_view, string_view>(s, append_part);
  return {std::move(a), s, std::move(kernel), true};
}

}  // namespace

void register_url(function_catalog& c) {
  using enum accepts;
  define(c,
         {"parse_url", "parse_url(url, part [, key])",
          "HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO of a URL, or a parameter of its query."},
         takes({plain_text, plain_text, plain_text}, 2), bind_parse_url);
  define_synonyms(c, {"try_parse_url"});
}

}  // namespace flow
