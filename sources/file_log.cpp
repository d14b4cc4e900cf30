#include "sources/file_log.hpp"

#include <algorithm>

namespace flow {

bool file_log::is_new(const std::string& path, timestamp modified) const {
  return modified.microseconds >= forgotten_ && !files_.contains(path);
}

void file_log::insert(std::string path, std::int64_t modified) {
  newest_ = std::max(newest_, modified);
  const auto [file, fresh] = files_.emplace(std::move(path), modified);
  if (fresh) oldest_.emplace(modified, &file->first);
}

void file_log::add(const std::string& path, timestamp modified) {
  if (!files_.contains(path)) changes_[path] = modified;
  insert(path, modified.microseconds);
}

void file_log::purge() {
  if (max_age_.microseconds >= newest_) return;
  forgotten_ = std::max(forgotten_, newest_ - max_age_.microseconds);
  for (; !oldest_.empty() && oldest_.top().first < forgotten_; oldest_.pop()) {
    const auto file = files_.find(*oldest_.top().second);
    const auto pending = changes_.find(file->first);
    if (pending != changes_.end() && pending->second) {
      changes_.erase(pending);  // Nobody has been told of it.
    } else {
      changes_[file->first] = std::nullopt;
    }
    files_.erase(file);
  }
}

void file_log::take_changes(const std::function<void(const std::string&, std::optional<timestamp>)>& visit) {
  for (const auto& [path, modified] : changes_) visit(path, modified);
  changes_.clear();
}

nlohmann::json file_log::marks() const { return {{"files", size()}, {"newest", newest_}, {"forgotten", forgotten_}}; }

void file_log::restore_marks(const nlohmann::json& marks) {
  newest_ = marks.at("newest").get<std::int64_t>();
  forgotten_ = marks.at("forgotten").get<std::int64_t>();
}

void file_log::restore_file(std::string path, timestamp modified) { insert(std::move(path), modified.microseconds); }

void file_log::restore_former(const nlohmann::json& json) {
  restore_marks(json);
  for (const auto& [directory, files] : json.at("directories").items()) {
    for (std::size_t i = 0; i + 1 < files.size(); i += 2) {
      add(directory + files[i].get<std::string>(), {files[i + 1].get<std::int64_t>() + forgotten_});
    }
  }
}

}  // namespace flow
