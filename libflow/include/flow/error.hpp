#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace flow {

/// What kind of thing went wrong. The message of the `error` says what, where and what to do.
enum class errc {
  invalid_argument,       ///< A value handed to the API that cannot be meant (negative row count, empty name).
  unknown_option,         ///< A reader or writer option no one reads; the message suggests the nearest valid key.
  invalid_option,         ///< A known option with a value that cannot be read.
  unknown_format,         ///< `format("...")` names no connector.
  unknown_column,         ///< A name that no column of the input answers to.
  ambiguous_column,       ///< A name that several columns answer to.
  unknown_function,       ///< A call of a function that is not in the catalogue.
  unknown_table,          ///< A table or view name the session does not hold.
  type_mismatch,          ///< An expression whose operand types do not fit.
  syntax_error,           ///< Text the grammar refuses; the message has line, column and the excerpt.
  unsupported_plan,       ///< A query that streaming rules refuse; the message says what to do instead.
  evaluation_failed,      ///< An expression that fails on a row where Spark fails too (a bad regex, a duplicate map key).
  unreadable_input,       ///< A path or stream that cannot be opened or read.
  malformed_data,         ///< A row that cannot be decoded, in `FAILFAST` mode.
  unwritable_output,      ///< A sink's target that cannot be written.
  checkpoint_mismatch,    ///< A checkpoint of another query, or of a plan that cannot take over its state.
  checkpoint_corrupt,     ///< A record whose checksum or shape is wrong.
  checkpoint_locked,      ///< Another process owns the checkpoint.
  checkpoint_taken_over,  ///< Another process has replaced this one as the checkpoint's owner and goes on where it ends.
  storage_failed,         ///< LMDB or the file system refused (disk full, fsync error).
  query_failed,           ///< A running query ended with an error that has no code of its own (a user function threw).
  illegal_state,          ///< A call that does not fit the moment (start of a running query).
  /// A sink or source that cannot go on, but could if it began again at the checkpoint: a transaction was lost, timed out or
  /// has an unknown outcome. A running query then starts again by itself (query_settings::restarts).
  restart_required,
};

/// The code's name as written in the enum: `unknown_option`.
std::string_view to_string(errc code) noexcept;

/// The one exception type of libflow. Thrown by builders, the analyzer and `start()`; what ends a running query is
/// kept in `streaming_query::exception()` and rethrown by `await_termination()`.
class error : public std::runtime_error {
 public:
  error(errc code, const std::string& message) : std::runtime_error(message), code_(code) {}

  errc code() const noexcept { return code_; }

 private:
  errc code_;
};

/// The entry of `candidates` nearest to `name` by edit distance, or "" when none is near enough to be meant.
/// Used to end messages with "did you mean ...?".
template <class Range>
std::string nearest_name(std::string_view name, const Range& candidates);

/// Damerau-Levenshtein distance, case-insensitive.
std::size_t edit_distance(std::string_view a, std::string_view b);

template <class Range>
std::string nearest_name(std::string_view name, const Range& candidates) {
  std::string best;
  std::size_t least = name.size() / 2 + 1;
  for (const auto& candidate : candidates) {
    const auto distance = edit_distance(name, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace flow
