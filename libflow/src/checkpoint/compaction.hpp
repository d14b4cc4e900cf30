#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "checkpoint/lmdb_environment.hpp"
#include "state/merge_cursor.hpp"
#include "state/run.hpp"
#include "state/segment.hpp"

namespace flow {

/// Consecutive runs worth merging.
struct merge_choice {
  std::size_t begin = 0, count = 0;
};

/// Size-tiered choice among consecutive runs, newest first: at least four, none larger than twice what is newer than it, so
/// that an entry is rewritten a logarithmic number of times and runs stay logarithmically few.
std::optional<merge_choice> choose_merge(std::span<const run_ptr> runs);

/// Merges runs of one operator into one, a bounded piece at a time. Between pieces nothing is held but the last key, so that
/// transactions can end and the map can move.
class compaction_job {
 public:
  /// `inputs` newest first; `bottom`: nothing older exists, so tombstones have done their work.
  compaction_job(std::string uid, std::vector<run_ptr> inputs, bool bottom, std::uint32_t parallelism,
                 std::size_t segment_bytes);

  enum class progress { paused, segment_ready, finished };
  /// Reads about `budget` bytes. After segment_ready, segment() is to be stored and written() called.
  progress step(const lmdb_transaction& transaction, const std::filesystem::path& file, std::size_t& budget);
  const segment_builder& segment() const { return builder_; }
  segment_origin origin() const;
  void written(std::uint64_t id);

  const std::string& uid() const { return uid_; }
  const std::vector<run_ptr>& inputs() const { return inputs_; }
  std::uint64_t input_bytes() const { return input_bytes_; }
  bool uses(const run_ptr& r) const;
  /// When finished; without segments if nothing is left.
  const run& result() const { return result_; }

 private:
  std::vector<lane> load(const run& source, const lmdb_transaction& transaction, const std::filesystem::path& file) const;
  void take(const segment_entry& entry, std::size_t& budget);

  std::string uid_;
  std::vector<run_ptr> inputs_;
  bool bottom_;
  std::uint32_t parallelism_;
  std::size_t segment_bytes_;
  std::uint64_t input_bytes_ = 0;
  std::uint32_t instance_ = 0;           ///< Whose part of the result is being made.
  std::optional<std::string> last_key_;  ///< Done up to here.
  bool instance_done_ = false;
  std::unordered_set<std::uint64_t> checked_;
  segment_builder builder_;
  run result_;
};

}  // namespace flow
