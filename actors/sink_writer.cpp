#include "actors/sink_writer.hpp"

#include "flow/failpoint.hpp"

namespace flow {

std::optional<prepared_epoch> sink_writer::take(const stream_item& item) {
  if (const auto* rows = std::get_if<batch>(&item)) {
    sink_->write(current_, *rows);
    failpoint("output.write.after");
    rows_ += (*rows)->num_rows();
    return std::nullopt;
  }
  const auto* mark = std::get_if<barrier>(&item);
  if (!mark) return std::nullopt;
  failpoint("output.prepare.before");
  prepared_epoch done{mark->number, sink_->prepare(mark->number), std::exchange(rows_, 0)};
  failpoint("output.prepare.after");
  current_ = mark->number.next();
  return done;
}

}  // namespace flow
