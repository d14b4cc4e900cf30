#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "flow/batch.hpp"
#include "flow/row_codec.hpp"
#include "flow/types.hpp"

/// How a partial aggregation names groups to a final one that keeps its own, so that a key crosses the exchange once: the
/// sender numbers its groups, a key travels with the first state of its group, later states only with the number. Such rows
/// have the columns
///
///     group UINT32 | key_group UINT16 | state columns | key BINARY, encoded, null where it is known (absent if all are)
///
/// and the schema's metadata names the sender and its generation of numbers.
namespace flow {

/// Whether rows are named by a sender's numbers.
bool has_linked_groups(const arrow::RecordBatch& rows);
/// The key group of each of them.
std::span<const std::uint16_t> linked_key_groups(const arrow::RecordBatch& rows);

/// The sender's side.
class group_sender {
 public:
  group_sender(std::uint32_t instance, const std::vector<data_type>& state_types);

  /// Groups below this have been sent with their keys.
  std::uint32_t known() const { return known_; }
  /// Rows of these groups, ascending. `new_keys` are the keys of the last ones, which had not been known; `key_groups` is by
  /// group.
  batch make(std::span<const std::uint32_t> groups, std::span<const std::uint16_t> key_groups, std::vector<array> states,
             const byte_rows& new_keys);
  /// The numbers will be given to other groups.
  void forget();

 private:
  void make_schemas();

  std::uint32_t instance_;
  std::uint64_t generation_ = 0;
  std::uint32_t known_ = 0;
  arrow::FieldVector fields_;
  schema_ptr known_schema_, new_schema_;
};

/// The receiver's side: its own group ids by each sender's numbers.
class group_receiver {
 public:
  /// The rows' state columns.
  static std::span<const array> states(const arrow::RecordBatch& rows);
  /// The own ids of the rows' groups; `look_up` gives those of keys seen for the first time.
  template <class LookUp>
  std::span<const std::uint32_t> resolve(const arrow::RecordBatch& rows, const LookUp& look_up) {
    auto& known = link_of(rows);
    if (const auto keys = new_keys(rows); keys.size() > 0) learn(rows, look_up(keys), known);
    return translate(rows, known);
  }

 private:
  struct link {
    std::uint64_t generation = 0;
    std::vector<std::uint32_t> ids;
  };

  link& link_of(const arrow::RecordBatch& rows);
  static byte_rows new_keys(const arrow::RecordBatch& rows);
  static void learn(const arrow::RecordBatch& rows, std::span<const std::uint32_t> ids, link& known);
  std::span<const std::uint32_t> translate(const arrow::RecordBatch& rows, const link& known);

  std::vector<link> links_;  ///< By the sender's instance.
  std::vector<std::uint32_t> ids_;
};

}  // namespace flow
