#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "actors/inbox.hpp"
#include "actors/open_sink.hpp"

namespace flow {

/// What a sink has prepared of an epoch.
struct prepared_epoch {
  epoch number;
  nlohmann::json prepared;
  std::int64_t rows = 0;
};

/// The writing half of a sink without its actor: rows of the epoch under way, and prepare at its barrier.
class sink_writer {
 public:
  /// `last`: the newest epoch the sink shows.
  sink_writer(std::shared_ptr<open_sink> output, epoch last) : sink_(std::move(output)), current_(last.next()) {}

  /// The next item of the sink's input; what came of it, if it was a barrier.
  std::optional<prepared_epoch> take(const stream_item& item);
  /// The epoch whose rows come next.
  epoch current() const noexcept { return current_; }
  open_sink& output() const { return *sink_; }

 private:
  std::shared_ptr<open_sink> sink_;
  epoch current_;
  std::int64_t rows_ = 0;
};

}  // namespace flow
