#include "flow/error.hpp"
#include "function/register.hpp"

namespace flow {

/// The entries only: a lambda's variables have types once the other arguments are bound, so the binder makes these calls.
void register_higher_order(function_catalog& c) {
  const auto add = [&](std::string name, std::string usage, std::string description) {
    function_entry entry;
    entry.name = std::move(name);
    entry.description = std::move(description);
    entry.bind_scalar = [usage](std::vector<bound_ptr>) -> scalar_binding {
      throw error(errc::type_mismatch, usage + " takes a lambda, such as x -> x + 1");
    };
    entry.usage = std::move(usage);
    c.add(std::move(entry));
  };
  add("transform", "transform(array, x -> value)", "The lambda's value for every element; (x, i) gives the index too.");
  add("filter", "filter(array, x -> condition)", "The elements for which the lambda is true.");
  add("exists", "exists(array, x -> condition)", "Whether the lambda is true for any element.");
  add("forall", "forall(array, x -> condition)", "Whether the lambda is true for every element.");
  add("aggregate", "aggregate(array, start, (acc, x) -> acc [, acc -> result])", "Elements folded into one value.");
  add("reduce", "reduce(array, start, (acc, x) -> acc [, acc -> result])", "Elements folded into one value.");
  add("zip_with", "zip_with(a, b, (x, y) -> value)", "The lambda's value for the elements at each place of two arrays.");
  add("map_filter", "map_filter(map, (k, v) -> condition)", "The entries for which the lambda is true.");
  add("map_zip_with", "map_zip_with(a, b, (k, x, y) -> value)",
      "The lambda's value for each key of either map and its values in both.");
  add("transform_keys", "transform_keys(map, (k, v) -> key)", "The map with other keys.");
  add("transform_values", "transform_values(map, (k, v) -> value)", "The map with other values.");
}

}  // namespace flow
