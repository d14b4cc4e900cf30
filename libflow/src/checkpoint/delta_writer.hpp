#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/lmdb_environment.hpp"
#include "flow/checkpoint.hpp"
#include "state/run.hpp"
#include "state/segment.hpp"

namespace flow {

/// Keys that lie in segments of their own, which later epochs' values refer to.
struct stored_keys {
  struct piece {
    std::uint64_t id;
    std::size_t size;
  };
  std::shared_ptr<const key_list> keys;
  std::uint16_t lane = 0;
  std::vector<piece> pieces;
};
/// By operator and instance: those that the newest whole delta names.
using key_registry = std::map<std::pair<std::string, std::uint32_t>, std::vector<stored_keys>>;

/// Writes deltas as segments of at most about `segment_bytes`.
class delta_writer {
 public:
  /// Segments get ids from `next_id` on; keys that `known` has are not written again.
  delta_writer(const lmdb_transaction& transaction, std::uint64_t& next_id, key_registry& known, std::size_t segment_bytes)
      : transaction_(transaction), next_id_(next_id), known_(known), segment_bytes_(segment_bytes) {}

  void write(const instance_delta& from, std::uint64_t epoch, run& into);

 private:
  void write_changes(const instance_delta& from, const segment_origin& origin, run& into);
  void write_whole(const instance_delta& from, segment_origin origin, run& into);
  stored_keys write_keys(const instance_delta& from, const std::shared_ptr<const key_list>& keys, const segment_origin& origin);
  void store(const segment_origin& origin, run& into);

  const lmdb_transaction& transaction_;
  std::uint64_t& next_id_;
  key_registry& known_;
  std::size_t segment_bytes_;
  segment_builder builder_;
};

}  // namespace flow
