#include "sinks/kafka/epoch_note.hpp"
#include "sinks/kafka/record_delivery.hpp"
#include "sinks/kafka/transaction_pair.hpp"

namespace flow {

namespace {

rdkafka_conf idempotent_conf(const kafka_sink_settings& settings) {
  // Records that come while a request is under way share the next one, so that a fast stream is sent in large pieces anyhow.
  auto conf = settings.producer_conf("0");
  set_property(*conf, "enable.idempotence", "true");
  return conf;
}

/// Records are visible as soon as brokers have them; the epoch becomes durable after they have all of them.
class at_least_once final : public record_delivery {
 public:
  at_least_once(kafka_sink_settings settings, sink_context context)
      : settings_(std::move(settings)),
        context_(std::move(context)),
        producer_(idempotent_conf(settings_), "producer " + context_.query_id, settings_.start_timeout) {}

  epoch recover(epoch newest, const nlohmann::json& prepared) override {
    if (!settings_.topic.empty()) producer_.look_up(settings_.topic);
    const auto note = epoch_note::find(prepared);
    return note ? after_exactly_once(newest, *note) : newest;
  }
  void write(epoch, const record_rows& rows) override { producer_.send(rows, settings_.topic); }
  nlohmann::json prepare(epoch) override {
    producer_.flush();
    return nullptr;
  }
  void commit(epoch, const nlohmann::json&) override {}

 private:
  /// The run before left its last epoch's transaction committed or not; where the brokers cannot say, it is written again.
  epoch after_exactly_once(epoch newest, const epoch_note& note) const {
    transaction_pair left(settings_, context_);
    const auto shown = left.settle(note.topics);
    return last_visible(newest, note, shown.value_or(note.before), left.group());
  }

  kafka_sink_settings settings_;
  sink_context context_;
  record_producer producer_;
};

}  // namespace

std::unique_ptr<record_delivery> make_at_least_once(const kafka_sink_settings& settings, const sink_context& context) {
  return std::make_unique<at_least_once>(settings, context);
}

}  // namespace flow
