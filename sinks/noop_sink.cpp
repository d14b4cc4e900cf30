#include "sinks/noop_sink.hpp"

namespace flow {

namespace {

class noop_sink final : public sink {
 public:
  void open(const sink_context&) override {}
  void write(epoch, const batch&) override {}
  nlohmann::json prepare(epoch) override { return nullptr; }
  bool overlaps() const override { return true; }
  bool blocking() const override { return false; }
  std::string description() const override { return "NoopSink"; }
};

class noop_sink_provider final : public sink_provider {
 public:
  std::string description() const override { return "NoopSink"; }
  nlohmann::json signature() const override { return {{"format", "noop"}}; }
  void check(const arrow::Schema&, output_mode) const override {}
  std::unique_ptr<sink> make() const override { return std::make_unique<noop_sink>(); }
};

}  // namespace

sink_provider_ptr make_noop_sink(const sink_request& request) {
  request.options.finish("format \"noop\"");
  return std::make_shared<noop_sink_provider>();
}

}  // namespace flow
