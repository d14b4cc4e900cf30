#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace flow {

/// A file locked with flock, which the kernel gives up with the process.
class locked_file {
 public:
  /// Makes the file if there is none. Without the lock if somebody else has it: see locked().
  /// @throws error{storage_failed}.
  explicit locked_file(const std::filesystem::path& file);
  locked_file(locked_file&& other) noexcept;
  locked_file& operator=(locked_file&& other) noexcept;
  ~locked_file();

  bool locked() const { return locked_; }
  /// Whether the path still names this very file.
  bool in_place(const std::filesystem::path& path) const;
  std::string content() const;
  /// Never leaves less than the first line of what it writes or of what was there.
  void write(const std::string& text) const;

 private:
  int descriptor_ = -1;
  bool locked_ = false;
};

/// Ownership of a checkpoint directory: a lock on the file that `DIR/lock` names. A takeover puts another file under that name,
/// and from then on the owner before, frozen or not, holds a lock on nothing, which held() tells it.
///
/// The successor must then move the data out of the reach of the one before, and settle(). Until it has, the file says so, and
/// whoever owns the directory next does it in its place.
class checkpoint_lock {
 public:
  /// @throws error{checkpoint_locked} naming the owner, unless `take_over`; error{storage_failed}.
  checkpoint_lock(const std::filesystem::path& dir, bool take_over);

  /// Whether this is the owner still.
  bool held() const { return file_.in_place(path_); }
  /// Whether an owner before may be alive, with the data open.
  bool contested() const { return guard_.has_value(); }
  void settle();

  /// The pid that owns `dir`, or that did last.
  static std::optional<long> last_owner(const std::filesystem::path& dir);

 private:
  void guard(const std::filesystem::path& dir);
  void replace(const std::filesystem::path& dir);

  std::filesystem::path path_;
  std::optional<locked_file> guard_;  ///< One takeover at a time.
  locked_file file_;
};

}  // namespace flow
