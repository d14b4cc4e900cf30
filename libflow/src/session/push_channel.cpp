#include <algorithm>
#include <random>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "flow/error.hpp"
#include "session/push_source.hpp"
#include "session/table_source.hpp"

namespace flow {

namespace {

std::string random_id() {
  std::random_device entropy;
  return std::to_string(std::uint64_t{entropy()} << 32 | entropy());
}

}  // namespace

push_input::channel::channel(schema_ptr row_schema, std::int64_t capacity_rows)
    : id(random_id()), schema(std::move(row_schema)), capacity(capacity_rows) {}

void push_input::channel::check_open() const {
  if (closed_) throw error(errc::illegal_state, "push() after close(); make a new push_stream()");
}

bool push_input::channel::has_room(std::int64_t count) const {
  auto durable = end_;
  for (const auto& one : consumers) durable = std::min(durable, one.committed);
  if (consumers.empty() && !rows_.empty()) durable = rows_.front().first;
  const auto waiting = end_ - durable;
  return waiting == 0 || waiting + count <= capacity;
}

void push_input::channel::append(const batch& rows) {
  if (rows->num_rows() == 0) return;
  rows_.push_back({end_, rows});
  end_ += rows->num_rows();
}

std::vector<std::function<void()>> push_input::channel::callbacks() const {
  std::vector<std::function<void()>> all;
  for (const auto& one : consumers) {
    if (one.on_discoverable) all.push_back(one.on_discoverable);
    for (const auto& wake : one.on_available) {
      if (wake) all.push_back(wake);
    }
  }
  return all;
}

void push_input::channel::push(const batch& rows) {
  const auto own = fitted(rows, schema);
  std::unique_lock lock(mutex);
  room.wait(lock, [&] { return closed_ || has_room(own->num_rows()); });
  check_open();
  append(own);
  const auto wake = callbacks();
  lock.unlock();
  for (const auto& call : wake) call();
}

bool push_input::channel::try_push(const batch& rows) {
  const auto own = fitted(rows, schema);
  std::unique_lock lock(mutex);
  check_open();
  if (!has_room(own->num_rows())) return false;
  append(own);
  const auto wake = callbacks();
  lock.unlock();
  for (const auto& call : wake) call();
  return true;
}

void push_input::channel::push_together(std::span<const std::pair<channel*, batch>> rows) {
  std::vector<channel*> channels;
  std::vector<batch> own;
  for (const auto& [to, one] : rows) {
    channels.push_back(to);
    own.push_back(fitted(one, to->schema));
  }
  std::sort(channels.begin(), channels.end(), std::less<>());
  channels.erase(std::unique(channels.begin(), channels.end()), channels.end());
  std::vector<std::function<void()>> wake;
  {
    // Always in the order of addresses, so that two calls cannot wait for each other.
    std::vector<std::unique_lock<std::mutex>> locks;
    for (auto* one : channels) locks.emplace_back(one->mutex);
    for (auto* one : channels) one->check_open();
    for (std::size_t i = 0; i < own.size(); ++i) rows[i].first->append(own[i]);
    for (auto* one : channels) {
      for (auto& call : one->callbacks()) wake.push_back(std::move(call));
    }
  }
  for (const auto& call : wake) call();
}

void push_input::channel::close() {
  std::unique_lock lock(mutex);
  closed_ = true;
  const auto wake = callbacks();
  lock.unlock();
  room.notify_all();
  for (const auto& call : wake) call();
}

push_input::channel::consumer_ref push_input::channel::attach() {
  const std::lock_guard lock(mutex);
  const auto first = rows_.empty() ? end_ : rows_.front().first;
  consumers.push_back({first, first, {}, {}});
  return std::prev(consumers.end());
}

void push_input::channel::detach(consumer_ref who) {
  {
    const std::lock_guard lock(mutex);
    consumers.erase(who);
  }
  room.notify_all();
}

void push_input::channel::begin_at(consumer_ref who, std::int64_t next) {
  const std::lock_guard lock(mutex);
  who->committed = std::max(who->committed, std::min(next, end_));
}

void push_input::channel::commit(consumer_ref who, std::int64_t next) {
  {
    const std::lock_guard lock(mutex);
    who->released = std::max(who->released, who->committed);
    who->committed = std::max(who->committed, next);
    drop_released();
  }
  room.notify_all();
}

void push_input::channel::drop_released() {
  auto needed = end_;
  for (const auto& one : consumers) needed = std::min(needed, one.released);
  while (!rows_.empty() && rows_.front().first + rows_.front().rows->num_rows() <= needed) rows_.pop_front();
}

std::int64_t push_input::channel::first_row() const {
  const std::lock_guard lock(mutex);
  return rows_.empty() ? end_ : rows_.front().first;
}

std::int64_t push_input::channel::end_row() const {
  const std::lock_guard lock(mutex);
  return end_;
}

batch push_input::channel::read(std::int64_t from, std::int64_t to, const read_budget& budget) const {
  std::vector<batch> parts;
  {
    const std::lock_guard lock(mutex);
    auto at = rows_.end();
    if (!rows_.empty() && from >= rows_.back().first) {  // Most often: only the newest, or nothing, is left to read.
      --at;
    } else {
      at =
          std::upper_bound(rows_.begin(), rows_.end(), from, [](std::int64_t row, const numbered& n) { return row < n.first; });
      if (at != rows_.begin()) --at;
    }
    std::int64_t count = 0;
    std::int64_t bytes = 0;
    for (; at != rows_.end() && count < budget.rows; ++at) {
      const auto begin = std::max(from, at->first);
      const auto end = std::min({to, at->first + at->rows->num_rows(), begin + budget.rows - count});
      if (at->first >= to) break;
      if (begin >= end) continue;
      // Measured only where there is more to take: it costs more than all else a single row needs here.
      if (!parts.empty()) {
        bytes += batch_bytes(*parts.back());
        if (bytes >= budget.bytes) break;
      }
      const bool whole = begin == at->first && end - begin == at->rows->num_rows();
      parts.push_back(whole ? at->rows : at->rows->Slice(begin - at->first, end - begin));
      count += end - begin;
    }
  }
  if (parts.size() <= 1) return parts.empty() ? nullptr : parts[0];
  auto whole = arrow::ConcatenateRecordBatches(parts);
  if (!whole.ok()) throw error(errc::unreadable_input, "rows of a push stream: " + whole.status().ToString());
  return whole.MoveValueUnsafe();
}

}  // namespace flow
