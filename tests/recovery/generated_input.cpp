#include "generated_input.hpp"

#include <fstream>
#include <map>
#include <memory>

#include <flow/time.hpp>
#include <nlohmann/json.hpp>

namespace recovery {

namespace fs = std::filesystem;

namespace {

void publish(const fs::path& directory, int number, const char* extension, const std::string& content) {
  char name[32];
  std::snprintf(name, sizeof name, "part-%04d.%s", number, extension);
  const auto hidden = directory / ("." + std::string(name) + ".tmp");
  std::ofstream(hidden, std::ios::binary) << content;
  fs::rename(hidden, directory / name);
}

class text_input : public generated_input {
 public:
  explicit text_input(std::uint64_t seed) : random_(seed) {}

  void add_file(const fs::path& directory) override {
    std::string content;
    const int lines = static_cast<int>(50 + random_() % 500);
    for (int i = 0; i < lines; ++i) {
      const int words = static_cast<int>(1 + random_() % 12);
      for (int k = 0; k < words; ++k) {
        const auto r = random_() % 1000;
        const auto word = "w" + std::to_string(r * r / 500);
        ++counts_[word];
        content += (k > 0 ? " " : "") + word;
      }
      content += '\n';
    }
    publish(directory, files_++, "txt", content);
  }

  std::multiset<std::string> expected() const override {
    std::multiset<std::string> rows;
    for (const auto& [word, n] : counts_) rows.insert(nlohmann::json{{"word", word}, {"count", n}}.dump());
    return rows;
  }

 private:
  std::mt19937_64 random_;
  std::map<std::string, std::int64_t> counts_;
};

class page_view_input : public generated_input {
 public:
  page_view_input(std::uint64_t seed, int slide_minutes) : slide_(slide_minutes * 60'000'000), random_(seed) {}

  void add_file(const fs::path& directory) override {
    std::string content;
    const int rows = static_cast<int>(50 + random_() % 500);
    for (int i = 0; i < rows; ++i) {
      // Each file covers five minutes and reaches up to ten minutes back: inside the watermark's delay whatever the order of
      // reading.
      const auto at = start_ + (static_cast<std::int64_t>(files_) * 5 * 60 + static_cast<std::int64_t>(random_() % 300) -
                                static_cast<std::int64_t>(random_() % 600)) *
                                   1'000'000;
      const auto page = "/page/" + std::to_string(random_() % 40);
      greatest_ = std::max(greatest_, at);
      for (auto start = at - at % slide_; start + window_ > at; start -= slide_) ++counts_[{start, page}];
      content +=
          nlohmann::json{{"page", page}, {"user", "u" + std::to_string(random_() % 9)}, {"time", text(at)}}.dump() + "\n";
    }
    publish(directory, files_++, "json", content);
  }

  std::multiset<std::string> expected() const override {
    std::multiset<std::string> rows;
    for (const auto& [key, n] : counts_) {
      const auto [start, page] = key;
      if (start + window_ > greatest_ / 1000 * 1000 - delay_) continue;  // Not closed yet.
      rows.insert(nlohmann::json{{"start", iso(start)}, {"end", iso(start + window_)}, {"page", page}, {"views", n}}.dump());
    }
    return rows;
  }

 private:
  static std::string text(std::int64_t at) { return flow::to_string(flow::timestamp{at}); }
  /// As the JSON sink writes timestamps.
  static std::string iso(std::int64_t at) {
    auto t = text(at);
    t[10] = 'T';
    return t + ".000Z";
  }

  static constexpr std::int64_t start_ = 1'704'103'200'000'000, window_ = 600'000'000, delay_ = 1'800'000'000;
  std::int64_t slide_;
  std::mt19937_64 random_;
  std::int64_t greatest_ = 0;
  std::map<std::pair<std::int64_t, std::string>, std::int64_t> counts_;
};

}  // namespace

std::unique_ptr<generated_input> make_text(std::uint64_t seed) { return std::make_unique<text_input>(seed); }
std::unique_ptr<generated_input> make_page_views(std::uint64_t seed, int slide_minutes) {
  return std::make_unique<page_view_input>(seed, slide_minutes);
}

std::string normal_form(const std::string& json_line) { return nlohmann::json::parse(json_line).dump(); }

}  // namespace recovery
