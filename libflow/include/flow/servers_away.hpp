#pragma once

#include "flow/error.hpp"

namespace flow {

/// What source::discover() throws when nobody answers who could say what there is, which may pass by itself. A query that goes
/// on looks again soon, and whoever waits for all that is there waits on; one with trigger once or available-now ends.
class servers_away : public error {
 public:
  using error::error;
};

}  // namespace flow
