#include "sinks/kafka/transaction_pair.hpp"

#include "sinks/kafka/epoch_marker.hpp"

namespace flow {

transaction_pair::transaction_pair(const kafka_sink_settings& settings, const sink_context& context)
    : settings_(settings),
      group_(settings.id_prefix + "-" + context.query_id),
      transactions_{
          transaction(settings, group_ + "-0", settings.transaction_timeout(context), settings.transaction_linger(context)),
          transaction(settings, group_ + "-1", settings.transaction_timeout(context), settings.transaction_linger(context))} {}

std::optional<epoch> transaction_pair::settle(const std::vector<std::string>& topics) {
  for (auto& each : transactions_) each.initialise();
  return read_epoch_marker(settings_, group_, topics);
}

void transaction_pair::mark_alone(epoch number, const std::string& topic) {
  auto& idle = transactions_[1 - turn_];
  idle.begin();
  idle.mark(group_, topic, number);
  idle.complete();
  idle.commit();
}

}  // namespace flow
