#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "flow/batch.hpp"
#include "flow/bound_expression.hpp"
#include "flow/stream_operator.hpp"
#include "flow/types.hpp"

namespace flow::testing {

/// Rows of an epoch by input port, and the watermark that stands at its end.
struct harness_epoch {
  std::vector<std::pair<int, batch>> rows;
  watermark mark = {};
};

/// Rows in a notation that can be compared: by default each row's JSON text, sorted.
using fold_function = std::function<std::vector<std::string>(const std::vector<std::string>& rows)>;
std::vector<std::string> as_multiset(const std::vector<std::string>& rows);
std::vector<std::string> as_list(const std::vector<std::string>& rows);

/// An operator, what it is fed, and how its results are compared.
struct harness_case {
  operator_spec spec;
  std::vector<harness_epoch> epochs;
  fold_function fold = as_multiset;
  /// The operator does not care where epochs end: further barriers, snapshots and restores may come between any two batches.
  bool barriers_anywhere = false;
  bool continuous = false;
};

/// One way to drive the operator.
struct harness_drive {
  enum class split { whole, single_rows, odd } batches = split::whole;
  bool restore = false;        ///< After each snapshot a fresh instance goes on.
  bool more_barriers = false;  ///< Between any two batches.
  state_store_kind store = state_store_kind::memory;
  std::size_t cache_bytes = 64u << 20;
  std::uint32_t seed = 0;

  std::string text() const;
};

/// Results per epoch, folded, of one drive. Batches that the operator emits are checked whole (lengths, offsets, schema).
std::vector<std::vector<std::string>> drive_operator(const harness_case& what, const harness_drive& how);

/// Drives the operator in every way: batches whole, of one row and of odd sizes with empty ones between, with and without
/// restore, both stores. Every way must give `expected`: per epoch a JSON array of rows in the corpus's notation.
void check_operator(const harness_case& what, const std::vector<nlohmann::json>& expected);
/// The same where only equality to the plain drive is asked. Returns its results.
std::vector<std::vector<std::string>> check_operator(const harness_case& what);

/// A batch of literal rows under a DDL schema.
batch rows_of(const std::string& ddl, const nlohmann::json& rows);
/// A SQL expression bound to a schema.
bound_ptr sql(const schema_ptr& schema, const std::string& text);
/// The rows of a batch, each as JSON text.
std::vector<std::string> texts(const batch& rows);
/// "2024-01-01 00:MM:SS" as a point in time, for watermarks.
timestamp at(int minute, int second = 0);
/// The same as a JSON value.
std::string at_text(int minute, int second = 0);

/// Collects what is emitted.
class collector : public emitter {
 public:
  void emit(batch rows) override;
  /// All rows so far as JSON text; forgets them.
  std::vector<std::string> take();
  const std::vector<batch>& batches() const { return batches_; }

 private:
  std::vector<batch> batches_;
};

}  // namespace flow::testing
