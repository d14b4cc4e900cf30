#include "state/segment.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "flow/error.hpp"
#include "types/load_bytes.hpp"

namespace flow {
namespace {

static_assert(std::endian::native == std::endian::little, "segments are read and written as they lie in memory");

struct header {
  std::uint64_t checksum = 0;
  std::uint32_t magic = 0x47455346;  // "FSEG"
  std::uint16_t version = 1;
  std::uint16_t lane = 0;
  std::uint32_t entries = 0;
  std::uint32_t bloom_blocks = 0;
  std::uint32_t tombstones = 0;
  std::uint16_t first_group = 0, last_group = 0;
  std::uint64_t first_epoch = 0, last_epoch = 0;
  std::uint64_t bytes = 0;
};
static_assert(sizeof(header) == 56);

struct value_header {
  std::uint64_t checksum = 0;
  std::uint32_t magic = 0x4c415646;  // "FVAL"
  std::uint16_t version = 1;
  std::uint16_t reserved = 0;
  std::uint32_t entries = 0;
  std::uint32_t value_size = 0;
  std::uint64_t first_epoch = 0, last_epoch = 0;
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;
};
static_assert(sizeof(value_header) == 56);

constexpr std::size_t bloom_block_bytes = 64;
constexpr std::size_t bloom_bits_per_entry = 10;
constexpr int bloom_probes = 7;

std::uint32_t blocks_for(std::size_t entries) {
  return static_cast<std::uint32_t>((entries * bloom_bits_per_entry + 8 * bloom_block_bytes - 1) / (8 * bloom_block_bytes));
}

std::size_t block_of(std::uint64_t hash, std::uint32_t blocks) { return (hash >> 32) * blocks >> 32; }

/// One bit set a probe, of the 512 of a block, spread over its eight words.
std::array<std::uint64_t, 8> mask_of(std::uint64_t hash) {
  std::array<std::uint64_t, 8> mask{};
  auto bits = (hash | 1) * 0x9e3779b97f4a7c15u;
  for (int i = 0; i < bloom_probes; ++i, bits >>= 9) mask[bits >> 6 & 7] |= std::uint64_t{1} << (bits & 63);
  return mask;
}

char* put_varint(char* out, std::uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

const char* get_varint(const char* in, std::uint64_t& value) {
  const auto first = static_cast<unsigned char>(*in++);
  value = first & 0x7f;
  if (first < 0x80) return in;
  for (unsigned shift = 7; shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(*in++);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return in;
}

void fill_bloom(char* bloom, std::uint32_t blocks, const std::vector<std::uint64_t>& hashes) {
  std::memset(bloom, 0, blocks * bloom_block_bytes);
  for (const auto hash : hashes) {
    auto* block = bloom + block_of(hash, blocks) * bloom_block_bytes;
    auto bits = (hash | 1) * 0x9e3779b97f4a7c15u;
    for (int i = 0; i < bloom_probes; ++i, bits >>= 9) {
      auto& byte = block[bits >> 3 & 63];
      byte = static_cast<char>(byte | 1 << (bits & 7));
    }
  }
}

[[noreturn]] void refuse(std::string_view name, std::string_view what) {
  throw error(errc::checkpoint_corrupt, std::string(name) + " is damaged: " + std::string(what) +
                                            "; restore the checkpoint from a copy, or go back to an older epoch");
}

}  // namespace

std::uint64_t bloom_hash(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }
std::uint64_t checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

group_range group_range::of(std::uint32_t instance, std::uint32_t parallelism) {
  const auto start = [parallelism](std::uint32_t i) { return (i * key_group_count + parallelism - 1) / parallelism; };
  return {static_cast<std::uint16_t>(start(instance)), static_cast<std::uint16_t>(start(instance + 1) - 1)};
}

void segment_builder::add(const segment_entry& entry) {
  constexpr std::size_t greatest_head = 2 + 5 + 5;
  const auto room = used_ + greatest_head + entry.key.size() + entry.value.size();
  if (room > entries_.size()) entries_.resize(room + entries_.size() + 4096);
  auto* const start = entries_.data() + used_;
  std::memcpy(start, &entry.group.value, 2);
  auto* out = put_varint(start + 2, entry.key.size());
  out = put_varint(out, entry.erased ? 0 : entry.value.size() + 1);
  if (!entry.key.empty()) std::memcpy(out, entry.key.data(), entry.key.size());
  out += entry.key.size();
  if (!entry.erased && !entry.value.empty()) std::memcpy(out, entry.value.data(), entry.value.size());
  if (!entry.erased) out += entry.value.size();
  offsets_.push_back(static_cast<std::uint32_t>(used_));
  hashes_.push_back(bloom_hash(entry.key));
  tombstones_ += entry.erased ? 1 : 0;
  used_ += static_cast<std::size_t>(out - start);
}

void segment_builder::clear() {
  offsets_.clear();
  hashes_.clear();
  used_ = 0;
  tombstones_ = 0;
}

std::size_t segment_builder::bytes() const {
  return sizeof(header) + 4 * offsets_.size() + bloom_block_bytes * blocks_for(offsets_.size()) + used_;
}

void segment_builder::write(char* out, const segment_origin& origin) const {
  header h;
  h.entries = static_cast<std::uint32_t>(offsets_.size());
  h.bloom_blocks = blocks_for(offsets_.size());
  h.tombstones = tombstones_;
  h.first_group = origin.groups.first;
  h.last_group = origin.groups.last;
  h.lane = origin.lane;
  h.first_epoch = origin.first_epoch;
  h.last_epoch = origin.last_epoch;
  h.bytes = bytes();
  auto* at = out + sizeof(header);
  if (!offsets_.empty()) std::memcpy(at, offsets_.data(), 4 * offsets_.size());
  at += 4 * offsets_.size();
  fill_bloom(at, h.bloom_blocks, hashes_);
  at += h.bloom_blocks * bloom_block_bytes;
  if (used_ != 0) std::memcpy(at, entries_.data(), used_);
  std::memcpy(out, &h, sizeof(header));
  h.checksum = checksum({out + sizeof h.checksum, h.bytes - sizeof h.checksum});
  std::memcpy(out, &h.checksum, sizeof h.checksum);
}

std::string segment_builder::build(const segment_origin& origin) const {
  std::string bytes_out(bytes(), '\0');
  write(bytes_out.data(), origin);
  return bytes_out;
}

segment_view::segment_view(std::string_view bytes, std::string_view name) : bytes_(bytes) {
  if (bytes.size() < sizeof(header)) refuse(name, "it is shorter than its header");
  const auto h = load<header>(bytes.data());
  if (h.magic != header{}.magic) refuse(name, "it does not begin as a segment");
  if (h.version != header{}.version) {
    refuse(name, "it has the format version " + std::to_string(h.version) + ", which this release cannot read");
  }
  const auto before_entries =
      sizeof(header) + 4ull * h.entries + bloom_block_bytes * static_cast<std::uint64_t>(h.bloom_blocks);
  if (h.bytes != bytes.size() || before_entries > h.bytes || (h.entries != 0 && h.bloom_blocks == 0)) {
    refuse(name, "its sizes do not agree");
  }
  count_ = h.entries;
  bloom_blocks_ = h.bloom_blocks;
  tombstones_ = h.tombstones;
  offsets_ = bytes.data() + sizeof(header);
  bloom_ = offsets_ + 4ull * count_;
  entries_ = bytes.data() + before_entries;
  origin_ = {h.first_epoch, h.last_epoch, {h.first_group, h.last_group}, h.lane};
  if (count_ == 0) return;
  if (load<std::uint32_t>(offsets_) != 0 || bytes.size() - before_entries < 4) refuse(name, "its entries lie outside of it");
  // The varints may not run over the end, whatever they say.
  std::array<char, 2 + 10 + 10> head{};
  std::memcpy(head.data(), entries_, std::min<std::size_t>(head.size(), bytes.size() - before_entries));
  std::uint64_t key_size = 0, value_size = 0;
  const auto head_size = static_cast<std::size_t>(get_varint(get_varint(head.data() + 2, key_size), value_size) - head.data());
  if (head_size > head.size() || before_entries + head_size + key_size > bytes.size() || key_size > bytes.size()) {
    refuse(name, "its entries lie outside of it");
  }
  first_key_ = {entries_ + head_size, key_size};
}

std::size_t value_segment::bytes() const { return sizeof(value_header) + values.size(); }

void value_segment::write(char* out, const segment_origin& origin) const {
  value_header h;
  h.entries = entries;
  h.value_size = value_size;
  h.first_epoch = origin.first_epoch;
  h.last_epoch = origin.last_epoch;
  h.keys = keys;
  h.bytes = bytes();
  std::memcpy(out, &h, sizeof h);
  if (!values.empty()) std::memcpy(out + sizeof h, values.data(), values.size());
  h.checksum = checksum({out + sizeof h.checksum, h.bytes - sizeof h.checksum});
  std::memcpy(out, &h.checksum, sizeof h.checksum);
}

void segment_view::take_values(std::string_view bytes, std::uint64_t keys, std::string_view name) {
  if (bytes.size() < sizeof(value_header)) refuse(name, "it is shorter than its header");
  const auto h = load<value_header>(bytes.data());
  if (h.magic != value_header{}.magic || h.version != value_header{}.version) refuse(name, "it does not begin as values");
  if (h.bytes != bytes.size() || h.entries != count_ || h.bytes - sizeof h != std::uint64_t{h.entries} * h.value_size) {
    refuse(name, "its sizes do not agree");
  }
  if (h.keys != keys) refuse(name, "its values belong to the keys of segment " + std::to_string(h.keys));
  value_bytes_ = bytes;
  values_ = bytes.data() + sizeof h;
  value_size_ = h.value_size;
  origin_.first_epoch = h.first_epoch;
  origin_.last_epoch = h.last_epoch;
}

void segment_view::verify(std::string_view name) const {
  for (const auto part : {bytes_, value_bytes_}) {
    if (part.empty()) continue;
    const auto stored = load<std::uint64_t>(part.data());
    if (stored != checksum(part.substr(sizeof stored))) refuse(name, "its checksum is wrong");
  }
}

segment_entry segment_view::entry(std::uint32_t i) const {
  const char* in = entries_ + load<std::uint32_t>(offsets_ + 4ull * i);
  const key_group group{load<std::uint16_t>(in)};
  std::uint64_t key_size = 0, value_size = 0;
  in = get_varint(in + 2, key_size);
  in = get_varint(in, value_size);
  if (values_ != nullptr) return {{in, key_size}, {values_ + std::size_t{i} * value_size_, value_size_}, group, false};
  const bool erased = value_size == 0;
  return {{in, key_size}, {in + key_size, erased ? 0 : value_size - 1}, group, erased};
}

std::uint32_t segment_view::lower_bound(std::string_view key) const {
  std::uint32_t first = 0, length = count_;
  while (length > 0) {
    const auto half = length / 2;
    if (this->key(first + half) < key) {
      first += half + 1;
      length -= half + 1;
    } else {
      length = half;
    }
  }
  return first;
}

bool segment_view::may_hold(std::uint64_t key_hash) const {
  if (count_ == 0) return false;
  const char* block = bloom_ + block_of(key_hash, bloom_blocks_) * bloom_block_bytes;
  const auto mask = mask_of(key_hash);
  std::uint64_t missing = 0;
  for (std::size_t i = 0; i < mask.size(); ++i) missing |= mask[i] & ~load<std::uint64_t>(block + 8 * i);
  return missing == 0;
}

}  // namespace flow
