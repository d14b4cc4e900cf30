#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "flow/file_manifest.hpp"

namespace flow {

/// The writing side of a directory's manifest. One writer at a time.
class manifest_log {
 public:
  /// `owner`: fencing epoch of this process.
  explicit manifest_log(std::filesystem::path dir, std::uint64_t owner = 0);

  /// What is committed: read once, then kept.
  const file_manifest& content() const { return content_; }
  bool contains(epoch e) const { return !content_.epochs.empty() && e <= content_.newest(); }
  /// @throws error{checkpoint_mismatch} if the directory holds another query's output, also of one that has begun to write
  /// since this log was made and found the directory empty, too.
  void refuse_other(const std::string& query_id) const;
  /// Adds an epoch, durably, and compacts the log when it is due.
  void add(const std::string& query_id, manifest_epoch entry);
  /// Removes what a crash left half-written, and entries that a compact one replaces.
  void tidy();

 private:
  void compact();

  std::filesystem::path dir_;
  std::filesystem::path folder_;
  std::uint64_t owner_;
  file_manifest content_;
  int entries_since_compact_ = 0;
};

}  // namespace flow
