#pragma once

#include <exception>

#include "actors/protocols.hpp"
#include "flow/error.hpp"

namespace flow {

/// Any exception as libflow's own: others become error{query_failed} with their text.
error as_error(const std::exception_ptr& thrown);

/// The one place where exceptions of an actor end up: `self` ends, and the query with it.
template <class Actor>
void report_failures(Actor* self, const query_handle& query) {
  self->set_exception_handler([self, query](std::exception_ptr& thrown) -> caf::error {
    self->send(query, failed_message{as_error(thrown)});
    return caf::exit_reason::unhandled_exception;
  });
}

}  // namespace flow
