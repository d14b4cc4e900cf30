#include "sources/file_log.hpp"

#include <algorithm>
#include <limits>

#include "flow/error.hpp"

namespace flow {
namespace {

std::pair<std::string_view, std::string> parts_of(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {std::string_view{}, std::string(path)};
  return {path.substr(0, slash + 1), std::string(path.substr(slash + 1))};
}

}  // namespace

bool file_log::is_new(const std::string& path, timestamp modified) const {
  if (modified.microseconds < forgotten_) return false;
  const auto [directory, name] = parts_of(path);
  const auto found = directories_.find(directory);
  return found == directories_.end() || !found->second.contains(name);
}

void file_log::add(const std::string& path, timestamp modified) {
  newest_ = std::max(newest_, modified.microseconds);
  const auto [directory, name] = parts_of(path);
  auto found = directories_.find(directory);
  if (found == directories_.end()) found = directories_.emplace(std::string(directory), names{}).first;
  if (found->second.emplace(name, modified.microseconds).second) ++size_;
}

void file_log::purge() {
  if (max_age_.microseconds >= newest_) return;
  const auto limit = newest_ - max_age_.microseconds;
  if (limit <= forgotten_) return;
  forgotten_ = limit;
  for (auto directory = directories_.begin(); directory != directories_.end();) {
    size_ -= std::erase_if(directory->second, [&](const auto& file) { return file.second < limit; });
    directory = directory->second.empty() ? directories_.erase(directory) : std::next(directory);
  }
}

nlohmann::json file_log::to_json() const {
  auto directories = nlohmann::json::object();
  for (const auto& [directory, files] : directories_) {
    auto list = nlohmann::json::array();
    list.get_ref<nlohmann::json::array_t&>().reserve(files.size() * 2);
    for (const auto& [name, modified] : files) {
      list.push_back(name);
      list.push_back(modified - forgotten_);
    }
    directories[directory] = std::move(list);
  }
  return {{"newest", newest_}, {"forgotten", forgotten_}, {"directories", std::move(directories)}};
}

void file_log::restore(const nlohmann::json& json) {
  try {
    newest_ = json.at("newest").get<std::int64_t>();
    forgotten_ = json.at("forgotten").get<std::int64_t>();
    directories_.clear();
    size_ = 0;
    for (const auto& [directory, list] : json.at("directories").items()) {
      auto& files = directories_[directory];
      for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
        files.emplace(list[i].get<std::string>(), list[i + 1].get<std::int64_t>() + forgotten_);
      }
      size_ += files.size();
    }
  } catch (const nlohmann::json::exception& e) {
    throw error(errc::checkpoint_corrupt, std::string("the file source's log of seen files cannot be read: ") + e.what());
  }
}

}  // namespace flow
