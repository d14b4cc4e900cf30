// The floor: the same results by single-purpose loops over mapped files, one table per thread, merged at the end.
#include <emmintrin.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include <flow/error.hpp>

#include "bench_report.hpp"
#include "workloads.hpp"

namespace bench {

namespace fs = std::filesystem;

namespace {

class mapped_file {
 public:
  explicit mapped_file(const fs::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY);
    if (fd < 0) throw flow::error(flow::errc::unreadable_input, "cannot open " + path.string());
    struct stat info {};
    ::fstat(fd, &info);
    size_ = static_cast<std::size_t>(info.st_size);
    data_ = static_cast<const char*>(::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0));
    ::close(fd);
  }
  ~mapped_file() { ::munmap(const_cast<char*>(data_), size_); }
  mapped_file(const mapped_file&) = delete;
  mapped_file& operator=(const mapped_file&) = delete;
  std::string_view text() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A word of at most 16 bytes as two integers, filled up with zeros.
struct word_key {
  std::uint64_t low = 0, high = 0;

  std::string text() const {
    char bytes[16];
    std::memcpy(bytes, &low, 8);
    std::memcpy(bytes + 8, &high, 8);
    return std::string(bytes, ::strnlen(bytes, 16));
  }
};

/// One thread's counts: open addressing, two slots to a cache line, 64 words looked up at once so that their lines are fetched
/// at the same time. Longer words, of which there are few, are counted apart.
class word_table {
 public:
  word_table() : slots_(std::size_t{1} << 19) {}

  void add(word_key key) {
    const auto at = place_of(key);
    __builtin_prefetch(&slots_[at]);
    waiting_[count_] = {key, at};
    if (++count_ == waiting_.size()) flush();
  }
  void add_longer(std::string_view word, std::int64_t times = 1) { longer_[std::string(word)] += times; }
  void flush() {
    for (std::size_t i = 0; i < count_; ++i) add(waiting_[i].key, waiting_[i].at, 1);
    count_ = 0;
  }
  void merge(const word_table& other) {
    for (const auto& s : other.slots_)
      if (s.count != 0) add(s.key, place_of(s.key), s.count);
    for (const auto& [word, times] : other.longer_) add_longer(word, times);
  }
  template <class F>
  void each(const F& f) const {
    for (const auto& s : slots_)
      if (s.count != 0) f(s.key.text(), s.count);
    for (const auto& [word, times] : longer_) f(word, times);
  }

 private:
  struct alignas(32) slot {
    word_key key;
    std::int64_t count = 0;
  };
  struct request {
    word_key key;
    std::size_t at = 0;
  };

  std::size_t place_of(word_key key) const {
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(key.low ^ 0x9E3779B97F4A7C15ull) * (key.high ^ 0xD6E8FEB86659FD93ull);
    return (static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64)) & (slots_.size() - 1);
  }
  void add(word_key key, std::size_t at, std::int64_t times) {
    while (((slots_[at].key.low ^ key.low) | (slots_[at].key.high ^ key.high)) != 0) {
      if (slots_[at].count == 0) {
        slots_[at].key = key;
        break;
      }
      at = (at + 1) & (slots_.size() - 1);
    }
    slots_[at].count += times;
  }

  std::vector<slot> slots_;
  std::array<request, 64> waiting_;
  std::size_t count_ = 0;
  std::unordered_map<std::string, std::int64_t> longer_;
};

/// The first `n` (0..8) bytes of `word`.
std::uint64_t low_bytes(std::uint64_t word, std::size_t n) { return n >= 8 ? word : word & ((1ull << (8 * n)) - 1); }

/// Finds the ends of words 64 bytes at a time.
class word_counter {
 public:
  word_counter(std::string_view text, word_table& table) : text_(text), table_(table) {}

  void run() {
    std::size_t at = 0;
    for (; at + 64 <= text_.size(); at += 64) {
      for (auto ends = ends_in(text_.data() + at); ends != 0; ends &= ends - 1)
        end_word(at + static_cast<std::size_t>(__builtin_ctzll(ends)));
    }
    for (; at < text_.size(); ++at)
      if (text_[at] == ' ' || text_[at] == '\n') end_word(at);
    if (start_ < text_.size()) end_word(text_.size());
    table_.flush();
  }

 private:
  static std::uint64_t ends_in(const char* block) {
    const __m128i blank = _mm_set1_epi8(' '), line = _mm_set1_epi8('\n');
    std::uint64_t ends = 0;
    for (int part = 0; part < 4; ++part) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 16 * part));
      const int found = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, blank), _mm_cmpeq_epi8(bytes, line)));
      ends |= static_cast<std::uint64_t>(static_cast<unsigned>(found)) << (16 * part);
    }
    return ends;
  }
  void end_word(std::size_t end) {
    const auto size = end - start_;
    const char* from = text_.data() + start_;
    if (size > 16) {
      table_.add_longer({from, size});
    } else {
      char exact[16] = {};
      if (start_ + 16 > text_.size()) from = static_cast<const char*>(std::memcpy(exact, from, size));
      word_key key;
      std::memcpy(&key.low, from, 8);
      std::memcpy(&key.high, from + 8, 8);
      key.low = low_bytes(key.low, size);
      key.high = size > 8 ? low_bytes(key.high, size - 8) : 0;
      table_.add(key);
    }
    start_ = end + 1;
  }

  std::string_view text_;
  word_table& table_;
  std::size_t start_ = 0;
};

