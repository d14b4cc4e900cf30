#include <iostream>
#include <ostream>

#include <arrow/type.h>

#include "flow/dataset.hpp"
#include "flow/error.hpp"
#include "flow/table_text.hpp"

namespace flow {

void dataset::show(std::ostream& out, int rows, int truncate) const {
  if (rows < 0 || truncate < 0) throw error(errc::invalid_argument, "show() needs numbers that are not negative");
  // One row more says whether there are more.
  out << table_text(*schema(), limit(std::int64_t{rows} + 1).collect(), rows, truncate);
}

void dataset::show(int rows, bool truncate) const { show(std::cout, rows, truncate ? 20 : 0); }

}  // namespace flow
