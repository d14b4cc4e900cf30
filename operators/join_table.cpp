#include "operators/join_table.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <string>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "flow/error.hpp"
#include "flow/row_codec.hpp"
#include "operators/probe_hash.hpp"

namespace flow {

/// The ways to look a key up differ in how a key is read, hashed and compared.
class join_table::index {
 public:
  virtual ~index() = default;
  /// Enters all rows; next[i] becomes the row after i with the same key. Returns whether every key is there once.
  virtual bool build(std::span<const array> keys, std::vector<std::int32_t>& next) = 0;
  virtual void probe(std::span<const array> keys, std::span<std::int32_t> first) const = 0;
};

namespace {

/// Rows that no null keeps from matching.
class null_filter {
 public:
  explicit null_filter(std::span<const array> keys) {
    for (const auto& key : keys) {
      if (key->null_count() > 0) nullable_.push_back(key.get());
    }
  }
  bool has_null(std::size_t row) const {
    return std::any_of(nullable_.begin(), nullable_.end(),
                       [row](const arrow::Array* key) { return key->IsNull(static_cast<std::int64_t>(row)); });
  }

 private:
  std::vector<const arrow::Array*> nullable_;
};

// A key source reads the keys of a batch: `reader(keys, rows)[i]` is the key of row i; `stored` keeps the table's keys.

/// One key of STRING or BINARY: read where it lies.
struct text_keys {
  using stored = byte_rows;
  struct reader {
    reader(const text_keys&, std::span<const array> keys, std::size_t)
        : offsets(keys[0]->data()->GetValues<std::int32_t>(1)),
          bytes(keys[0]->data()->buffers[2] ? keys[0]->data()->buffers[2]->data_as<char>() : nullptr) {}
    std::string_view operator[](std::size_t i) const {
      return {bytes + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i])};
    }
    const std::int32_t* offsets;
    const char* bytes;
  };
};

/// One integer, DATE or TIMESTAMP key, widened.
struct integer_keys {
  struct stored {
    std::vector<std::int64_t> values;
    std::int64_t operator[](std::size_t i) const { return values[i]; }
  };
  struct reader {
    reader(const integer_keys&, std::span<const array> keys, std::size_t rows) {
      switch (keys[0]->type()->byte_width()) {
        case 1:
          widen<std::int8_t>(*keys[0], rows);
          break;
        case 2:
          widen<std::int16_t>(*keys[0], rows);
          break;
        case 4:
          widen<std::int32_t>(*keys[0], rows);
          break;
        default:
          values = keys[0]->data()->GetValues<std::int64_t>(1);
      }
    }
    template <class Value>
    void widen(const arrow::Array& key, std::size_t rows) {
      const auto* narrow = key.data()->GetValues<Value>(1);
      widened.assign(narrow, narrow + rows);
      values = widened.data();
    }
    std::int64_t operator[](std::size_t i) const { return values[i]; }
    std::vector<std::int64_t> widened;
    const std::int64_t* values = nullptr;
  };
};

/// Any keys, as encoded rows.
struct encoded_keys {
  row_codec codec;
  using stored = byte_rows;
  struct reader {
    reader(const encoded_keys& how, std::span<const array> keys, std::size_t rows) {
      how.codec.encode(keys, static_cast<std::int64_t>(rows), encoded);
    }
    std::string_view operator[](std::size_t i) const { return encoded[i]; }
    byte_rows encoded;
  };
};

void store(byte_rows& to, std::string_view key) {
  if (to.bytes.size() + key.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw error(errc::unsupported_plan,
                "join: the keys of the static table exceed 4 GiB; join with a smaller table or a stream");
  }
  to.bytes.insert(to.bytes.end(), key.begin(), key.end());
  to.offsets.push_back(static_cast<std::uint32_t>(to.bytes.size()));
}
void store(integer_keys::stored& to, std::int64_t key) { to.values.push_back(key); }

std::uint64_t hash_of(std::string_view key) { return probe_hash(key); }
std::uint64_t hash_of(std::int64_t key) { return probe_hash(static_cast<std::uint64_t>(key)); }

/// Open addressing with linear probing, at most half full.
template <class Keys>
class hash_index : public join_table::index {
 public:
  explicit hash_index(Keys keys) : how_(std::move(keys)) {}

