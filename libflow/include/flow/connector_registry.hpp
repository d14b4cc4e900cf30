#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flow/options.hpp"
#include "flow/sink.hpp"
#include "flow/source.hpp"

namespace flow {

/// What `load()` was called with.
struct source_request {
  flow::options options;  ///< "path" included when load(path) was used.
  schema_ptr schema;      ///< Null when the user gave none.
  bool streaming = true;
};

/// What `start()` was called with.
struct sink_request {
  flow::options options;  ///< "path" included; checkpointLocation and queryName are taken out before.
  std::vector<std::string> partition_by;
};

using source_factory = std::function<source_provider_ptr(const source_request&)>;
using sink_factory = std::function<sink_provider_ptr(const sink_request&)>;

/// format name -> connector. A session starts with the built-in ones; users may add their own.
class connector_registry {
 public:
  /// @throws error{invalid_argument} if the name is taken.
  void add_source(std::string format, source_factory make);
  void add_sink(std::string format, sink_factory make);
  /// @throws error{unknown_format} with the nearest name and all that can be read (written).
  const source_factory& source(std::string_view format) const;
  const sink_factory& sink(std::string_view format) const;

 private:
  std::map<std::string, source_factory, ignore_case_less> sources_;
  std::map<std::string, sink_factory, ignore_case_less> sinks_;
};

/// Registers file (text, json, csv), socket, rate, kafka. Defined by the sources room.
void register_sources(connector_registry& registry);
/// Registers console, file (text, json, csv), noop, and kafka where it was built. Defined by the sinks room. (memory, foreach,
/// foreach_batch are made by the writer, since they hold the session's tables and the user's functions.)
void register_sinks(connector_registry& registry);

}  // namespace flow
