#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "flow/time.hpp"

namespace flow {

/// Keys without regard to case, as Spark treats options.
struct ignore_case_less {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const noexcept;
};

/// Options of one reader or writer: key -> text. A connector reads what it knows and calls finish(), which refuses the rest.
class options {
 public:
  void set(std::string key, std::string value);
  bool contains(std::string_view key) const;
  /// The raw text; marks the key as known.
  std::optional<std::string> find(std::string_view key) const;

  // Typed reads; each marks the key as known. @throws error{invalid_option} naming key, value and what is expected.
  std::string text(std::string_view key, std::string_view fallback) const;
  /// @throws error{invalid_option} when it is missing, saying what it is for.
  std::string required(std::string_view key, std::string_view purpose) const;
  bool boolean(std::string_view key, bool fallback) const;
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most) const;
  duration span(std::string_view key, duration fallback) const;
  /// One of `allowed`, without regard to case; returned as written in `allowed`.
  std::string choice(std::string_view key, std::string_view fallback, std::initializer_list<std::string_view> allowed) const;

  /// Refuses every key that was not read. @throws error{unknown_option} with `who` ("format \"csv\"") and the nearest known
  /// key.
  void finish(std::string_view who) const;

  const std::map<std::string, std::string, ignore_case_less>& values() const { return values_; }

 private:
  std::map<std::string, std::string, ignore_case_less> values_;
  mutable std::set<std::string, ignore_case_less> known_;
};

}  // namespace flow