std::vector<fs::path> files_of(const std::string& directory) {
  std::vector<fs::path> files;
  for (const auto& f : fs::directory_iterator(directory)) files.push_back(f.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// Runs work(thread, file) for every file on `threads` threads.
template <class Work>
void on_threads(int threads, std::size_t files, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> pool;
  for (int t = 0; t < threads; ++t)
    pool.emplace_back([&, t] {
      for (std::size_t i; (i = next++) < files;) work(static_cast<std::size_t>(t), i);
    });
  for (auto& t : pool) t.join();
}

}  // namespace

nlohmann::json wordcount_reference(const bench_options& o) {
  const stopwatch watch;
  const auto paths = files_of(o.input);
  std::vector<std::unique_ptr<mapped_file>> files(paths.size());
  std::vector<word_table> tables(static_cast<std::size_t>(o.threads));
  on_threads(o.threads, paths.size(), [&](std::size_t thread, std::size_t i) {
    files[i] = std::make_unique<mapped_file>(paths[i]);
    word_counter(files[i]->text(), tables[thread]).run();
  });
  for (std::size_t t = 1; t < tables.size(); ++t) tables[0].merge(tables[t]);
  const double wall = watch.seconds(), cpu = watch.cpu_seconds();
  result_hash hash;
  std::int64_t total = 0, bytes = 0;
  tables[0].each([&](const std::string& word, std::int64_t n) {
    hash.add(word + "|" + std::to_string(n));
    total += n;
  });
  for (const auto& f : files) bytes += static_cast<std::int64_t>(f->text().size());
  return report("wordcount-reference", o.threads, total, bytes, wall, cpu, hash);
}

nlohmann::json ysb_reference(const bench_options& o) {
  const stopwatch watch;
  const mapped_file campaigns_file(o.campaigns);
  std::unordered_map<std::string_view, std::int32_t> campaign_of;
  std::vector<std::string_view> campaigns;
  std::unordered_map<std::string_view, std::int32_t> ids;
  for (std::string_view rest = campaigns_file.text(); !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto comma = line.find(',');
    const auto [it, added] = ids.try_emplace(line.substr(comma + 1), static_cast<std::int32_t>(campaigns.size()));
    if (added) campaigns.push_back(it->first);
    campaign_of[line.substr(0, comma)] = it->second;
  }
  const auto paths = files_of(o.input);
  std::vector<std::unique_ptr<mapped_file>> files(paths.size());
  std::vector<std::unordered_map<std::int64_t, std::vector<std::int64_t>>> windows(static_cast<std::size_t>(o.threads));
  std::vector<std::int64_t> rows(static_cast<std::size_t>(o.threads));
  on_threads(o.threads, paths.size(), [&](std::size_t thread, std::size_t i) {
    files[i] = std::make_unique<mapped_file>(paths[i]);
    for (std::string_view rest = files[i]->text(); !rest.empty();) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      ++rows[thread];
      // Fields stand in one order:
      // {"user_id":"36","page_id":"36","ad_id":"36","ad_type":"...","event_type":"...","event_time":n,...
      const auto ad = line.substr(13 + 36 + 13 + 36 + 11 - 1, 36);
      const auto type = line.find("\"event_type\":\"", 170 - 22) + 14;
      if (line.compare(type, 5, "view\"") != 0) continue;
      std::int64_t time = 0;
      for (std::size_t p = line.find("\"event_time\":", type) + 13; line[p] >= '0' && line[p] <= '9'; ++p)
        time = time * 10 + (line[p] - '0');
      auto& counts = windows[thread][time - time % 10000];
      counts.resize(campaigns.size());
      ++counts[static_cast<std::size_t>(campaign_of.at(ad))];
    }
  });
  std::map<std::pair<std::string_view, std::int64_t>, std::int64_t> merged;
  for (const auto& per_thread : windows)
    for (const auto& [start, counts] : per_thread)
      for (std::size_t c = 0; c < counts.size(); ++c)
        if (counts[c] != 0) merged[{campaigns[c], start}] += counts[c];
  const double wall = watch.seconds(), cpu = watch.cpu_seconds();
  result_hash hash;
  std::int64_t total = 0, bytes = 0;
  for (const auto& [key, n] : merged)
    hash.add(std::string(key.first) + "|" + std::to_string(key.second) + "|" + std::to_string(n));
  for (const auto n : rows) total += n;
  for (const auto& f : files) bytes += static_cast<std::int64_t>(f->text().size());
  return report("ysb-reference", o.threads, total, bytes, wall, cpu, hash);
}

}  // namespace bench
