#include "checkpoint/page_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/lmdb_environment.hpp"
#include "flow/error.hpp"

namespace flow {
namespace {

constexpr std::size_t page_header = 16;
constexpr std::size_t node_header = 8;
constexpr std::uint64_t no_page = ~std::uint64_t{0};
constexpr std::size_t deepest = 32;  ///< LMDB's cursor stack.

constexpr std::uint16_t branch = 0x01, leaf = 0x02, overflow = 0x04, meta = 0x08;  ///< Kinds of pages.
constexpr std::uint16_t big_data = 0x01, sub_data = 0x02;                          ///< Kinds of values.
constexpr std::uint16_t integer_keys = 0x08;
constexpr std::uint16_t no_subdirectory = 0x4000;  ///< The environment's flag, kept with the free list's.

template <class T>
T load(std::string_view bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// MDB_db: where a tree is and what it says of itself.
struct tree_record {
  static constexpr std::size_t bytes = 48;
  std::uint32_t pad;
  std::uint16_t flags, depth;
  std::uint64_t branches, leaves, overflows, entries, root;

  static tree_record at(std::string_view page, std::size_t from) {
    return {load<std::uint32_t>(page, from),      load<std::uint16_t>(page, from + 4),  load<std::uint16_t>(page, from + 6),
            load<std::uint64_t>(page, from + 8),  load<std::uint64_t>(page, from + 16), load<std::uint64_t>(page, from + 24),
            load<std::uint64_t>(page, from + 32), load<std::uint64_t>(page, from + 40)};
  }
};

struct meta_page {
  static constexpr std::size_t bytes = 152;
  std::uint32_t magic, version;
  tree_record free, main;
  std::uint64_t last_page, transaction;

  explicit meta_page(std::string_view page)
      : magic(load<std::uint32_t>(page, 16)),
        version(load<std::uint32_t>(page, 20)),
        free(tree_record::at(page, 40)),
        main(tree_record::at(page, 88)),
        last_page(load<std::uint64_t>(page, 136)),
        transaction(load<std::uint64_t>(page, 144)) {}

  std::size_t page_bytes() const { return free.pad; }
};

class page_file {
 public:
  explicit page_file(const std::filesystem::path& file) : file_(file), descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat about {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &about) != 0) {
      const std::string cause = std::strerror(errno);
      if (descriptor_ >= 0) ::close(descriptor_);
      throw error(errc::storage_failed, "cannot open " + file.string() + ": " + cause);
    }
    size_ = static_cast<std::uint64_t>(about.st_size);
  }
  ~page_file() { ::close(descriptor_); }
  page_file(const page_file&) = delete;
  page_file& operator=(const page_file&) = delete;

