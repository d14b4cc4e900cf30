#include "operators/seen_keys.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "flow/error.hpp"
#include "operators/key_set.hpp"

namespace flow {

namespace {

constexpr char key_mark = 'k', time_mark = 't';
constexpr std::size_t time_size = 8;

void append_time(std::int64_t time, std::string& to) {
  const auto bits = static_cast<std::uint64_t>(time) ^ (std::uint64_t{1} << 63);  // Sorts as the time does.
  for (int shift = 56; shift >= 0; shift -= 8) to.push_back(static_cast<char>(bits >> shift));
}

std::int64_t read_time(std::string_view bytes) {
  if (bytes.size() < time_size) {
    throw error(errc::checkpoint_corrupt, "deduplicate: a stored key has " + std::to_string(bytes.size()) +
                                              " bytes where a time of " + std::to_string(time_size) + " must be");
  }
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < time_size; ++i) bits = bits << 8 | static_cast<unsigned char>(bytes[i]);
  return static_cast<std::int64_t>(bits ^ (std::uint64_t{1} << 63));
}

/// How keys lie in state.
class key_layout {
 public:
  explicit key_layout(forgetting how) : how_(how) {}

  std::size_t entries_per_key() const { return how_ == forgetting::by_first_time ? 2 : 1; }

  /// The entry that is looked up by key (and time, where the key tells it).
  std::string_view main_key(std::string_view key, std::int64_t time) {
    main_.clear();
    if (how_ == forgetting::by_key_time) append_time(time, main_);
    if (how_ == forgetting::by_first_time) main_.push_back(key_mark);
    main_.append(key);
    return main_;
  }

  void put(std::uint64_t hash, std::string_view key, std::int64_t time, state_delta& to) {
    value_.clear();
    if (how_ == forgetting::by_first_time) append_time(time, value_);
    to.put(hash, main_key(key, time), value_);
    if (how_ == forgetting::by_first_time) to.put(hash, time_key(key, time), {});
  }

  /// `back`: the key has come again, with a later time, and its main entry is put anew.
  void erase(std::uint64_t hash, std::string_view key, std::int64_t time, bool back, state_delta& to) {
    if (!back) to.erase(hash, main_key(key, time));
    if (how_ == forgetting::by_first_time) to.erase(hash, time_key(key, time));
  }

  /// The time in the main entry's value, or what the key told.
  std::int64_t time_of(std::string_view value, std::int64_t told) const {
    return how_ == forgetting::by_first_time ? read_time(value) : told;
  }

  /// Visits each key of the view once.
  void scan(const state_view& view, const std::function<void(std::string_view key, std::int64_t time)>& visit) const {
    const auto all = how_ == forgetting::by_first_time ? std::string(1, time_mark) : std::string();
    view.scan(all, {}, [&](std::string_view entry, std::string_view) {
      visit_entry(entry, visit);
      return true;
    });
  }

  /// Visits the keys of the view whose time is at or before `mark`.
  void scan_passed(const state_view& view, std::int64_t mark,
                   const std::function<void(std::string_view key, std::int64_t time)>& visit) const {
    std::string from, to;
    if (how_ == forgetting::by_first_time) from = to = time_mark;
    append_time(mark == no_end ? mark : mark + 1, to);
    view.scan(from, to, [&](std::string_view entry, std::string_view) {
      visit_entry(entry, visit);
      return true;
    });
  }

 private:
  std::string_view time_key(std::string_view key, std::int64_t time) {
    time_.assign(1, time_mark);
    append_time(time, time_);
    time_.append(key);
    return time_;
  }

  void visit_entry(std::string_view entry, const std::function<void(std::string_view, std::int64_t)>& visit) const {
    if (how_ == forgetting::never) return visit(entry, no_end);
    if (how_ == forgetting::by_first_time) entry.remove_prefix(1);
    const auto time = read_time(entry);
    visit(entry.substr(time_size), time);
  }

