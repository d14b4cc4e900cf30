#pragma once

#include <caf/all.hpp>

#include "actors/messages.hpp"

/// Every actor's messages on one page. Messages of one sender to one receiver arrive in the order sent; all are of one
/// priority.
namespace flow {

/// Anything rows flow into.
using item_receiver = caf::typed_actor<
    /// The next thing on an input edge: rows, a watermark or a barrier. Answered by credit_message when rows have been taken
    /// off.
    caf::reacts_to<item_message>>;

/// Anything rows flow out of.
using credit_receiver = caf::typed_actor<
    /// The receiver of an output edge has room for more batches.
    caf::reacts_to<credit_message>>;

/// Reads the splits of one source that fall to it, through its stage's operators.
using source_handle = caf::typed_actor<
    caf::reacts_to<credit_message>,
    /// Micro-batch: read these splits to their ends, then send the epoch's barrier. Answered by stage_done_message.
    caf::reacts_to<run_message>,
    /// Continuous: read these splits too.
    caf::reacts_to<assign_message>,
    /// Continuous: note how far the splits have been read and send the barrier. Answered by stage_done_message.
    caf::reacts_to<inject_message>,
    /// Continuous: answer with quiet_message once everything there is has been read.
    caf::reacts_to<drain_message>,
    /// To itself: the next read.
    caf::reacts_to<read_message>,
    /// From a reader's callback: a reader that had nothing may have rows.
    caf::reacts_to<available_message>,
    /// To itself: have there been rows lately?
    caf::reacts_to<idle_check_message>>;

/// One instance of a stage behind an exchange.
using operator_handle = caf::typed_actor<caf::reacts_to<item_message>, caf::reacts_to<credit_message>,
                                         /// Micro-batch: the next epoch's constants; comes before its first rows.
                                         caf::reacts_to<epoch_message>,
                                         /// To itself: have there been rows lately?
                                         caf::reacts_to<idle_check_message>>;

/// Drives the sink. Answers each barrier by sink_done_message.
using sink_handle = caf::typed_actor<caf::reacts_to<item_message>,
                                     /// Micro-batch: the epoch's plan is durable, so its rows may be written.
                                     caf::reacts_to<planned_message>,
                                     /// The epoch is durable: show its rows. Answered by published_message.
                                     caf::reacts_to<publish_message>,
                                     /// The publisher has shown the epoch: there is room for another.
                                     caf::reacts_to<published_message>>;

/// Commits epochs of a sink that can have two at once.
using publisher_handle = caf::typed_actor<
    /// The epoch is durable: show its rows. Answered by published_message.
    caf::reacts_to<publish_message>>;

/// Asks the sources what there is to read. Has its own thread, since directories and brokers block.
using planner_handle = caf::typed_actor<
    /// What has become readable? Answered by discovered_message.
    caf::reacts_to<discover_message>,
    /// Continuous: the sources' positions at a barrier. Answered by positions_message.
    caf::reacts_to<position_message>,
    /// The epoch with these positions is durable: what lies before may be forgotten. Answered by settled_message.
    caf::reacts_to<settle_message>>;

/// Owns the checkpoint. Has its own thread, since commits block.
using checkpoint_handle = caf::typed_actor<
    /// Make the plan of an epoch durable. Answered by planned_message.
    caf::reacts_to<plan_message>,
    /// What one stage instance changed in an epoch under way; kept until its commit.
    caf::reacts_to<delta_message>,
    /// Make the epoch durable with all its deltas, which came before. Answered by committed_message.
    caf::reacts_to<commit_message>,
    /// The sink shows the epoch: older ones need not be kept for it.
    caf::reacts_to<published_message>,
    /// To itself: merge segments while there is nothing else to do.
    caf::reacts_to<compact_message>>;

/// The coordinator of one run of a query: decides when an epoch begins, is complete, and what comes next.
using query_handle = caf::typed_actor<
    /// A stage instance has finished the epoch; its deltas are on their way to the checkpoint.
    caf::reacts_to<stage_done_message>,
    /// The sink has made the epoch's rows safe.
    caf::reacts_to<sink_done_message>,
    /// The sink shows the epoch's rows.
    caf::reacts_to<published_message>,
    /// The sources know it too: the epoch is over.
    caf::reacts_to<settled_message>, caf::reacts_to<discovered_message>, caf::reacts_to<positions_message>,
    caf::reacts_to<planned_message>, caf::reacts_to<committed_message>,
    /// Continuous: rows have been read since the last barrier, so another is needed.
    caf::reacts_to<active_message>,
    /// Continuous: a source actor has read all there is.
    caf::reacts_to<quiet_message>,
    /// An actor of the query failed: the query ends.
    caf::reacts_to<failed_message>,
    /// From a source's callback: there is something to discover.
    caf::reacts_to<discoverable_message>,
    /// To itself: time to look for data.
    caf::reacts_to<tick_message>,
    /// To itself: time for a barrier (continuous).
    caf::reacts_to<barrier_tick_message>,
    /// End after the epoch under way.
    caf::reacts_to<stop_message>,
    /// Tell when all that is readable now has been committed.
    caf::reacts_to<drain_request_message>,
    /// To itself: every other actor of the run is gone. Followed by run_ended_message.
    caf::reacts_to<ended_message>>;

/// A query from its start to its end, over as many runs as it takes.
using supervisor_handle = caf::typed_actor<
    /// A run is over, and all its actors are gone.
    caf::reacts_to<run_ended_message>,
    /// The next run can begin, or could not be made.
    caf::reacts_to<relaunched_message>,
    /// To itself: the pause before the next run is over.
    caf::reacts_to<relaunch_message>,
    /// From the query's handle, for the run: end.
    caf::reacts_to<stop_message>,
    /// From the query's handle, for the run: tell when all that is readable now has been committed.
    caf::reacts_to<drain_request_message>,
    /// End with this error; for restart_required, the run only.
    caf::reacts_to<failed_message>>;

}  // namespace flow
