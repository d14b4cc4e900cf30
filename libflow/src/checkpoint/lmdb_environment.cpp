#include "checkpoint/lmdb_environment.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "checkpoint/page_check.hpp"
#include "checkpoint/record_codec.hpp"
#include "flow/error.hpp"

namespace flow {
namespace {

constexpr unsigned max_readers = 4096;
/// Room for the B-tree pages a transaction copies besides its values.
constexpr std::size_t slack_bytes = 1u << 20;

MDB_val to_val(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
std::string_view to_view(const MDB_val& val) { return {static_cast<const char*>(val.mv_data), val.mv_size}; }

errc code_of(int code) {
  switch (code) {
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_VERSION_MISMATCH:
    case MDB_INVALID:
    case MDB_INCOMPATIBLE:
    case MDB_NOTFOUND:
      return errc::checkpoint_corrupt;
    default:
      return errc::storage_failed;
  }
}

std::string_view advice(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      return "; free space there and start the query again";
    case EACCES:
    case EPERM:
    case EROFS:
      return "; make it writable for this user";
    case EIO:
      return "; the device may be failing";
    case MDB_READERS_FULL:
      return "; too many programs and operators read this checkpoint at once";
    default:
      return code_of(code) == errc::checkpoint_corrupt ? "; restore the file from a copy" : "";
  }
}

using cursor_ptr = std::unique_ptr<MDB_cursor, void (*)(MDB_cursor*)>;

}  // namespace

transaction_record read_transaction(std::string_view stored) {
  const auto content = unseal(transaction_key, stored, "the record of the newest transaction");
  return {content.at(0).get<std::uint64_t>(), content.at(1).get<std::uint64_t>()};
}

std::string big_endian(std::uint64_t number) {
  std::string key(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) key[i] = static_cast<char>(number >> (56 - 8 * i));
  return key;
}

std::uint64_t from_big_endian(std::string_view key) {
  std::uint64_t number = 0;
  for (const auto c : key) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

std::optional<std::string_view> lmdb_transaction::get(table t, std::string_view key) const {
  auto k = to_val(key);
  MDB_val v{};
  const int code = mdb_get(txn_, environment_->handle(t), &k, &v);
  if (code == MDB_NOTFOUND) return std::nullopt;
  environment_->check(code, "read");
  return to_view(v);
}

void lmdb_transaction::put(table t, std::string_view key, std::string_view value) const {
  auto k = to_val(key);
  auto v = to_val(value);
  environment_->check(mdb_put(txn_, environment_->handle(t), &k, &v, 0), "write");
}

char* lmdb_transaction::reserve(table t, std::string_view key, std::size_t size) const {
  auto k = to_val(key);
  MDB_val v{size, nullptr};
  environment_->check(mdb_put(txn_, environment_->handle(t), &k, &v, MDB_RESERVE), "write");
  return static_cast<char*>(v.mv_data);
}

bool lmdb_transaction::erase(table t, std::string_view key) const {
  auto k = to_val(key);
  const int code = mdb_del(txn_, environment_->handle(t), &k, nullptr);
  if (code == MDB_NOTFOUND) return false;
  environment_->check(code, "write");
  return true;
}

void lmdb_transaction::each(table t, const std::function<bool(std::string_view, std::string_view)>& visit) const {
  MDB_cursor* raw = nullptr;
  environment_->check(mdb_cursor_open(txn_, environment_->handle(t), &raw), "read");
  const cursor_ptr cursor(raw, mdb_cursor_close);
  MDB_val k{}, v{};
  int code = 0;
  for (auto op = MDB_FIRST; (code = mdb_cursor_get(raw, &k, &v, op)) == 0; op = MDB_NEXT) {
    if (!visit(to_view(k), to_view(v))) return;
  }
  if (code != MDB_NOTFOUND) environment_->check(code, "read");
}

std::optional<std::string> lmdb_transaction::last_key(table t) const {
  MDB_cursor* raw = nullptr;
  environment_->check(mdb_cursor_open(txn_, environment_->handle(t), &raw), "read");
  const cursor_ptr cursor(raw, mdb_cursor_close);
  MDB_val k{}, v{};
  const int code = mdb_cursor_get(raw, &k, &v, MDB_LAST);
  if (code == MDB_NOTFOUND) return std::nullopt;
  environment_->check(code, "read");
  return std::string(to_view(k));
}

std::uint64_t lmdb_transaction::free_pages() const {
  constexpr MDB_dbi free_list = 0;
  MDB_cursor* raw = nullptr;
  environment_->check(mdb_cursor_open(txn_, free_list, &raw), "read");
  const cursor_ptr cursor(raw, mdb_cursor_close);
  MDB_val k{}, v{};
  std::uint64_t pages = 0;
  while (mdb_cursor_get(raw, &k, &v, MDB_NEXT) == 0) pages += *static_cast<const std::size_t*>(v.mv_data);
  return pages;
}

lmdb_environment::lmdb_environment(std::filesystem::path file, lmdb_options options)
    : file_(std::move(file)), options_(std::move(options)), env_(nullptr, mdb_env_close) {
  MDB_env* raw = nullptr;
  check(mdb_env_create(&raw), "open");
  env_.reset(raw);
  page_bytes_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  check(mdb_env_set_maxdbs(raw, table_names.size()), "open");
  check(mdb_env_set_maxreaders(raw, max_readers), "open");
  const auto map_bytes = (options_.map_bytes + page_bytes_ - 1) / page_bytes_ * page_bytes_;
  check(mdb_env_set_mapsize(raw, map_bytes), "open");
  unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD | MDB_NOMEMINIT;
  if (options_.read_only) flags |= MDB_RDONLY;
  if (options_.no_lock) flags |= MDB_NOLOCK;
  if (options_.no_sync) flags |= MDB_NOSYNC;
  check(options_.fault ? options_.fault("open") : 0, "open");
  check_file();
  check(mdb_env_open(raw, file_.c_str(), flags, 0644), "open");
  MDB_stat layout{};
  check(mdb_env_stat(raw, &layout), "open");
  page_bytes_ = layout.ms_psize;
  refuse_truncated();
  if (!options_.only_to_copy) open_tables();
}

lmdb_environment::~lmdb_environment() = default;

void lmdb_environment::refuse_truncated() {
  std::error_code failed;
  const auto size = std::filesystem::file_size(file_, failed);
  // Pages taken and given back at the end of a transaction are counted but never written: a file may be a little short.
  constexpr std::size_t never_written = 4u << 20;
  if (!failed && size + never_written >= used_bytes()) {
    // What is missing reads as zeros, which is a broken page, instead of as a SIGBUS.
    if (size < used_bytes() && !options_.read_only && truncate(file_.c_str(), static_cast<off_t>(used_bytes())) != 0) {
      check(errno, "extend");
    }
    return;
  }
  throw error(errc::checkpoint_corrupt, "cannot open " + file_.string() + ": it has " + std::to_string(size) +
                                            " bytes, but its " + "newest transaction needs " + std::to_string(used_bytes()) +
                                            "; it was cut short, restore the file from a copy");
}

/// Before LMDB follows what stands in it.
void lmdb_environment::check_file() const {
  std::error_code none;
  if (std::filesystem::file_size(file_, none) == 0 || none) return;
  if (options_.read_only) {
    check_meta_pages(file_);
  } else {
    check_pages(file_);
  }
}

void lmdb_environment::sign(MDB_txn* txn) const {
  const auto record = seal(transaction_key, {mdb_txn_id(txn), lineage_});
  lmdb_transaction(*this, txn).put(table::meta, transaction_key, record);
}

void lmdb_environment::open_tables() {
  MDB_txn* raw = nullptr;
  check(mdb_txn_begin(env_.get(), nullptr, options_.read_only ? MDB_RDONLY : 0u, &raw), "open");
  std::unique_ptr<MDB_txn, void (*)(MDB_txn*)> txn(raw, mdb_txn_abort);
  const auto number = mdb_txn_id(raw);
  if (options_.read_only && !options_.no_lock) check_snapshot(file_, number);
  for (std::size_t i = 0; i < table_names.size(); ++i) {
    const int code = mdb_dbi_open(raw, table_names[i], options_.read_only ? 0u : MDB_CREATE, &handles_[i]);
    if (code == MDB_MAP_FULL) {
      txn.reset();
      grow(2 * map_bytes() + slack_bytes);
      return open_tables();
    }
    check(code, std::string("open the table \"") + table_names[i] + "\" in");
  }
  const auto stored = lmdb_transaction(*this, raw).get(table::meta, transaction_key);
  const auto before = stored ? read_transaction(*stored) : transaction_record{};
  // The number of a write transaction is one more than that of what it sees.
  lineage_ = stored && before.number + 1 == number ? before.lineage : std::random_device{}();
  check(mdb_txn_commit(txn.release()), "open");
}

void lmdb_environment::check(int code, std::string_view operation) const {
  if (code == 0) return;
  if (code == MDB_MAP_FULL) throw map_full{};
  throw error(code_of(code), "cannot " + std::string(operation) + " " + file_.string() + ": " + mdb_strerror(code) +
                                 std::string(advice(code)));
}

std::size_t lmdb_environment::map_bytes() const {
  MDB_envinfo info{};
  mdb_env_info(env_.get(), &info);
  return info.me_mapsize;
}

std::size_t lmdb_environment::used_bytes() const {
  MDB_envinfo info{};
  mdb_env_info(env_.get(), &info);
  return (info.me_last_pgno + 1) * page_bytes_;
}

void lmdb_environment::grow(std::size_t bytes) {
  check(options_.fault ? options_.fault("grow") : 0, "grow the map of");
  const std::scoped_lock registry(readers_mutex_);
  std::vector<std::unique_lock<lmdb_reader>> held;
  for (auto* reader : readers_) {
    held.emplace_back(*reader);
    reader->end();
    ++reader->moves_;
  }
  const auto rounded = (bytes + page_bytes_ - 1) / page_bytes_ * page_bytes_;
  check(mdb_env_set_mapsize(env_.get(), rounded), "grow the map of");
}

bool lmdb_environment::try_write(std::string_view operation, const std::function<void(const lmdb_transaction&)>& body) {
  MDB_txn* raw = nullptr;
  check(mdb_txn_begin(env_.get(), nullptr, 0, &raw), operation);
  std::unique_ptr<MDB_txn, void (*)(MDB_txn*)> txn(raw, mdb_txn_abort);
  try {
    body(lmdb_transaction(*this, raw));
    sign(raw);
    check(options_.fault ? options_.fault("commit") : 0, operation);
    int code = mdb_txn_commit(txn.release());
    // LMDB calls a write cut short by a full disk an input/output error.
    std::error_code unknown;
    constexpr std::uintmax_t next_to_nothing = 1u << 20;
    if (code == EIO && std::filesystem::space(file_.parent_path(), unknown).available < next_to_nothing) code = ENOSPC;
    check(code, operation);
  } catch (const map_full&) {
    return false;
  }
  return true;
}

void lmdb_environment::write(std::string_view operation, std::size_t bytes,
                             const std::function<void(const lmdb_transaction&)>& body) {
  const auto needed = used_bytes() + bytes + slack_bytes;
  if (needed > map_bytes()) grow(std::max(2 * map_bytes(), needed));
  while (!try_write(operation, body)) grow(2 * map_bytes());
}

void lmdb_environment::copy_to(const std::filesystem::path& file) const {
  int code = mdb_env_copy2(env_.get(), file.c_str(), MDB_CP_COMPACT);
  if (code == 0) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || fsync(descriptor) != 0) code = errno;
    if (descriptor >= 0) ::close(descriptor);
  }
  if (code == 0) return;
  throw error(code_of(code),
              "cannot copy " + file_.string() + " to " + file.string() + ": " + mdb_strerror(code) + std::string(advice(code)));
}

lmdb_reader::lmdb_reader(std::shared_ptr<lmdb_environment> environment) : environment_(std::move(environment)) {
  const std::scoped_lock registry(environment_->readers_mutex_);
  environment_->readers_.push_back(this);
}

lmdb_reader::~lmdb_reader() {
  {
    const std::scoped_lock registry(environment_->readers_mutex_);
    std::erase(environment_->readers_, this);
  }
  if (txn_ != nullptr) mdb_txn_abort(txn_);
}

lmdb_transaction lmdb_reader::transaction() {
  const auto begin = [this] {
    auto* env = environment_->env_.get();
    return txn_ == nullptr ? mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn_) : mdb_txn_renew(txn_);
  };
  if (!active_) {
    int code = begin();
    if (code == MDB_MAP_RESIZED && environment_->options_.read_only) {
      // Another process has raised the map.
      environment_->check(mdb_env_set_mapsize(environment_->env_.get(), 0), "map");
      ++moves_;
      code = begin();
    }
    environment_->check(code, "read");
    active_ = true;
  }
  return {*environment_, txn_};
}

void lmdb_reader::end() {
  if (active_) mdb_txn_reset(txn_);
  active_ = false;
}

}  // namespace flow