  bool build(std::span<const array> keys, std::vector<std::int32_t>& next) override {
    const auto rows = next.size();
    slots_.resize(std::bit_ceil(std::max<std::size_t>(16, 2 * rows)));
    mask_ = slots_.size() - 1;
    const typename Keys::reader reader(how_, keys, rows);
    for (std::size_t i = 0; i < rows; ++i) store(stored_, reader[i]);
    const null_filter nulls(keys);
    bool unique = true;
    for (auto i = rows; i-- > 0;) {  // Backwards, so that rows with one key come in the table's order.
      if (nulls.has_null(i)) continue;
      const auto hash = hash_of(reader[i]);
      auto& entered = slots_[position_of(hash, reader[i])];
      unique = unique && entered.row < 0;
      next[i] = entered.row;
      entered = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::int32_t>(i)};
    }
    return unique;
  }

  void probe(std::span<const array> keys, std::span<std::int32_t> first) const override {
    const typename Keys::reader reader(how_, keys, first.size());
    const null_filter nulls(keys);
    constexpr std::size_t block = 256;  // Hashes first: the slots can then come from memory side by side.
    std::uint64_t hashes[block];
    for (std::size_t begin = 0; begin < first.size(); begin += block) {
      const auto count = std::min(block, first.size() - begin);
      for (std::size_t i = 0; i < count; ++i) {
        hashes[i] = hash_of(reader[begin + i]);
        __builtin_prefetch(&slots_[hashes[i] & mask_]);
      }
      for (std::size_t i = 0; i < count; ++i) {
        const auto row = begin + i;
        first[row] = nulls.has_null(row) ? no_row : slots_[position_of(hashes[i], reader[row])].row;
      }
    }
  }

 private:
  struct slot {
    std::uint32_t tag = 0;  ///< The hash's upper half.
    std::int32_t row = no_row;
  };

  /// Where the key's slot is, or the free one it would take.
  template <class Key>
  std::size_t position_of(std::uint64_t hash, const Key& key) const {
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    for (auto at = hash & mask_;; at = (at + 1) & mask_) {
      const auto& found = slots_[at];
      if (found.row < 0 || (found.tag == tag && stored_[static_cast<std::size_t>(found.row)] == key)) return at;
    }
  }

  Keys how_;
  typename Keys::stored stored_;
  std::vector<slot> slots_;
  std::size_t mask_ = 0;
};

bool widens_to_integer(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
      return true;
    default:
      return false;
  }
}

std::unique_ptr<join_table::index> make_index(const std::vector<bound_ptr>& keys) {
  if (keys.size() == 1) {
    const auto& type = *keys[0]->type();
    if (type.id() == arrow::Type::STRING || type.id() == arrow::Type::BINARY) {
      return std::make_unique<hash_index<text_keys>>(text_keys{});
    }
    if (widens_to_integer(type)) return std::make_unique<hash_index<integer_keys>>(integer_keys{});
  }
  std::vector<data_type> key_types;
  for (const auto& key : keys) key_types.push_back(key->type());
  return std::make_unique<hash_index<encoded_keys>>(encoded_keys{row_codec(std::move(key_types))});
}

}  // namespace

join_table::join_table(const schema_ptr& schema, const std::vector<batch>& parts, const std::vector<bound_ptr>& keys)
    : rows_(concatenate(schema, parts)) {
  if (rows_->num_rows() > std::numeric_limits<std::int32_t>::max() / 2) {
    throw error(errc::unsupported_plan, "join: the static table has " + std::to_string(rows_->num_rows()) +
                                            " rows; at most 2^30 fit in memory: filter it before the join");
  }
  const auto count = static_cast<std::size_t>(rows_->num_rows());
  next_.assign(count, no_row);
  if (keys.empty()) {
    for (std::size_t i = 0; i + 1 < count; ++i) next_[i] = static_cast<std::int32_t>(i + 1);
    unique_ = count <= 1;
    return;
  }
  std::vector<array> values;
  for (const auto& key : keys) values.push_back(evaluate_array(*key, *rows_, {}));
  index_ = make_index(keys);
  unique_ = index_->build(values, next_);
}

join_table::~join_table() = default;

void join_table::probe(std::span<const array> keys, std::int64_t count, std::vector<std::int32_t>& first) const {
  const bool nothing = rows_->num_rows() == 0;
  first.assign(static_cast<std::size_t>(count), nothing ? no_row : 0);
  if (index_ && !nothing) index_->probe(keys, first);
}

}  // namespace flow
