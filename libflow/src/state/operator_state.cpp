#include "state/operator_state.hpp"

#include <algorithm>

#include "flow/error.hpp"

namespace flow {
namespace {

/// LMDB keeps values up to this size in pages it rewrites; larger ones stay where they are until they are deleted.
constexpr std::size_t lies_still_above = 4096;

}  // namespace

std::string segment_name(std::string_view uid, std::uint64_t id, std::uint64_t first_epoch, std::uint64_t last_epoch,
                         const std::filesystem::path& file) {
  return "segment " + std::to_string(id) + " of operator \"" + std::string(uid) + "\" (epochs " + std::to_string(first_epoch) +
         " to " + std::to_string(last_epoch) + ") in " + file.string();
}

void state_mailbox::publish(epoch number, std::shared_ptr<const run_list> runs) {
  {
    const std::scoped_lock guard(mutex_);
    news_ = news{number, std::move(runs)};
  }
  if (const std::unique_lock idle(reader_, std::try_to_lock); idle) reader_.end();
}

std::optional<state_mailbox::news> state_mailbox::take() {
  const std::scoped_lock guard(mutex_);
  return std::exchange(news_, std::nullopt);
}

/// Holds the reader during one call of the operator, including what a visitor calls in turn.
class segment_state::use {
 public:
  explicit use(const segment_state& state) : state_(state) {
    if (state_.depth_++ > 0) return;
    state_.mailbox_->reader().lock();
    try {
      state_.refresh();
    } catch (...) {
      leave();
      throw;
    }
  }
  ~use() { leave(); }
  use(const use&) = delete;
  use& operator=(const use&) = delete;

 private:
  void leave() {
    if (--state_.depth_ > 0) return;
    auto& reader = state_.mailbox_->reader();
    if (state_.kind_ == state_store_kind::memory) reader.end();
    reader.unlock();
  }

  const segment_state& state_;
};

segment_state::segment_state(std::string uid, group_range groups, state_store_kind kind, std::shared_ptr<state_mailbox> mailbox,
                             epoch at, std::shared_ptr<const run_list> runs)
    : uid_(std::move(uid)),
      groups_(groups),
      kind_(kind),
      mailbox_(std::move(mailbox)),
      committed_(at),
      list_(std::move(runs)) {}

void segment_state::refresh() const {
  auto& reader = mailbox_->reader();
  if (auto news = mailbox_->take()) {
    reader.end();
    committed_ = news->number;
    list_ = std::move(news->runs);
    stale_ = true;
    std::erase_if(deltas_, [this](const delta_in_flight& d) { return d.number <= committed_; });
  }
  const auto transaction = reader.transaction();
  if (reader.moves() != moves_) {
    moves_ = reader.moves();
    runs_.clear();
    stale_ = true;
  }
  if (!stale_) return;
  std::vector<loaded_run> loaded;
  for (const auto& wanted : list_->runs) {
    const auto known = std::find_if(runs_.begin(), runs_.end(), [&](const loaded_run& r) { return r.source == wanted; });
    loaded.push_back(known == runs_.end() ? load(wanted, transaction) : std::move(*known));
  }
  runs_ = std::move(loaded);
  stale_ = false;
}

segment_state::loaded_run segment_state::load(const run_ptr& source, const lmdb_transaction& transaction) const {
  loaded_run loaded;
  loaded.source = source;
  for (std::size_t i = 0; i < source->segments.size(); ++i) {
    const auto id = source->segments[i];
    const auto name = segment_name(uid_, id, source->first_epoch, source->last_epoch, mailbox_->reader().environment().file());
    const auto fetch = [&](std::uint64_t wanted) {
      const auto bytes = transaction.get(table::segments, big_endian(wanted));
      if (!bytes) throw error(errc::checkpoint_corrupt, name + " is missing; restore the checkpoint from a copy");
      if (bytes->size() > lies_still_above) return *bytes;
      loaded.copies.push_back(std::make_unique<std::string>(*bytes));
      return std::string_view(*loaded.copies.back());
    };
    const auto view = view_segment(*source, i, name, fetch);
    if (groups_.intersects(view.origin().groups)) add_to_lanes(loaded.lanes, {id, view, false});
  }
  return loaded;
}

void segment_state::verify(segment_slot& slot) const {
  const auto& origin = slot.view.origin();
  slot.view.verify(segment_name(uid_, slot.id, origin.first_epoch, origin.last_epoch, mailbox_->reader().environment().file()));
  slot.checked = true;
}

void segment_state::scan(std::string_view from, std::string_view to,
                         const std::function<bool(std::string_view, std::string_view)>& visit) const {
  const use in_use(*this);
  merge_cursor cursor([this](segment_slot& slot) { verify(slot); });
  for (auto delta = deltas_.rbegin(); delta != deltas_.rend(); ++delta) cursor.add(delta->ordered());
  for (auto& each : runs_) {
    for (auto& l : each.lanes) cursor.add(l);
  }
  for (cursor.seek(from); cursor.valid(); cursor.next()) {
    const auto& e = cursor.entry();
    if (!to.empty() && e.key >= to) return;
    if (!e.erased && groups_.contains(e.group) && !visit(e.key, e.value)) return;
  }
}

segment_state::finding segment_state::look_up(loaded_run& in, key_group group, std::string_view key, std::uint64_t bloom,
                                              std::string& value) const {
  for (auto& l : in.lanes) {
    if (!l.groups.contains(group)) continue;
    const auto at = l.segment_for(key);
    if (at == l.segments.size()) continue;
    auto& slot = l.segments[at];
    if (!slot.checked) verify(slot);
    if (!slot.view.may_hold(bloom)) continue;
    const auto i = slot.view.lower_bound(key);
    if (i == slot.view.size()) continue;
    const auto e = slot.view.entry(i);
    if (e.key != key) continue;
    if (e.erased) return finding::erased;
    value.assign(e.value);
    return finding::value;
  }
  return finding::nothing;
}

bool segment_state::get(std::uint64_t hash, std::string_view key, std::string& value) const {
  const auto group = group_of(hash);
  if (!groups_.contains(group)) return false;
  const use in_use(*this);
  for (auto delta = deltas_.rbegin(); delta != deltas_.rend(); ++delta) {
    const auto ordered = delta->ordered();
    const auto i = ordered.lower_bound(key);
    if (i == ordered.size()) continue;
    const auto e = ordered.entry(i);
    if (e.key != key) continue;
    if (!e.erased) value.assign(e.value);
    return !e.erased;
  }
  const auto bloom = bloom_hash(key);
  for (auto& each : runs_) {
    const auto found = look_up(each, group, key, bloom, value);
    if (found != finding::nothing) return found == finding::value;
  }
  return false;
}

std::uint64_t segment_state::approximate_size() const {
  const use in_use(*this);
  std::uint64_t entries = 0;
  for (const auto& each : runs_) {
    for (const auto& l : each.lanes) {
      for (const auto& slot : l.segments) entries += slot.view.size() - slot.view.tombstones();
    }
  }
  for (const auto& d : deltas_) entries += d.delta->entries().size();
  return entries;
}

void segment_state::add(epoch number, std::shared_ptr<const state_delta> delta) {
  if (delta->empty()) return;
  if (delta->whole()) delta = std::make_shared<const state_delta>(delta->as_changes());
  delta_in_flight added{number, std::move(delta), {}};
  if (!added.delta->sorted()) added.order = added.delta->sorted_order();
  const use in_use(*this);
  if (number > committed_) deltas_.push_back(std::move(added));
}

}  // namespace flow