  forgetting how_;
  std::string main_, time_, value_;  ///< Kept for their memory only.
};

/// All keys in RAM; a heap knows the next to be forgotten.
class keys_in_memory : public seen_keys {
 public:
  explicit keys_in_memory(forgetting how) : layout_(how) {}

  void restore(const state_view& view) override {
    layout_.scan(view, [this](std::string_view key, std::int64_t time) {
      const auto number = insert(hash_bytes(key), key, time);
      keys_.at(number).stored = true;
    });
  }

  void add(const byte_rows& keys, std::span<const std::int64_t> times, std::vector<std::int32_t>& rows) override {
    std::erase_if(rows, [&](std::int32_t row) {
      const auto i = static_cast<std::size_t>(row);
      const auto key = keys[i];
      const auto hash = hash_bytes(key);
      if (keys_.find(hash, key)) return true;
      added_.push_back(insert(hash, key, times.empty() ? no_end : times[i]));
      ++counts_.rows_updated;
      return false;
    });
  }

  void forget(std::int64_t mark) override {
    while (!next_to_forget_.empty() && next_to_forget_.front().first <= mark) {
      std::pop_heap(next_to_forget_.begin(), next_to_forget_.end(), std::greater<>());
      const auto number = next_to_forget_.back().second;
      next_to_forget_.pop_back();
      const auto& passed = keys_.at(number);
      if (passed.stored) note_gone(passed);
      keys_.erase(number);
      ++counts_.rows_removed;
    }
  }

  void snapshot(state_delta& changed) override {
    for (const auto& each : gone_) {
      const auto key = std::string_view(gone_bytes_).substr(each.offset, each.size);
      layout_.erase(each.hash, key, each.time, keys_.find(each.hash, key) != nullptr, changed);
    }
    for (const auto number : added_) {
      auto& fresh = keys_.at(number);
      if (!fresh.alive || fresh.stored) continue;
      fresh.stored = true;
      layout_.put(fresh.hash, keys_.key(fresh), fresh.time, changed);
    }
    gone_.clear();
    gone_bytes_.clear();
    added_.clear();
  }

  operator_metrics metrics() const override {
    auto counts = counts_;
    counts.rows_total = static_cast<std::int64_t>(keys_.size());
    counts.memory_bytes = static_cast<std::int64_t>(keys_.bytes() + next_to_forget_.capacity() * sizeof(timed));
    return counts;
  }

  void begin_epoch() override { counts_ = {}; }

 private:
  using timed = std::pair<std::int64_t, std::uint32_t>;
  struct gone_key {
    std::uint64_t hash;
    std::int64_t time;
    std::size_t offset, size;
  };

  std::uint32_t insert(std::uint64_t hash, std::string_view key, std::int64_t time) {
    const auto number = keys_.insert(hash, key, time);
    if (time != no_end) {
      next_to_forget_.emplace_back(time, number);
      std::push_heap(next_to_forget_.begin(), next_to_forget_.end(), std::greater<>());
    }
    return number;
  }

  void note_gone(const key_set::entry& passed) {
    const auto key = keys_.key(passed);
    gone_.push_back({passed.hash, passed.time, gone_bytes_.size(), key.size()});
    gone_bytes_.append(key);
  }

  key_layout layout_;
  key_set keys_;
  std::vector<timed> next_to_forget_;
  std::vector<std::uint32_t> added_;  ///< Since the last snapshot; some may be gone again.
  std::vector<gone_key> gone_;        ///< Known to the last snapshot, and forgotten since.
  std::string gone_bytes_;
  operator_metrics counts_;
};

/// Keys in the state view, asked for one by one. In RAM are those added since the last snapshot, and the latest met.
class keys_in_view : public seen_keys {
 public:
  keys_in_view(forgetting how, std::size_t cache_bytes) : layout_(how), how_(how), cache_bytes_(cache_bytes) {}

  void restore(const state_view& view) override {
    view_ = &view;
    total_ = static_cast<std::int64_t>(view.approximate_size() / layout_.entries_per_key());
  }

