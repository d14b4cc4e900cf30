#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <string>

namespace recovery {

/// An input that grows file by file, the same for the same seed, and the answer it must lead to, computed here by plain loops.
class generated_input {
 public:
  virtual ~generated_input() = default;
  /// Writes the next file under a hidden name and renames it, as the file source expects.
  virtual void add_file(const std::filesystem::path& directory) = 0;
  int files() const { return files_; }
  /// The result's rows over all files so far, as sorted JSON lines.
  virtual std::multiset<std::string> expected() const = 0;

 protected:
  int files_ = 0;
};

/// Lines of words for word_count: {"word": ..., "count": ...}.
std::unique_ptr<generated_input> make_text(std::uint64_t seed);
/// Page views with rising, slightly disordered event times for page_views with 10-minute windows, one every `slide_minutes`,
/// and a 30-minute watermark.
std::unique_ptr<generated_input> make_page_views(std::uint64_t seed, int slide_minutes = 10);

/// A line as compact JSON with its members in order of name.
std::string normal_form(const std::string& json_line);

}  // namespace recovery
