#include "sinks/kafka/kafka_sink.hpp"

#include "sinks/kafka/record_parts.hpp"
#include "sinks/kafka/record_delivery.hpp"
#include "sinks/kafka/sink_settings.hpp"

namespace flow {

namespace {

class kafka_sink final : public sink {
 public:
  explicit kafka_sink(kafka_sink_settings settings) : settings_(std::move(settings)) {}

  void open(const sink_context& context) override {
    columns_ = find_record_parts(*context.schema, !settings_.topic.empty());
    delivery_ = settings_.guarantee_for(context) == delivery_guarantee::exactly_once ? make_exactly_once(settings_, context)
                                                                                     : make_at_least_once(settings_, context);
  }
  epoch recover(epoch newest, const nlohmann::json& prepared) override { return delivery_->recover(newest, prepared); }
  void write(epoch e, const batch& rows) override {
    if (rows->num_rows() > 0) delivery_->write(e, record_rows(columns_, *rows));
  }
  nlohmann::json prepare(epoch e) override { return delivery_->prepare(e); }
  void commit(epoch e, const nlohmann::json& prepared) override { delivery_->commit(e, prepared); }
  void close() override { delivery_.reset(); }
  bool overlaps() const override { return true; }
  std::string description() const override { return settings_.description(); }

 private:
  kafka_sink_settings settings_;
  record_parts columns_;
  std::unique_ptr<record_delivery> delivery_;
};

class kafka_sink_provider final : public sink_provider {
 public:
  explicit kafka_sink_provider(kafka_sink_settings settings) : settings_(std::move(settings)) {}

  std::string description() const override { return settings_.description(); }
  nlohmann::json signature() const override { return {{"format", "kafka"}}; }
  void check(const arrow::Schema& schema, output_mode) const override { find_record_parts(schema, !settings_.topic.empty()); }
  std::unique_ptr<sink> make() const override { return std::make_unique<kafka_sink>(settings_); }

 private:
  kafka_sink_settings settings_;
};

}  // namespace

sink_provider_ptr make_kafka_sink(const sink_request& request) {
  return std::make_shared<kafka_sink_provider>(read_kafka_sink_settings(request));
}

}  // namespace flow