  void add(const byte_rows& keys, std::span<const std::int64_t> times, std::vector<std::int32_t>& rows) override {
    std::erase_if(rows, [&](std::int32_t row) {
      const auto i = static_cast<std::size_t>(row);
      return !add_key(keys[i], times.empty() ? no_end : times[i]);
    });
  }

  /// The view keeps its entries until the next snapshot; until then they are there but passed.
  void forget(std::int64_t mark) override {
    if (how_ == forgetting::never || mark <= mark_) return;
    mark_ = mark;
  }

  void snapshot(state_delta& changed) override {
    if (mark_ > swept_) sweep(changed);
    fresh_.for_each([&](const key_set::entry& e) {
      if (passed(e.time)) return;
      layout_.put(e.hash, fresh_.key(e), e.time, changed);
      remember(e.hash, fresh_.key(e), e.time);
    });
    fresh_.clear();
  }

  operator_metrics metrics() const override {
    auto counts = counts_;
    counts.rows_total = total_;
    counts.memory_bytes = static_cast<std::int64_t>(fresh_.bytes() + recent_.bytes() + older_.bytes());
    return counts;
  }

  void begin_epoch() override { counts_ = {}; }

 private:
  bool passed(std::int64_t time) const { return time <= mark_ && time != no_end; }

  bool add_key(std::string_view key, std::int64_t time) {
    const auto hash = hash_bytes(key);
    if (auto* known = fresh_.find(hash, key)) {
      if (!passed(known->time)) return false;
      known->time = time;
      return true;
    }
    if (is_cached(recent_, hash, key) || is_cached(older_, hash, key) || is_stored(hash, key, time)) return false;
    fresh_.insert(hash, key, time);
    ++counts_.rows_updated;
    ++total_;
    return true;
  }

  bool is_cached(key_set& cache, std::uint64_t hash, std::string_view key) const {
    const auto* known = cache.find(hash, key);
    return known && !passed(known->time);
  }

  bool is_stored(std::uint64_t hash, std::string_view key, std::int64_t time) {
    if (!view_ || !view_->get(hash, layout_.main_key(key, time), value_)) return false;
    const auto stored = layout_.time_of(value_, time);
    if (passed(stored)) return false;
    remember(hash, key, stored);
    return true;
  }

  void remember(std::uint64_t hash, std::string_view key, std::int64_t time) {
    if (auto* known = recent_.find(hash, key)) {
      known->time = time;
      return;
    }
    if (recent_.bytes() > cache_bytes_ / 2) {
      older_ = std::move(recent_);
      recent_.clear();
    }
    if (auto* known = older_.find(hash, key)) known->time = time;
    recent_.insert(hash, key, time);
  }

  void sweep(state_delta& changed) {
    swept_ = mark_;
    if (view_) {
      layout_.scan_passed(*view_, mark_, [&](std::string_view key, std::int64_t time) {
        const auto hash = hash_bytes(key);
        const auto* fresh = fresh_.find(hash, key);
        layout_.erase(hash, key, time, fresh && !passed(fresh->time), changed);
        ++counts_.rows_removed;
        --total_;
      });
    }
    fresh_.for_each([&](const key_set::entry& e) {
      if (!passed(e.time)) return;
      ++counts_.rows_removed;
      --total_;
    });
  }

  key_layout layout_;
  forgetting how_;
  std::size_t cache_bytes_;
  const state_view* view_ = nullptr;
  key_set fresh_, recent_, older_;
  std::int64_t mark_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t swept_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t total_ = 0;
  std::string value_;
  operator_metrics counts_;
};

}  // namespace

std::unique_ptr<seen_keys> make_seen_keys(forgetting how, state_store_kind where, std::size_t cache_bytes) {
  if (where == state_store_kind::memory) return std::make_unique<keys_in_memory>(how);
  return std::make_unique<keys_in_view>(how, cache_bytes);
}

}  // namespace flow
