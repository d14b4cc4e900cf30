#include "flow/error.hpp"
#include "flow/failpoint.hpp"
#include "sinks/kafka/epoch_note.hpp"
#include "sinks/kafka/record_delivery.hpp"
#include "sinks/kafka/transaction_pair.hpp"

namespace flow {

namespace {

/// An epoch's records and its marker are one transaction, committed after the epoch is durable in the checkpoint.
///
/// commit() may be called by another thread while the next epoch is written and prepared. The two never use the same
/// transaction: the next epoch takes the other one, and the epoch after it comes only when commit() is through.
class exactly_once final : public record_delivery {
 public:
  exactly_once(const kafka_sink_settings& settings, const sink_context& context)
      : settings_(settings), transactions_(settings_, context) {}

  epoch recover(epoch newest, const nlohmann::json& prepared) override {
    const auto note = epoch_note::find(prepared);
    const auto shown = transactions_.settle(note ? note->topics : fixed_topic());
    if (!settings_.topic.empty()) transactions_.current().records().look_up(settings_.topic);
    return note ? resume(newest, *note, shown) : begin(newest, shown);
  }

  void write(epoch e, const record_rows& rows) override {
    auto& open = transactions_.current();
    if (!open.is_open()) {
      topic_ = settings_.topic.empty() ? std::string(rows.required_topic(0)) : settings_.topic;
      open.records().look_up(topic_);  // The marker of a topic that is not there would be tried until its time is up.
      open.begin();
      open.mark(transactions_.group(), topic_, e);
      failpoint("kafka.begin.after");
    }
    open.records().send(rows, settings_.topic);
  }

  nlohmann::json prepare(epoch e) override {
    auto& open = transactions_.current();
    if (!open.is_open()) {
      return marker_topic_.empty() ? nlohmann::json() : epoch_note{marker_, marker_, {marker_topic_}}.to_json();
    }
    if (marker_topic_.empty()) mark_begin(topic_);
    open.complete();
    auto note = epoch_note{e, marker_, {topic_}}.to_json();
    if (marker_topic_ != topic_) note["topics"].push_back(marker_topic_);
    note["transaction"] = transactions_.turn();
    marker_ = e;
    marker_topic_ = topic_;
    transactions_.next_turn();
    return note;
  }

  void commit(epoch e, const nlohmann::json& prepared) override {
    const auto note = epoch_note::find(prepared);
    if (note && note->marker == e) transactions_.at(prepared.at("transaction").get<std::size_t>()).commit();
  }

 private:
  std::vector<std::string> fixed_topic() const {
    return settings_.topic.empty() ? std::vector<std::string>{} : std::vector{settings_.topic};
  }

  epoch resume(epoch newest, const epoch_note& note, std::optional<epoch> shown) {
    const auto visible = last_visible(newest, note, shown, transactions_.group());
    marker_ = *shown;
    marker_topic_ = *shown == note.marker ? note.topics.front() : note.topics.back();
    return visible;
  }

  /// The first start, or one after runs that were not exactly-once. A checkpoint with rows always has a marker beside it from
  /// now on, so that its absence says that it was lost; where rows name their topics, from the first row on.
  epoch begin(epoch newest, std::optional<epoch> shown) {
    if (shown && *shown > newest) throw older_than_output(newest, *shown, transactions_.group());
    marker_ = newest;
    if (!settings_.topic.empty()) mark_begin(settings_.topic);
    return newest;
  }

  void mark_begin(const std::string& topic) {
    transactions_.mark_alone(marker_, topic);
    marker_topic_ = topic;
  }

  const kafka_sink_settings settings_;
  transaction_pair transactions_;
  std::string topic_;         ///< Of the marker of the transaction under way.
  epoch marker_;              ///< The newest one, committed or about to be.
  std::string marker_topic_;  ///< Where it lies; "" if there is none.
};

}  // namespace

std::unique_ptr<record_delivery> make_exactly_once(const kafka_sink_settings& settings, const sink_context& context) {
  return std::make_unique<exactly_once>(settings, context);
}

}  // namespace flow
