#include "flow/function_catalog.hpp"

#include <algorithm>

#include "flow/error.hpp"
#include "function/register.hpp"
#include "types/ascii.hpp"

namespace flow {

const function_catalog& function_catalog::builtin() {
  static const function_catalog catalog = [] {
    function_catalog c;
    for (const auto family :
         {register_arithmetic, register_math,         register_rounding,      register_bitwise,       register_comparison,
          register_logic,      register_conditional,  register_strings,       register_string_search, register_split,
          register_regexp,     register_datetime,     register_datetime_text, register_interval,      register_collection,
          register_array_sets, register_array_insert, register_struct_map,    register_conversion,    register_hash,
          register_encoding,   register_digest,       register_higher_order,  register_json,          register_csv,
          register_url,        register_string_check, register_format_number, register_number_text,   register_format_string,
          register_random,     register_generators,   register_aggregates}) {
      family(c);
    }
    c.seal();
    return c;
  }();
  return catalog;
}

const function_entry* function_catalog::find(std::string_view name) const {
  const auto key = to_lower(name);
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), key,
                                   [](const function_entry& e, const std::string& k) { return e.name < k; });
  return at != entries_.end() && at->name == key ? &*at : nullptr;
}

std::span<const function_entry> function_catalog::entries() const { return entries_; }

const function_entry& function_catalog::at(std::string_view name) const {
  if (const auto* entry = find(name)) return *entry;
  std::vector<std::string> names;
  for (const auto& e : entries_) names.push_back(e.name);
  const auto near = nearest_name(name, names);
  throw error(errc::unknown_function,
              "there is no function '" + std::string(name) + "'" +
                  (near.empty() ? "; the command \"flow functions\" lists all" : "; did you mean '" + near + "'?"));
}

void function_catalog::add(function_entry entry) { entries_.push_back(std::move(entry)); }

void function_catalog::seal() {
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const function_entry& a, const function_entry& b) { return a.name < b.name; });
}

}  // namespace flow
