#include <arrow/api.h>

#include "expression/rearrange.hpp"
#include "flow/error.hpp"
#include "function/register.hpp"
#include "function/row_compare.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"
#include "row/encoded_order.hpp"

namespace flow {

namespace {

/// Rows picked from several columns: row i comes from column choice[i], or is null when that is negative.
class row_choice {
 public:
  explicit row_choice(std::int64_t rows) : from_(static_cast<std::size_t>(rows), -1) {}

  std::int32_t& operator[](std::int64_t row) { return from_[static_cast<std::size_t>(row)]; }

  arrow::Datum pick(std::span<const arrow::Datum> columns, const data_type& type) const {
    const auto rows = static_cast<std::int64_t>(from_.size());
    arrow::ArrayVector pieces;
    std::vector<std::int64_t> start, step;
    std::int64_t total = 0;
    for (const auto& column : columns) {
      const bool constant = column.is_scalar();
      pieces.push_back(as_array(column, constant ? 1 : rows));
      start.push_back(total);
      step.push_back(constant ? 0 : 1);
      total += pieces.back()->length();
    }
    std::vector<std::int64_t> indices(from_.size());
    for (std::size_t i = 0; i < from_.size(); ++i) {
      const auto c = from_[i];
      const auto column = static_cast<std::size_t>(std::max(c, 0));
      indices[i] = c < 0 ? -1 : start[column] + step[column] * static_cast<std::int64_t>(i);
    }
    if (pieces.empty()) return all_null(type, rows);
    return gather(check(arrow::Concatenate(pieces)), indices);
  }

 private:
  std::vector<std::int32_t> from_;
};

/// when1, then1, when2, then2, ..., [else].
scalar_kernel case_kernel(data_type type) {
  return [type = std::move(type)](std::span<const arrow::Datum> arguments, std::int64_t rows,
                                  const evaluation_context&) -> arrow::Datum {
    row_choice choice(rows);
    std::vector<arrow::Datum> values;
    for (std::size_t k = 0; k + 1 < arguments.size(); k += 2) {
      const reader<bool> condition(arguments[k]);
      const null_reader unknown(arguments[k]);
      const auto branch = static_cast<std::int32_t>(values.size());
      for (std::int64_t i = 0; i < rows; ++i) {
        if (choice[i] < 0 && !unknown(i) && condition[i]) choice[i] = branch;
      }
      values.push_back(arguments[k + 1]);
    }
    if (arguments.size() % 2 == 1) {
      for (std::int64_t i = 0; i < rows; ++i) {
        if (choice[i] < 0) choice[i] = static_cast<std::int32_t>(values.size());
      }
      values.push_back(arguments.back());
    }
    return choice.pick(values, type);
  };
}

scalar_binding bind_case(const function_text& f, bound_list arguments) {
  bound_list values;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool condition = i % 2 == 0 && i + 1 < arguments.size();
    if (!condition) {
      values.push_back(arguments[i]);
    } else if (arguments[i]->type()->id() != arrow::Type::BOOL) {
      refuse_arguments(f, arguments, "a condition is BOOLEAN, not " + to_ddl(*arguments[i]->type()));
    }
  }
  values = to_common_type(f, std::move(values));
  const auto type = values[0]->type();
  std::size_t next = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i % 2 == 1 || i + 1 == arguments.size()) arguments[i] = values[next++];
  }
  return {std::move(arguments), type, case_kernel(type), true};
}

scalar_kernel coalesce_kernel(data_type type) {
  return [type = std::move(type)](std::span<const arrow::Datum> arguments, std::int64_t rows,
                                  const evaluation_context&) -> arrow::Datum {
    row_choice choice(rows);
    for (std::size_t k = 0; k < arguments.size(); ++k) {
      const null_reader unknown(arguments[k]);
      for (std::int64_t i = 0; i < rows; ++i) {
        if (choice[i] < 0 && !unknown(i)) choice[i] = static_cast<std::int32_t>(k);
      }
    }
    return choice.pick(arguments, type);
  };
}

/// The greatest (or least) value that is not null.
scalar_kernel extreme_kernel(data_type type, bool greatest) {
  return [type = std::move(type), greatest](std::span<const arrow::Datum> arguments, std::int64_t rows,
                                            const evaluation_context&) -> arrow::Datum {
    row_choice choice(rows);
    arrow::ArrayVector columns;
    for (const auto& a : arguments) columns.push_back(as_array(a, rows));
    for (std::size_t k = 0; k < columns.size(); ++k) {
      for (std::int64_t i = 0; i < rows; ++i) {
        if (columns[k]->IsNull(i)) continue;
        auto& best = choice[i];
        if (best >= 0) {
          const auto order = compare_rows(*columns[k], i, *columns[static_cast<std::size_t>(best)], i);
          if (greatest ? order <= 0 : order >= 0) continue;
        }
        best = static_cast<std::int32_t>(k);
      }
    }
    const std::vector<arrow::Datum> picked(columns.begin(), columns.end());
    return choice.pick(picked, type);
  };
}

