#include "flow/time.hpp"

namespace flow {}
