#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sinks/kafka/transaction.hpp"

namespace flow {

/// The two transactional producers of a query, used in turn, and the group that holds its marker. Their names follow from the
/// query's id, so that another instance of the same query refuses this one's from then on, and the other way round.
///
/// Two, so that an epoch can be written while the transaction of the one before it is committed; and because a broker that
/// still writes a transaction's end to its partitions makes the same producer's next one wait.
class transaction_pair {
 public:
  /// `settings` must outlive it.
  transaction_pair(const kafka_sink_settings& settings, const sink_context& context);

  /// Refuses other instances and decides what they or a crash left under way; only then is the marker read, which lies in one
  /// of these topics.
  std::optional<epoch> settle(const std::vector<std::string>& topics);

  /// The one whose turn it is.
  transaction& current() { return transactions_[turn_]; }
  transaction& at(std::size_t which) { return transactions_.at(which); }
  std::size_t turn() const noexcept { return turn_; }
  void next_turn() noexcept { turn_ = 1 - turn_; }

  const std::string& group() const noexcept { return group_; }
  /// A transaction of a marker alone, by the one whose turn it is not.
  void mark_alone(epoch number, const std::string& topic);

 private:
  const kafka_sink_settings& settings_;
  std::string group_;
  std::array<transaction, 2> transactions_;
  std::size_t turn_ = 0;
};

}  // namespace flow
