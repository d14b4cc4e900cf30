#include "flow/connector_registry.hpp"

#include "flow/error.hpp"

namespace flow {

namespace {

template <class Connectors>
const auto& find_connector(const Connectors& connectors, std::string_view format, const std::string& verb,
                           const std::string& others) {
  const auto found = connectors.find(std::string(format));
  if (found != connectors.end()) return found->second;
  std::vector<std::string> names;
  std::string all;
  for (const auto& [name, make] : connectors) {
    names.push_back(name);
    all += (all.empty() ? "" : ", ") + name;
  }
  const auto near = nearest_name(format, names);
  throw error(errc::unknown_format, "format \"" + std::string(format) + "\" cannot be " + verb +
                                        (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                                        (near.empty() ? "; what can be: " : " What can be: ") + all + others);
}

template <class Connectors, class Make>
void add_connector(Connectors& connectors, std::string format, Make make, const char* kind) {
  const auto [place, added] = connectors.emplace(std::move(format), std::move(make));
  if (!added)
    throw error(errc::invalid_argument, "there is already a " + std::string(kind) + " of format \"" + place->first + "\"");
}

}  // namespace

void connector_registry::add_source(std::string format, source_factory make) {
  add_connector(sources_, std::move(format), std::move(make), "source");
}

void connector_registry::add_sink(std::string format, sink_factory make) {
  add_connector(sinks_, std::move(format), std::move(make), "sink");
}

const source_factory& connector_registry::source(std::string_view format) const {
  return find_connector(sources_, format, "read", "");
}

const sink_factory& connector_registry::sink(std::string_view format) const {
  return find_connector(sinks_, format, "written", ", memory; or give a function to foreach() or foreach_batch()");
}

}  // namespace flow
