#pragma once

#include <lmdb.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flow {

/// The tables of a checkpoint's environment.
enum class table : std::size_t { meta, epochs, plans, segments, sinks };
inline constexpr std::array<const char*, 5> table_names = {"meta", "epochs", "plans", "segments", "sinks"};

/// What each write transaction says of itself in the table "meta": a transaction number in LMDB's own pages has no checksum.
/// A compact copy counts from 1 again, and begins a lineage.
struct transaction_record {
  std::uint64_t number = 0, lineage = 0;
};
inline constexpr std::string_view transaction_key = "transaction";
/// @throws error{checkpoint_corrupt}.
transaction_record read_transaction(std::string_view stored);

/// A number as a key that sorts by it.
std::string big_endian(std::uint64_t number);
std::uint64_t from_big_endian(std::string_view key);

class lmdb_environment;

/// What can be done in a transaction, which somebody else begins and ends. Views are valid until then.
class lmdb_transaction {
 public:
  lmdb_transaction(const lmdb_environment& environment, MDB_txn* txn) : environment_(&environment), txn_(txn) {}

  std::optional<std::string_view> get(table t, std::string_view key) const;
  void put(table t, std::string_view key, std::string_view value) const;
  /// Room for `size` bytes to be written by the caller at once.
  char* reserve(table t, std::string_view key, std::size_t size) const;
  bool erase(table t, std::string_view key) const;
  /// In order of keys, until `visit` returns false.
  void each(table t, const std::function<bool(std::string_view key, std::string_view value)>& visit) const;
  std::optional<std::string> last_key(table t) const;
  /// Pages on the free list.
  std::uint64_t free_pages() const;

 private:
  const lmdb_environment* environment_;
  MDB_txn* txn_;
};

struct lmdb_options {
  std::size_t map_bytes = 1u << 30;
  bool read_only = false;
  bool no_sync = false;
  /// Within a process that has the environment open already, or where nobody commits more than once meanwhile.
  bool no_lock = false;
  bool only_to_copy = false;  ///< The tables are not opened: they need not be there yet.
  std::function<int(std::string_view operation)> fault;
};

class lmdb_reader;

/// An LMDB environment of the tables above in one file. One writer at a time, any number of lmdb_readers; failures are
/// flow::error with the operation, the file and the cause.
class lmdb_environment {
 public:
  lmdb_environment(std::filesystem::path file, lmdb_options options);
  ~lmdb_environment();
  lmdb_environment(const lmdb_environment&) = delete;
  lmdb_environment& operator=(const lmdb_environment&) = delete;

  /// Runs `body` in a write transaction and commits it, or nothing of it. `bytes`: about how much it writes; the map is raised
  /// before it could be full, and if it is full all the same, raised and `body` run again.
  void write(std::string_view operation, std::size_t bytes, const std::function<void(const lmdb_transaction&)>& body);
  /// A compact copy, flushed.
  void copy_to(const std::filesystem::path& file) const;

  std::size_t map_bytes() const;
  std::size_t used_bytes() const;  ///< Up to the last page in use.
  std::size_t page_bytes() const { return page_bytes_; }
  const std::filesystem::path& file() const { return file_; }
  MDB_dbi handle(table t) const { return handles_[static_cast<std::size_t>(t)]; }

  /// Throws for an LMDB return code other than 0.
  void check(int code, std::string_view operation) const;

 private:
  friend class lmdb_reader;
  struct map_full {};

  bool try_write(std::string_view operation, const std::function<void(const lmdb_transaction&)>& body);
  void check_file() const;
  void open_tables();
  void sign(MDB_txn* txn) const;
  void refuse_truncated();
  /// Raises the map to at least `bytes`; waits until no reader is in the middle of something.
  void grow(std::size_t bytes);

  std::filesystem::path file_;
  lmdb_options options_;
  std::unique_ptr<MDB_env, void (*)(MDB_env*)> env_;
  std::array<MDB_dbi, table_names.size()> handles_{};
  std::size_t page_bytes_ = 4096;
  std::uint64_t lineage_ = 0;
  std::mutex readers_mutex_;
  std::vector<lmdb_reader*> readers_;
};

/// A read transaction kept between uses. Used by one thread at a time, which holds the lock; between uses the environment may
/// end the transaction in order to move the map, which is told by active() turning false: then every view into it is void.
class lmdb_reader {
 public:
  explicit lmdb_reader(std::shared_ptr<lmdb_environment> environment);
  ~lmdb_reader();
  lmdb_reader(const lmdb_reader&) = delete;
  lmdb_reader& operator=(const lmdb_reader&) = delete;

  void lock() { mutex_.lock(); }
  bool try_lock() { return mutex_.try_lock(); }
  void unlock() { mutex_.unlock(); }

  /// With the lock held: the transaction, begun anew if it has ended.
  lmdb_transaction transaction();
  bool active() const { return active_; }
  /// Ends the transaction; the next one sees what has been committed since.
  void end();
  /// How often the map has moved under this reader: a change voids every view.
  std::uint64_t moves() const { return moves_; }

  lmdb_environment& environment() const { return *environment_; }

 private:
  friend class lmdb_environment;

  std::shared_ptr<lmdb_environment> environment_;
  std::mutex mutex_;
  MDB_txn* txn_ = nullptr;
  bool active_ = false;
  std::uint64_t moves_ = 0;
};

}  // namespace flow
