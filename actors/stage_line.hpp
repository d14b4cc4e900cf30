#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "actors/sink_writer.hpp"
#include "actors/stage_worker.hpp"

namespace flow {

/// What one actor drives: an instance, the instances behind it that actor_layout gives to its actor, and perhaps the sink.
struct line_parts {
  std::vector<std::shared_ptr<stage_parts>> stages;  ///< Senders before receivers; the first has the line's inputs.
  std::shared_ptr<open_sink> sink;                   ///< Null if the sink is not among them.
  std::uint32_t sink_stage = 0;                      ///< Its place in the graph.
};

/// Instances that one actor drives, without the actor. What leaves one for another of them is taken in at once, by a call; only
/// what leaves the line needs credit and is transmitted.
class stage_line {
 public:
  struct listener {
    /// Sends an item on an edge that leaves the line. Slots number the output edges of all instances, one after the other.
    outbox::transmitter transmit;
    /// An instance has done the epoch. The last to report is the line's first.
    std::function<void(std::size_t participant, const barrier&, std::shared_ptr<const stage_report>)> finished;
    /// The line's sink has prepared an epoch.
    std::function<void(prepared_epoch)> prepared;
  };

  stage_line(line_parts parts, listener tell);

  /// The instance with the line's inputs.
  stage_worker& head() { return *workers_.front(); }
  const stage_worker& head() const { return *workers_.front(); }

  /// Micro-batch: the next epoch's constants, for all.
  void begin(epoch number, const evaluation_context& context);
  /// No input is waiting (continuous mode).
  void idle();
  /// All rows of the epoch are in.
  void finish(const barrier& mark) { finish(0, mark); }
  void grant(std::uint32_t slot, std::uint32_t batches);
  /// Whether everything made has left the line: only then may the next input be taken.
  bool drained() const noexcept;
  /// When nothing follows. Throws what the sink throws.
  void close();

 private:
  /// Where an output edge leads: to an instance of the line, to its sink, or away.
  struct route {
    enum class kind { away, instance, sink } to = kind::away;
    std::size_t worker = 0;
    int port = 0;
  };

  std::vector<route> routes_of(const stage_parts& parts, const line_parts& all) const;
  void send(std::size_t from, std::uint32_t slot, stream_item item);
  void take(std::size_t worker, int port, const stream_item& item);
  void finish(std::size_t worker, const barrier& mark);

  listener tell_;
  std::vector<std::unique_ptr<stage_worker>> workers_;
  std::vector<std::vector<route>> routes_;  ///< By worker and slot.
  std::vector<std::uint32_t> first_slots_;  ///< By worker: of its first edge among all of the line.
  std::optional<sink_writer> sink_;
};

}  // namespace flow
