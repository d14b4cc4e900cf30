#include "tests/actors/tray_sink.hpp"

namespace flow::test {

std::vector<event> tray::rows() const {
  const std::lock_guard lock(mutex_);
  std::vector<event> all;
  for (const auto& [number, rows] : visible_) all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

std::map<std::uint64_t, std::vector<event>> tray::epochs() const {
  const std::lock_guard lock(mutex_);
  return visible_;
}

std::size_t tray::written() const {
  const std::lock_guard lock(mutex_);
  return written_;
}

void tray::wait_for_written(std::size_t rows) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return written_ >= rows; });
}

int tray::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

class tray_sink : public sink {
 public:
  explicit tray_sink(std::shared_ptr<tray> into) : tray_(std::move(into)) {}

  void open(const sink_context&) override { step("open"); }
  epoch recover(epoch newest, const nlohmann::json&) override {
    step("recover");
    const std::lock_guard lock(tray_->mutex_);
    tray_->open_.clear();
    const epoch visible{newest.value - std::min(newest.value, tray_->forgotten)};
    // A prepared epoch that the checkpoint knows is completed, all others are undone.
    for (auto& [number, rows] : tray_->prepared_) {
      if (number <= visible.value) tray_->visible_[number] = rows;
    }
    tray_->prepared_.clear();
    std::erase_if(tray_->visible_, [&](const auto& each) { return each.first > visible.value; });
    return visible;
  }
  void write(epoch e, const batch& rows) override {
    step("write");
    if (tray_->at_write) tray_->at_write();
    const auto read = read_batch(*rows);
    {
      const std::lock_guard lock(tray_->mutex_);
      auto& into = tray_->open_[e.value];
      into.insert(into.end(), read.begin(), read.end());
      tray_->written_ += read.size();
    }
    tray_->changed_.notify_all();
  }
  nlohmann::json prepare(epoch e) override {
    step("prepare");
    std::size_t rows = 0;
    {
      const std::lock_guard lock(tray_->mutex_);
      rows = tray_->open_[e.value].size();
      tray_->prepared_[e.value] = tray_->open_[e.value];
      tray_->open_.erase(e.value);
    }
    if (tray_->at_prepare) tray_->at_prepare(rows);
    return e.value;
  }
  void commit(epoch e, const nlohmann::json& prepared) override {
    step("commit");
    if (tray_->at_commit) tray_->at_commit(e.value, prepared_rows(e));
    if (prepared != e.value) throw error(errc::illegal_state, "commit got what another prepare returned");
    const std::lock_guard lock(tray_->mutex_);
    const auto found = tray_->prepared_.find(e.value);
    if (found == tray_->prepared_.end()) return;
    tray_->visible_[e.value] = found->second;
    tray_->prepared_.erase(found);
  }
  void close() override {
    {
      const std::lock_guard lock(tray_->mutex_);
      ++tray_->closed_;
    }
    step("close");
  }
  bool blocking() const override { return tray_->blocking; }
  bool overlaps() const override { return tray_->overlaps; }
  std::string description() const override { return "TraySink"; }

 private:
  std::size_t prepared_rows(epoch e) const {
    const std::lock_guard lock(tray_->mutex_);
    const auto found = tray_->prepared_.find(e.value);
    return found == tray_->prepared_.end() ? 0 : found->second.size();
  }
  void step(const char* name) const {
    if (tray_->restart_at == name && tray_->restarts.fetch_sub(1) > 0) {
      throw error(errc::restart_required, std::string("the tray was lost at ") + name);
    }
    if (tray_->fail_at.contains(name)) throw error(errc::unwritable_output, std::string("the tray fell at ") + name);
  }

  std::shared_ptr<tray> tray_;
};

namespace {

class provider : public sink_provider {
 public:
  explicit provider(std::shared_ptr<tray> into) : tray_(std::move(into)) {}
  std::string description() const override { return "TraySink"; }
  nlohmann::json signature() const override { return "tray"; }
  void check(const arrow::Schema&, output_mode) const override {}
  std::unique_ptr<sink> make() const override { return std::make_unique<tray_sink>(tray_); }

 private:
  std::shared_ptr<tray> tray_;
};

}  // namespace

sink_provider_ptr tray_provider(std::shared_ptr<tray> into) { return std::make_shared<provider>(std::move(into)); }

}  // namespace flow::test
