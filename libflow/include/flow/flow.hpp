#pragma once

/// Everything a streaming program needs: `#include <flow/flow.hpp>`.
#include "flow/batch.hpp"
#include "flow/column.hpp"
#include "flow/dataset.hpp"
#include "flow/error.hpp"
#include "flow/functions.hpp"
#include "flow/session.hpp"
#include "flow/streaming_query.hpp"
#include "flow/time.hpp"
#include "flow/trigger.hpp"
#include "flow/types.hpp"
