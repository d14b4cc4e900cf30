#pragma once

#include <atomic>
#include <future>
#include <optional>
#include <string>

#include "flow/epoch.hpp"
#include "sinks/kafka/record_producer.hpp"
#include "sinks/kafka/sink_settings.hpp"

namespace flow {

/// A producer with a transactional id, and the transaction it has open. Used by one thread at a time. Every failure may leave
/// the outcome unknown: it is then of no further use, and what was committed is told by the marker (epoch_marker.hpp).
class transaction {
 public:
  transaction(const kafka_sink_settings& settings, const std::string& id, duration timeout, duration linger);
  ~transaction();
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  /// Becomes the only producer of this id: one that lives elsewhere is refused from now on, and what it left open is aborted
  /// or, if its commit had been decided, completed.
  void initialise();

  bool is_open() const noexcept { return open_; }
  void begin();
  record_producer& records() noexcept { return records_; }
  /// Puts "`number`" for `group` at partition 0 of `topic` into the transaction, while records are written: two round trips
  /// that the end of the epoch then need not wait for.
  void mark(const std::string& group, const std::string& topic, epoch number);
  /// Waits until brokers have the marker and every record.
  void complete();
  /// @throws error{restart_required} if the outcome is not known to be "committed".
  void commit();
  /// Gives the transaction up, without waiting for brokers that do not answer.
  void abandon() noexcept;

 private:
  void send_marker(const std::string& group, const std::string& topic, epoch number) const;
  void check(std::string_view what, rd_kafka_error_t* failure) const;
  void check_open() const;

  duration timeout_;
  duration patience_;
  record_producer records_;
  bool open_ = false;
  std::atomic<bool> abandoned_ = false;
  std::future<void> marking_;  ///< Valid from mark() to complete().
};

}  // namespace flow
