#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace flow {

/// Ownership of a checkpoint directory: an flock on `DIR/lock`, held until destruction, which the kernel gives up with the
/// process.
class checkpoint_lock {
 public:
  /// @throws error{checkpoint_locked} naming the owner, error{storage_failed}.
  explicit checkpoint_lock(const std::filesystem::path& dir);
  ~checkpoint_lock();
  checkpoint_lock(const checkpoint_lock&) = delete;
  checkpoint_lock& operator=(const checkpoint_lock&) = delete;

  /// The pid that owns `dir`, or that did last.
  static std::optional<long> last_owner(const std::filesystem::path& dir);

 private:
  int descriptor_ = -1;
};

}  // namespace flow
