#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flow/epoch.hpp"
#include "sinks/kafka/sink_settings.hpp"

namespace flow {

/// The newest epoch that a query's transactions have marked as committed, or nothing if none has.
///
/// The marker is an offset that a consumer group without members holds: a transaction can write one together with its records,
/// and it stays what it was if the transaction is aborted. Offsets of transactions not decided yet are waited for. It lies at
/// partition 0 of one of `topics`; the greatest is the newest.
/// @throws error{unwritable_output} where rights are missing, error{restart_required} for outages.
std::optional<epoch> read_epoch_marker(const kafka_sink_settings& settings, const std::string& group,
                                       const std::vector<std::string>& topics);

}  // namespace flow