template <class MakeKernel>
bind_rule common_type_rule(const function_text& f, MakeKernel make, type_rule rule = common_type) {
  return [f, make, rule](bound_list arguments) -> scalar_binding {
    arguments = to_common_type(f, std::move(arguments), rule);
    const auto type = arguments[0]->type();
    return {std::move(arguments), type, make(type), true};
  };
}

bind_rule extreme_rule(const function_text& f, bool greatest) {
  const auto kernel = [f, greatest](const data_type& type) {
    if (!row::has_order(*type)) throw error(errc::type_mismatch, f.usage + " cannot compare " + to_ddl(*type));
    return extreme_kernel(type, greatest);
  };
  return common_type_rule(f, kernel, common_type_without_text);
}

scalar_binding as_binding(bound_ptr e) {
  const auto type = e->type();
  return {{std::move(e)},
          type,
          [](std::span<const arrow::Datum> a, std::int64_t, const evaluation_context&) { return a[0]; },
          true};
}

bound_ptr null_literal(const data_type& type) { return bind_literal(arrow::MakeNullScalar(type)); }
bound_ptr zero() { return bind_literal(std::make_shared<arrow::Int32Scalar>(0)); }

}  // namespace

void register_conditional(function_catalog& c) {
  using enum accepts;
  const function_text case_text{"case", "CASE WHEN c THEN v ... [ELSE v] END",
                                "The value beside the first condition that is true."};
  define(c, case_text, takes_many({any}, 2), [case_text](bound_list a) { return bind_case(case_text, std::move(a)); });
  define_synonyms(c, {"when"});
  const function_text if_text{"if", "if(c, a, b)", "a where the condition is true, else b."};
  define(c, if_text, takes({any, any, any}), [if_text](bound_list a) {
    if (is_null_type(*a[0]->type())) a[0] = bind_cast(a[0], types::boolean());
    return bind_case(if_text, std::move(a));
  });
  define_synonyms(c, {"iff"});
  const function_text coalesce{"coalesce", "coalesce(a, ...)", "The first argument that is not null."};
  define(c, coalesce, takes_many({any}, 1), common_type_rule(coalesce, coalesce_kernel));
  const function_text nvl{"nvl", "nvl(a, b)", "a, or b where a is null."};
  define(c, nvl, takes({any, any}), common_type_rule(nvl, coalesce_kernel));
  define_synonyms(c, {"ifnull"});
  const function_text greatest{"greatest", "greatest(a, b, ...)", "The greatest argument; nulls do not count."};
  define(c, greatest, takes_many({any}, 2), extreme_rule(greatest, true));
  const function_text least{"least", "least(a, b, ...)", "The least argument; nulls do not count."};
  define(c, least, takes_many({any}, 2), extreme_rule(least, false));
  define(c, {"nvl2", "nvl2(a, b, c)", "b where a is not null, else c."}, takes({any, any, any}),
         [](bound_list a) { return as_binding(bind_call("if", {bind_call("isnotnull", {a[0]}), a[1], a[2]})); });
  define(c, {"nullif", "nullif(a, b)", "a, or null where it equals b."}, takes({any, any}), [](bound_list a) {
    return as_binding(bind_call("if", {bind_call("=", {a[0], a[1]}), null_literal(a[0]->type()), a[0]}));
  });
  define(c, {"zeroifnull", "zeroifnull(a)", "a, or 0 where it is null."}, takes({any}),
         [](bound_list a) { return as_binding(bind_call("coalesce", {a[0], zero()})); });
  define(c, {"nullifzero", "nullifzero(a)", "a, or null where it is 0."}, takes({any}), [](bound_list a) {
    return as_binding(bind_call("if", {bind_call("=", {a[0], zero()}), null_literal(a[0]->type()), a[0]}));
  });
  const function_text nanvl{"nanvl", "nanvl(a, b)", "a, or b where a is NaN."};
  define(c, nanvl, takes({any, any}), [nanvl](bound_list a) {
    const bool floats = a[0]->type()->id() == arrow::Type::FLOAT && a[1]->type()->id() == arrow::Type::FLOAT;
    if (!floats) a = convert_all(nanvl, takes({float64, float64}), std::move(a));
    return as_binding(bind_call("if", {bind_call("isnan", {a[0]}), a[1], a[0]}));
  });
  define(c, {"isnan", "isnan(a)", "Whether the number is NaN; false for null."}, takes({float64}),
         [](bound_list a) -> scalar_binding {
           auto kernel = [](std::span<const arrow::Datum> v, std::int64_t rows, const evaluation_context&) -> arrow::Datum {
             const null_reader unknown(v[0]);
             const reader<double> value(v[0]);
             auto bits = check(arrow::AllocateEmptyBitmap(rows));
             for (std::int64_t i = 0; i < rows; ++i) {
               if (!unknown(i) && value[i] != value[i]) arrow::bit_util::SetBit(bits->mutable_data(), i);
             }
             return fixed_data(types::boolean(), rows, std::move(bits), {});
           };
           return {std::move(a), types::boolean(), kernel, true};
         });
}

}  // namespace flow
