#include "expression/lambda.hpp"

#include "flow/error.hpp"

namespace flow {

bound_ptr bind_higher_order_call(const function_entry& entry, const expression&, std::vector<bound_ptr>, std::size_t,
                                 const lambda_binder&) {
  throw error(errc::type_mismatch, entry.usage + " takes no lambda");
}

}  // namespace flow
