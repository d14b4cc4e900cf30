#include "operators/event_time.hpp"

#include <algorithm>

#include <arrow/array.h>
#include <arrow/type.h>

#include "flow/error.hpp"

namespace flow {

event_times::event_times(const array& column) : column_(column), times_(column) {
  if (column->type_id() == arrow::Type::STRUCT) times_ = static_cast<const arrow::StructArray&>(*column).GetFieldByName("end");
  if (!times_ || times_->type_id() != arrow::Type::TIMESTAMP) {
    throw error(errc::type_mismatch,
                "event time must be a TIMESTAMP or a window with an `end`, not " + column->type()->ToString());
  }
  values_ = times_->data()->GetValues<std::int64_t>(1);
  nulls_ = column_->null_count() > 0 || times_->null_count() > 0;
}

bool event_times::is_null(std::int64_t row) const { return nulls_ && (column_->IsNull(row) || times_->IsNull(row)); }

std::int64_t event_times::size() const { return column_->length(); }

watermark event_times::greatest() const {
  auto most = std::numeric_limits<std::int64_t>::min();
  bool any = false;
  if (!nulls_) {
    for (std::int64_t i = 0; i < size(); ++i) most = std::max(most, values_[i]);
    any = size() > 0;
  } else {
    for (std::int64_t i = 0; i < size(); ++i) {
      if (is_null(i)) continue;
      most = std::max(most, values_[i]);
      any = true;
    }
  }
  if (!any) return {};
  return timestamp{most};
}

}  // namespace flow