  std::uint64_t size() const { return size_; }
  /// Bytes past the end read as zeros.
  std::string read(std::uint64_t from, std::size_t size) const {
    std::string bytes(size, '\0');
    for (std::size_t done = 0; done < size;) {
      const auto got = ::pread(descriptor_, bytes.data() + done, size - done, static_cast<off_t>(from + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw error(errc::storage_failed, "cannot read " + file_.string() + ": " + std::strerror(errno));
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return bytes;
  }
  [[noreturn]] void damaged(const std::string& where, const std::string& what) const {
    throw error(errc::checkpoint_corrupt,
                "cannot open " + file_.string() + ": " + where + " is damaged: " + what + "; restore the file from a copy");
  }
  [[noreturn]] void damaged(std::uint64_t page, const std::string& what) const {
    damaged("page " + std::to_string(page), what);
  }

 private:
  const std::filesystem::path& file_;
  int descriptor_;
  std::uint64_t size_ = 0;
};

/// What the tables of one transaction say of themselves.
struct snapshot_report {
  std::vector<std::string> tables;
  std::optional<std::string> transaction;  ///< The sealed record.
  std::uint64_t meta_entries = 0;
};

/// Walks what one meta page leads to.
class snapshot_walk {
 public:
  snapshot_walk(const page_file& file, const meta_page& from)
      : file_(file), from_(from), page_bytes_(from.page_bytes()), used_(from.last_page + 1, false) {
    used_[0] = used_[1] = true;
  }

  snapshot_report run() {
    walk(from_.main, kind::main);
    for (const auto& [name, tree] : tables_) {
      in_meta_ = name == table_names[static_cast<std::size_t>(table::meta)];
      if (in_meta_) report_.meta_entries = tree.entries;
      walk(tree, kind::table);
    }
    walk(from_.free, kind::free_list);
    for (const auto page : free_pages_) {
      if (used_[page]) file_.damaged(page, "it is both in use and free");
      used_[page] = true;
    }
    return std::move(report_);
  }

 private:
  enum class kind { main, table, free_list };
  struct counts {
    std::uint64_t branches = 0, leaves = 0, overflows = 0, entries = 0;
  };

  void walk(const tree_record& tree, kind what) {
    if ((tree.flags & ~no_subdirectory) != (what == kind::free_list ? integer_keys : 0))
      file_.damaged("the record of a tree", "unknown flags");
    counts found;
    previous_.reset();
    if (tree.root != no_page) {
      if (tree.depth == 0 || tree.depth > deepest) file_.damaged("the record of a tree", "impossible depth");
      visit(tree.root, tree.depth, what, std::nullopt, std::nullopt, found);
    } else if (tree.depth != 0) {
      file_.damaged("the record of a tree", "a depth without a root");
    }
    if (found.branches != tree.branches || found.leaves != tree.leaves || found.overflows != tree.overflows ||
        found.entries != tree.entries) {
      file_.damaged("the record of a tree", "it counts other pages than there are");
    }
  }

  void take(std::uint64_t first, std::uint64_t count) {
    if (first < 2 || first > from_.last_page || count > from_.last_page - first + 1)
      file_.damaged(first, "it is not in the file");
    for (auto page = first; page < first + count; ++page) {
      if (used_[page]) file_.damaged(page, "it is used twice");
      used_[page] = true;
    }
  }

  /// Keys as LMDB orders them in this tree.
  static bool less(std::string_view a, std::string_view b, kind what) {
    return what == kind::free_list ? load<std::uint64_t>(a, 0) < load<std::uint64_t>(b, 0) : a < b;
  }

  /// `least` and `end`: what the branches above promise of the keys.
  void visit(std::uint64_t number, std::size_t depth, kind what, std::optional<std::string> least,
             std::optional<std::string> end, counts& found) {
    take(number, 1);
    const auto page = file_.read(number * page_bytes_, page_bytes_);
    const auto flags = load<std::uint16_t>(page, 10);
    if (load<std::uint64_t>(page, 0) != number || flags != (depth > 1 ? branch : leaf)) {
      file_.damaged(number, "it has another number or kind");
    }
    const auto nodes = nodes_of(page, number);
    ++(depth > 1 ? found.branches : found.leaves);
    if (depth == 1) found.entries += nodes.size();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const auto node = std::string_view(page).substr(nodes[i]);
      const auto key = key_of(node, number, what, depth > 1 && i == 0);
      if (depth == 1) {
        const bool early = least && less(key, *least, what), late = end && !less(key, *end, what);
        if (early || late || (previous_ && !less(*previous_, key, what))) file_.damaged(number, "its keys are not in order");
        previous_ = key;
        visit_value(node, key, number, what, found);
      } else {
        const auto lower = i == 0 ? least : std::optional(key);
        auto upper = end;
        if (i + 1 < nodes.size()) upper = key_of(std::string_view(page).substr(nodes[i + 1]), number, what, false);
        visit(child_of(node), depth - 1, what, lower, std::move(upper), found);
      }
    }
  }

  /// Where the nodes of a page begin: within it, side by side, filling it to the end.
  std::vector<std::size_t> nodes_of(std::string_view page, std::uint64_t number) const {
    const std::size_t lower = load<std::uint16_t>(page, 12), upper = load<std::uint16_t>(page, 14);
    const bool is_branch = load<std::uint16_t>(page, 10) == branch;
    if (lower < page_header + 2 || lower % 2 != 0 || lower > upper || upper > page_bytes_) {
      file_.damaged(number, "impossible bounds");
    }
    std::vector<std::size_t> nodes;
    for (std::size_t at = page_header; at < lower; at += 2) nodes.push_back(load<std::uint16_t>(page, at));
    auto sorted = nodes;
    std::sort(sorted.begin(), sorted.end());
    auto expected = upper;
    for (const auto node : sorted) {
      if (node != expected || node + node_header > page_bytes_) file_.damaged(number, "its nodes are not side by side");
      expected = node + node_bytes(page.substr(node), is_branch);
    }
    if (expected != page_bytes_) file_.damaged(number, "its nodes do not fill it");
    return nodes;
  }

  static std::size_t node_bytes(std::string_view node, bool is_branch) {
    std::size_t bytes = node_header + load<std::uint16_t>(node, 6);
    if (!is_branch) bytes += (load<std::uint16_t>(node, 4) & big_data) != 0 ? sizeof(std::uint64_t) : value_bytes(node);
    return (bytes + 1) & ~std::size_t{1};
  }
  static std::size_t value_bytes(std::string_view node) {
    return load<std::uint16_t>(node, 0) | std::size_t{load<std::uint16_t>(node, 2)} << 16;
  }
  static std::uint64_t child_of(std::string_view node) {
    return value_bytes(node) | std::uint64_t{load<std::uint16_t>(node, 4)} << 32;
  }
  std::string key_of(std::string_view node, std::uint64_t number, kind what, bool unused) const {
    const std::size_t size = load<std::uint16_t>(node, 6);
    if (what == kind::free_list && !unused && size != sizeof(std::uint64_t)) file_.damaged(number, "a key of another length");
    return std::string(node.substr(node_header, size));
  }

  void visit_value(std::string_view node, const std::string& key, std::uint64_t number, kind what, counts& found) {
    const auto flags = load<std::uint16_t>(node, 4);
    const auto size = value_bytes(node);
    const auto data = node.substr(node_header + key.size());
    const auto allowed = what == kind::main ? sub_data : big_data;
    if ((flags & ~allowed) != 0) file_.damaged(number, "a value of an unknown kind");
    std::string big;
    if ((flags & big_data) != 0) {
      const auto first = load<std::uint64_t>(data, 0);
      const auto pages = (page_header - 1 + size) / page_bytes_ + 1;
      take(first, pages);
      const auto head = file_.read(first * page_bytes_, page_header);
      if (load<std::uint64_t>(head, 0) != first || load<std::uint16_t>(head, 10) != overflow ||
          load<std::uint32_t>(head, 12) != pages) {
        file_.damaged(first, "it has another number, kind or length");
      }
      found.overflows += pages;
      if (what == kind::free_list) big = file_.read(first * page_bytes_ + page_header, size);
    }
    const auto value = big.empty() ? data.substr(0, std::min(size, data.size())) : std::string_view(big);
    if (what == kind::main) {
      if (flags != sub_data || size != tree_record::bytes) file_.damaged(number, "a table's record of another length");
      tables_.emplace_back(key, tree_record::at(value, 0));
      report_.tables.push_back(key);
    }
    if (what == kind::free_list) note_free(value, number);
    if (what == kind::table && in_meta_ && key == transaction_key && (flags & big_data) == 0) report_.transaction = value;
  }

  void note_free(std::string_view value, std::uint64_t number) {
    const auto count = value.size() >= 8 ? load<std::uint64_t>(value, 0) : 0;
    if (value.size() < 8 || value.size() % 8 != 0 || count > value.size() / 8 - 1)
      file_.damaged(number, "a free list of another length");
    std::uint64_t before = no_page;
    for (std::uint64_t i = 1; i <= count; ++i) {
      const auto page = load<std::uint64_t>(value, 8 * i);
      if (page < 2 || page > from_.last_page || page >= before) file_.damaged(number, "its free list is not in order");
      free_pages_.push_back(page);
      before = page;
    }
  }

  const page_file& file_;
  const meta_page& from_;
  std::size_t page_bytes_;
  std::vector<bool> used_;
  std::vector<std::uint64_t> free_pages_;
  std::vector<std::pair<std::string, tree_record>> tables_;
  std::optional<std::string> previous_;
  bool in_meta_ = false;
  snapshot_report report_;
};

void check_meta(const page_file& file, std::string_view page, std::uint64_t number) {
  constexpr std::uint32_t magic = 0xBEEFC0DE;
  const meta_page m(page);
  const auto size = m.free.pad;
  if (load<std::uint64_t>(page, 0) != number || load<std::uint16_t>(page, 10) != meta || m.magic != magic || m.version != 1) {
    file.damaged(number, "it is not the meta page that stands there");
  }
  const bool possible = std::has_single_bit(size) && size >= 512 && size <= 65536;
  if (!possible || (m.free.flags & ~no_subdirectory) != integer_keys || m.main.flags != 0)
    file.damaged(number, "unknown page size or flags");
  // Pages given back at the end of a transaction are counted but never written.
  constexpr std::uint64_t never_written = 4u << 20;
  if (m.last_page < 1 || m.last_page > (file.size() + never_written) / size) {
    file.damaged(number, "its newest transaction needs more pages than the file has; it may have been cut short");
  }
}

/// What each transaction wrote of itself tells a damaged transaction number from a right one.
void check_transactions(const page_file& file, const std::array<meta_page, 2>& metas,
                        const std::array<snapshot_report, 2>& said) {
  const std::size_t newest = metas[1].transaction > metas[0].transaction ? 1 : 0;
  std::array<std::optional<transaction_record>, 2> records;
  for (std::size_t i = 0; i < 2; ++i) {
    if (said[i].transaction) records[i] = read_transaction(*said[i].transaction);
    if (metas[i].transaction == 0 && !said[i].tables.empty()) file.damaged(i, "it has tables, but no transaction");
    if (!records[i] && said[i].meta_entries > 0) file.damaged(i, "its tables do not name their transaction");
  }
  const auto apart = metas[newest].transaction - metas[1 - newest].transaction;
  if (apart > 1 || (apart == 0 && metas[0].transaction != 0))
    file.damaged(1 - newest, "its transaction does not follow the other one");
  const auto told = [&](std::size_t i) { return !records[i] || records[i]->number == metas[i].transaction; };
  // A compact copy counts from 1 again.
  const bool fresh_copy = metas[newest].transaction == 1;
  if (!told(newest) && !fresh_copy) file.damaged(newest, "its transaction is not the one its tables name");
  const bool same_line = !records[0] || !records[1] || records[0]->lineage == records[1]->lineage;
  const bool first_after_copy = metas[newest].transaction == 2 && !same_line;
  if (!told(1 - newest) && !first_after_copy) file.damaged(1 - newest, "its transaction is not the one its tables name");
}

void check_tables(const page_file& file, const std::vector<std::string>& tables) {
  if (tables.empty()) return;
  for (const auto* name : table_names) {
    if (std::find(tables.begin(), tables.end(), name) == tables.end()) {
      file.damaged("the list of tables", "there is no \"" + std::string(name) + "\"");
    }
  }
}

std::array<meta_page, 2> read_metas(const page_file& file) {
  const auto first = file.read(0, meta_page::bytes);
  check_meta(file, first, 0);
  const meta_page zero(first);
  const auto second = file.read(zero.page_bytes(), meta_page::bytes);
  check_meta(file, second, 1);
  const meta_page one(second);
  if (one.page_bytes() != zero.page_bytes()) file.damaged(1, "another page size");
  return {zero, one};
}

}  // namespace

void check_meta_pages(const std::filesystem::path& path) {
  for (int attempt = 0;; ++attempt) {
    try {
      const page_file file(path);
      if (file.size() > 0) read_metas(file);
      return;
    } catch (const error& damage) {
      if (damage.code() != errc::checkpoint_corrupt || attempt == 3) throw;  // It may have been read while it was written.
    }
  }
}

void check_pages(const std::filesystem::path& path) {
  const page_file file(path);
  if (file.size() == 0) return;
  const auto metas = read_metas(file);
  std::array<snapshot_report, 2> said;
  for (std::size_t i = 0; i < 2; ++i) {
    said[i] = snapshot_walk(file, metas[i]).run();
    check_tables(file, said[i].tables);
  }
  check_transactions(file, metas, said);
}

void check_snapshot(const std::filesystem::path& path, std::uint64_t number) {
  const page_file file(path);
  for (const auto& each : read_metas(file)) {
    if (each.transaction != number) continue;
    check_tables(file, snapshot_walk(file, each).run().tables);
  }
}

}  // namespace flow
