#include "batch/column_buffer.hpp"

#include "batch/arrow_status.hpp"

namespace flow {

namespace {

class small_buffer final : public arrow::MutableBuffer {
 public:
  static constexpr std::int64_t most = 64;

  explicit small_buffer(std::int64_t bytes) : arrow::MutableBuffer(room_, bytes) {}

 private:
  alignas(8) std::uint8_t room_[most];
};

}  // namespace

std::shared_ptr<arrow::Buffer> allocate(std::int64_t bytes, std::int64_t slack) {
  if (bytes + slack <= small_buffer::most) return std::make_shared<small_buffer>(bytes);
  if (slack == 0) return check(arrow::AllocateBuffer(bytes));
  auto made = check(arrow::AllocateResizableBuffer(bytes + slack));
  check(made->Resize(bytes, false));
  return made;
}

}  // namespace flow
