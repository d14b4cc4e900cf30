#include "actors/failure_report.hpp"

namespace flow {

error as_error(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const error& e) {
    return e;
  } catch (const std::exception& e) {
    return error(errc::query_failed, e.what());
  } catch (...) {
    return error(errc::query_failed, "an exception that is not a std::exception was thrown");
  }
}

}  // namespace flow
