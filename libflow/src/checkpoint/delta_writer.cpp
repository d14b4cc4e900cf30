#include "checkpoint/delta_writer.hpp"

#include <algorithm>

#include "flow/error.hpp"
#include "state/merge_cursor.hpp"

namespace flow {
namespace {

/// Two lists in one run must not be taken for one.
std::uint16_t free_lane(const std::vector<stored_keys>& known) {
  std::uint16_t lane = 0;
  while (std::any_of(known.begin(), known.end(), [&](const auto& k) { return k.lane == lane; })) ++lane;
  return lane;
}

[[noreturn]] void refuse_group(const instance_delta& from, key_group group) {
  throw error(errc::illegal_state, "instance " + std::to_string(from.instance) + " of " + std::to_string(from.parallelism) +
                                       " of operator \"" + from.uid + "\" changed a key of group " +
                                       std::to_string(group.value) +
                                       ", which another instance owns: the key could not be restored");
}

}  // namespace

void delta_writer::write(const instance_delta& from, std::uint64_t epoch, run& into) {
  const segment_origin origin{epoch, epoch, group_range::of(from.instance, from.parallelism)};
  from.delta->whole() ? write_whole(from, origin, into) : write_changes(from, origin, into);
}

void delta_writer::write_changes(const instance_delta& from, const segment_origin& origin, run& into) {
  std::vector<std::uint32_t> order;
  if (!from.delta->sorted()) order = from.delta->sorted_order();
  const ordered_delta source{from.delta.get(), order.empty() ? nullptr : &order};
  for (std::size_t i = 0; i < source.size(); ++i) {
    const auto entry = source.entry(i);
    if (!origin.groups.contains(entry.group)) refuse_group(from, entry.group);
    builder_.add(entry);
    if (builder_.bytes() >= segment_bytes_) store(origin, into);
  }
  if (!builder_.empty()) store(origin, into);
}

/// Keys that are stored already are not written again.
void delta_writer::write_whole(const instance_delta& from, segment_origin origin, run& into) {
  auto& known = known_[{from.uid, from.instance}];
  std::vector<stored_keys> named;
  const auto value_size = from.delta->value_size();
  for (const auto& column : from.delta->columns()) {
    auto at = std::find_if(known.begin(), known.end(), [&](const auto& k) { return k.keys == column.keys; });
    if (at == known.end()) {
      origin.lane = free_lane(known);
      at = known.insert(at, write_keys(from, column.keys, origin));
    }
    named.push_back(*at);
    std::size_t from_key = 0;
    for (const auto& piece : named.back().pieces) {
      const std::string_view values(column.values.data() + from_key * value_size, piece.size * value_size);
      const value_segment segment{values, static_cast<std::uint32_t>(piece.size), value_size, piece.id};
      const auto id = next_id_++;
      segment.write(transaction_.reserve(table::segments, big_endian(id), segment.bytes()), origin);
      into.keys.resize(into.segments.size());
      into.segments.push_back(id);
      into.keys.push_back(piece.id);
      into.entries += piece.size;
      into.bytes += segment.bytes();
      from_key += piece.size;
    }
  }
  known = std::move(named);
}

stored_keys delta_writer::write_keys(const instance_delta& from, const std::shared_ptr<const key_list>& keys,
                                     const segment_origin& origin) {
  stored_keys stored{keys, origin.lane, {}};
  const auto end_piece = [&] {
    stored.pieces.push_back({next_id_, builder_.entries()});
    builder_.write(transaction_.reserve(table::segments, big_endian(next_id_++), builder_.bytes()), origin);
    builder_.clear();
  };
  for (std::size_t i = 0; i < keys->size(); ++i) {
    if (!origin.groups.contains(keys->groups[i])) refuse_group(from, keys->groups[i]);
    builder_.add({keys->key(i), {}, keys->groups[i], false});
    if (builder_.bytes() >= segment_bytes_) end_piece();
  }
  if (!builder_.empty()) end_piece();
  return stored;
}

void delta_writer::store(const segment_origin& origin, run& into) {
  const auto id = next_id_++;
  builder_.write(transaction_.reserve(table::segments, big_endian(id), builder_.bytes()), origin);
  into.segments.push_back(id);
  if (!into.keys.empty()) into.keys.push_back(0);
  into.entries += builder_.entries();
  into.bytes += builder_.bytes();
  builder_.clear();
}

}  // namespace flow
