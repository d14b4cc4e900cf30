#include "expression/lambda.hpp"

#include <algorithm>
#include <map>

#include <arrow/api.h>

#include "expression/nodes.hpp"
#include "expression/rearrange.hpp"
#include "flow/error.hpp"
#include "function/list_builder.hpp"
#include "function/row_compare.hpp"
#include "types/type_rules.hpp"

namespace flow {

namespace {

using i64 = std::int64_t;
using positions = std::vector<i64>;

/// A lambda's body: the variables are the columns behind the outer ones.
class lambda_body {
 public:
  lambda_body(bound_ptr body, std::size_t outer_columns) : body_(std::move(body)), outer_(static_cast<int>(outer_columns)) {
    body_->add_inputs(inputs_);
  }

  const data_type& type() const { return body_->type(); }
  const bound_ptr& bound() const { return body_; }
  void add_outer_inputs(std::vector<int>& columns) const {
    for (const int c : inputs_) {
      if (c < outer_) add_column(columns, c);
    }
  }

  /// The body for every i: outer columns of row `row_of[i]`, variables at i.
  array evaluate(const arrow::RecordBatch& rows, const positions& row_of, arrow::ArrayVector variables,
                 const evaluation_context& context) const {
    const auto n = static_cast<i64>(row_of.size());
    arrow::ArrayVector columns;
    arrow::FieldVector fields;
    for (int c = 0; c < outer_; ++c) {
      const bool used = std::binary_search(inputs_.begin(), inputs_.end(), c);
      columns.push_back(used ? gather(rows.column(c), std::span<const i64>(row_of)) : all_null(types::null(), n));
    }
    for (auto& v : variables) columns.push_back(std::move(v));
    for (const auto& c : columns) fields.push_back(arrow::field("", c->type()));
    return evaluate_array(*body_, *arrow::RecordBatch::Make(arrow::schema(std::move(fields)), n, std::move(columns)), context);
  }

 private:
  bound_ptr body_;
  int outer_;
  std::vector<int> inputs_;
};

/// The elements of every row of arrays, one behind another: whose they are and where they stand.
struct element_rows {
  positions row_of, position_of, index_of;

  explicit element_rows(const arrow::ListArray& lists) {
    for (i64 i = 0; i < lists.length(); ++i) {
      if (lists.IsNull(i)) continue;
      for (i64 j = lists.value_offset(i); j < lists.value_offset(i + 1); ++j) {
        row_of.push_back(i);
        position_of.push_back(j);
        index_of.push_back(j - lists.value_offset(i));
      }
    }
  }

  array indices() const {
    arrow::Int32Builder out;
    for (const auto i : index_of) check(out.Append(static_cast<std::int32_t>(i)));
    return check(out.Finish());
  }
};

row_validity validity_of(const array& a) {
  const std::array<arrow::Datum, 1> one{arrow::Datum(a)};
  return combine_validity(one, a->length());
}

bool truth(const array& a, i64 i) { return a->IsValid(i) && static_cast<const arrow::BooleanArray&>(*a).Value(i); }

struct higher_order_call {
  std::vector<bound_ptr> arguments;
  std::vector<lambda_body> lambdas;
};

using evaluator = std::function<array(const higher_order_call&, const arrow::RecordBatch&, const evaluation_context&)>;

class higher_order_expression final : public bound_expression {
 public:
  higher_order_expression(std::string name, data_type type, higher_order_call call, evaluator evaluate)
      : bound_expression(std::move(type)), name_(std::move(name)), call_(std::move(call)), evaluate_(std::move(evaluate)) {}

  arrow::Datum evaluate(const arrow::RecordBatch& rows, const evaluation_context& context) const override {
    if (rows.num_rows() == 0) return all_null(type(), 0);
    return evaluate_(call_, rows, context);
  }
  void add_inputs(std::vector<int>& columns) const override {
    for (const auto& a : call_.arguments) a->add_inputs(columns);
    for (const auto& l : call_.lambdas) l.add_outer_inputs(columns);
  }
  std::string to_string() const override {
    std::string out = name_ + "(";
    for (const auto& a : call_.arguments) out += a->to_string() + ", ";
    for (const auto& l : call_.lambdas) out += (&l == call_.lambdas.data() ? "" : ", ") + ("lambda " + l.bound()->to_string());
    return out + ")";
  }
  bool deterministic() const override {
    return std::all_of(call_.arguments.begin(), call_.arguments.end(), [](const bound_ptr& a) { return a->deterministic(); }) &&
           std::all_of(call_.lambdas.begin(), call_.lambdas.end(),
                       [](const lambda_body& l) { return l.bound()->deterministic(); });
  }

 private:
  std::string name_;
  higher_order_call call_;
  evaluator evaluate_;
};

/// The arrays of argument 0 and the body's answer for every element.
struct answered {
  array lists;
  element_rows elements;
  array values;
  array answers;
};

answered answer_elements(const higher_order_call& call, const arrow::RecordBatch& rows, const evaluation_context& context) {
  const auto lists = evaluate_array(*call.arguments[0], rows, context);
  const auto& typed = static_cast<const arrow::ListArray&>(*lists);
  element_rows elements(typed);
  auto values = gather(typed.values(), std::span<const i64>(elements.position_of));
  auto answers = call.lambdas[0].evaluate(rows, elements.row_of, {values, elements.indices()}, context);
  return {lists, std::move(elements), std::move(values), std::move(answers)};
}

/// Lists of the elements for which `keep(k)`, out of `values`.
template <class Keep>
array regroup(const answered& a, const data_type& type, const array& values, Keep keep) {
  const auto rows = a.lists->length();
  list_writer out(rows);
  std::size_t k = 0;
  for (i64 i = 0; i < rows; ++i) {
    for (; k < a.elements.row_of.size() && a.elements.row_of[k] == i; ++k) {
      if (keep(static_cast<i64>(k))) out.add(static_cast<i64>(k));
    }
    out.next();
  }
  return out.finish(type, values, validity_of(a.lists));
}

/// exists (`decisive` true) or forall (false), null where only a null could decide.
array quantify(const answered& a, bool decisive) {
  const auto rows = a.lists->length();
  arrow::BooleanBuilder out;
  std::size_t k = 0;
  for (i64 i = 0; i < rows; ++i) {
    bool decided = false, unknown = false;
    for (; k < a.elements.row_of.size() && a.elements.row_of[k] == i; ++k) {
      const auto at = static_cast<i64>(k);
      unknown |= a.answers->IsNull(at);
      decided |= a.answers->IsValid(at) && truth(a.answers, at) == decisive;
    }
    const bool null = a.lists->IsNull(i) || (!decided && unknown);
    check(null ? out.AppendNull() : out.Append(decided == decisive));
  }
  return check(out.Finish());
}

/// Folds each row's elements one step at a time over all rows that have one.
array fold(const higher_order_call& call, const arrow::RecordBatch& rows, const evaluation_context& context) {
  const auto lists = evaluate_array(*call.arguments[0], rows, context);
  const auto& typed = static_cast<const arrow::ListArray&>(*lists);
  auto state = evaluate_array(*call.arguments[1], rows, context);
  for (i64 step = 0;; ++step) {
    positions active, element;
    for (i64 i = 0; i < typed.length(); ++i) {
      if (typed.IsNull(i) || typed.value_length(i) <= step) continue;
      active.push_back(i);
      element.push_back(typed.value_offset(i) + step);
    }
    if (active.empty()) break;
    const auto merged = call.lambdas[0].evaluate(
        rows, active, {gather(state, std::span<const i64>(active)), gather(typed.values(), std::span<const i64>(element))},
        context);
    positions next(static_cast<std::size_t>(typed.length()));
    for (std::size_t i = 0; i < next.size(); ++i) next[i] = static_cast<i64>(i);
    for (std::size_t k = 0; k < active.size(); ++k)
      next[static_cast<std::size_t>(active[k])] = typed.length() + static_cast<i64>(k);
    state = gather(check(arrow::Concatenate({state, merged})), std::span<const i64>(next));
  }
  positions all(static_cast<std::size_t>(typed.length()));
  positions kept(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = static_cast<i64>(i);
    kept[i] = typed.IsNull(all[i]) ? -1 : all[i];
  }
  if (call.lambdas.size() > 1) state = call.lambdas[1].evaluate(rows, all, {state}, context);
  return gather(state, std::span<const i64>(kept));
}

array zip(const higher_order_call& call, const data_type& type, const arrow::RecordBatch& rows,
          const evaluation_context& context) {
  const auto a = evaluate_array(*call.arguments[0], rows, context), b = evaluate_array(*call.arguments[1], rows, context);
  const auto& x = static_cast<const arrow::ListArray&>(*a);
  const auto& y = static_cast<const arrow::ListArray&>(*b);
  positions row_of, left, right;
  list_writer out(rows.num_rows());
  for (i64 i = 0; i < rows.num_rows(); ++i) {
    const bool known = x.IsValid(i) && y.IsValid(i);
    for (i64 k = 0; known && k < std::max(x.value_length(i), y.value_length(i)); ++k) {
      out.add(static_cast<i64>(row_of.size()));
      row_of.push_back(i);
      left.push_back(k < x.value_length(i) ? x.value_offset(i) + k : -1);
      right.push_back(k < y.value_length(i) ? y.value_offset(i) + k : -1);
    }
    out.next();
  }
  const auto values = call.lambdas[0].evaluate(
      rows, row_of, {gather(x.values(), std::span<const i64>(left)), gather(y.values(), std::span<const i64>(right))}, context);
  const std::array<arrow::Datum, 2> both{arrow::Datum(a), arrow::Datum(b)};
  return out.finish(type, values, combine_validity(both, rows.num_rows()));
}

/// Sorted by a comparator, which is asked for one pair at a time.
array sort(const higher_order_call& call, const data_type& type, const arrow::RecordBatch& rows,
           const evaluation_context& context) {
  const auto lists = evaluate_array(*call.arguments[0], rows, context);
  const auto& typed = static_cast<const arrow::ListArray&>(*lists);
  list_writer out(rows.num_rows());
  for (i64 i = 0; i < rows.num_rows(); ++i) {
    for (i64 j = typed.value_offset(i); typed.IsValid(i) && j < typed.value_offset(i + 1); ++j) out.add(j);
    auto current = out.current();
    const auto before = [&](i64 a, i64 b) {
      const auto order =
          call.lambdas[0].evaluate(rows, {i}, {typed.values()->Slice(a, 1), typed.values()->Slice(b, 1)}, context);
      if (order->IsNull(0)) throw error(errc::evaluation_failed, "array_sort: the comparator gave null; it must give a number");
      return static_cast<const arrow::Int32Array&>(*order).Value(0) < 0;
    };
    for (std::size_t k = 1; k < current.size(); ++k) {
      for (auto p = k; p > 0 && before(current[p], current[p - 1]); --p) std::swap(current[p], current[p - 1]);
    }
    out.next();
  }
  return out.finish(type, typed.values(), validity_of(lists));
}

/// The entries of a map and the body's answer for each.
struct answered_map {
  array maps;
  element_rows entries;
  array keys, items, answers;
};

answered_map answer_entries(const higher_order_call& call, const arrow::RecordBatch& rows, const evaluation_context& context) {
  const auto maps = evaluate_array(*call.arguments[0], rows, context);
  const auto& typed = static_cast<const arrow::MapArray&>(*maps);
  element_rows entries(typed);
  auto keys = gather(typed.keys(), std::span<const i64>(entries.position_of));
  auto items = gather(typed.items(), std::span<const i64>(entries.position_of));
  auto answers = call.lambdas[0].evaluate(rows, entries.row_of, {keys, items}, context);
  return {maps, std::move(entries), std::move(keys), std::move(items), std::move(answers)};
}

template <class Keep>
array regroup_map(const answered_map& a, const data_type& type, const array& keys, const array& items, Keep keep) {
  const auto rows = a.maps->length();
  list_writer out(rows);
  std::size_t k = 0;
  for (i64 i = 0; i < rows; ++i) {
    for (; k < a.entries.row_of.size() && a.entries.row_of[k] == i; ++k) {
      if (keep(static_cast<i64>(k))) out.add(static_cast<i64>(k));
    }
    const auto row = out.current();
    for (std::size_t x = 0; x < row.size(); ++x) {
      if (keys->IsNull(row[x])) throw error(errc::evaluation_failed, "a map's key is null");
      for (std::size_t y = 0; y < x; ++y) {
        if (equal_rows(*keys, row[x], *keys, row[y])) throw error(errc::evaluation_failed, "a map's key occurs twice");
      }
    }
    out.next();
  }
  const std::span<const i64> kept(out.positions());
  const auto& entry_type = static_cast<const arrow::MapType&>(*type).value_type();
  const auto new_keys = gather(keys, kept), new_items = gather(items, kept);
  const auto entries = arrow::MakeArray(
      arrow::ArrayData::Make(entry_type, new_keys->length(), {nullptr}, {new_keys->data(), new_items->data()}, 0));
  return out.finish_with(type, entries, validity_of(a.maps));
}

/// For each key of either of two maps: where it stands in them, a's keys first.
array zip_maps(const higher_order_call& call, const data_type& type, const arrow::RecordBatch& rows,
               const evaluation_context& context) {
  const auto a = evaluate_array(*call.arguments[0], rows, context), b = evaluate_array(*call.arguments[1], rows, context);
  const auto& x = static_cast<const arrow::MapArray&>(*a);
  const auto& y = static_cast<const arrow::MapArray&>(*b);
  const auto keys = check(arrow::Concatenate({x.keys(), y.keys()}));
  const auto before = [&](i64 left, i64 right) { return compare_rows(*keys, left, *keys, right) < 0; };
  positions row_of, key, left, right;
  list_writer out(rows.num_rows());
  for (i64 i = 0; i < rows.num_rows(); ++i) {
    std::map<i64, std::size_t, decltype(before)> entry_of(before);
    const auto entry = [&](i64 key_at) -> std::size_t {
      const auto [found, is_new] = entry_of.emplace(key_at, key.size());
      if (is_new) {
        out.add(static_cast<i64>(key.size()));
        row_of.push_back(i);
        key.push_back(key_at);
        left.push_back(-1);
        right.push_back(-1);
      }
      return found->second;
    };
    const bool known = x.IsValid(i) && y.IsValid(i);
    for (i64 k = x.value_offset(i); known && k < x.value_offset(i + 1); ++k) left[entry(k)] = k;
    for (i64 k = y.value_offset(i); known && k < y.value_offset(i + 1); ++k) right[entry(x.keys()->length() + k)] = k;
    out.next();
  }
  const auto new_keys = gather(keys, std::span<const i64>(key));
  const auto values = call.lambdas[0].evaluate(
      rows, row_of, {new_keys, gather(x.items(), std::span<const i64>(left)), gather(y.items(), std::span<const i64>(right))},
      context);
  const auto& entry_type = static_cast<const arrow::MapType&>(*type).value_type();
  const auto entries =
      arrow::MakeArray(arrow::ArrayData::Make(entry_type, values->length(), {nullptr}, {new_keys->data(), values->data()}, 0));
  const std::array<arrow::Datum, 2> both{arrow::Datum(a), arrow::Datum(b)};
  return out.finish_with(type, entries, combine_validity(both, rows.num_rows()));
}

/// Binds one call: what the lambdas see, what the result is, how it is evaluated.
class higher_order_binder {
 public:
  higher_order_binder(const function_entry& entry, const expression& call, std::vector<bound_ptr> arguments, std::size_t outer,
                      const lambda_binder& bind_body)
      : entry_(entry), outer_(outer), bind_body_(bind_body) {
    call_.arguments = std::move(arguments);
    for (const auto& a : call.arguments) {
      if (a->kind == expression_kind::lambda) lambdas_.push_back(a.get());
    }
  }

  bound_ptr bind() {
    const auto& name = entry_.name;
    if (name == "aggregate" || name == "reduce") return bind_fold();
    if (name == "zip_with") return bind_zip();
    if (name == "map_zip_with") return bind_zip_maps();
    if (name == "map_filter" || name == "transform_keys" || name == "transform_values") return bind_map(name);
    require(1, is_list_type(*type_of(0)), "an array and a lambda");
    const auto list = type_of(0), element = element_type(*list);
    if (name == "array_sort") {
      add_lambda(0, {element, element}, 2, types::integer());
      return make(list, [list](const auto& c, const auto& rows, const auto& context) { return sort(c, list, rows, context); });
    }
    if (name == "transform") {
      add_lambda(0, {element, types::integer()}, 1);
      const auto type = types::list(call_.lambdas[0].type());
      return make(type, [type](const auto& c, const auto& rows, const auto& context) {
        const auto a = answer_elements(c, rows, context);
        return regroup(a, type, a.answers, [](i64) { return true; });
      });
    }
    if (name == "filter") {
      add_lambda(0, {element, types::integer()}, 1, types::boolean());
      return make(list, [list](const auto& c, const auto& rows, const auto& context) {
        const auto a = answer_elements(c, rows, context);
        return regroup(a, list, a.values, [&](i64 k) { return truth(a.answers, k); });
      });
    }
    if (name != "exists" && name != "forall") throw error(errc::type_mismatch, entry_.usage + " takes no lambda");
    add_lambda(0, {element}, 1, types::boolean());
    const bool decisive = name == "exists";
    return make(types::boolean(), [decisive](const auto& c, const auto& rows, const auto& context) {
      return quantify(answer_elements(c, rows, context), decisive);
    });
  }

 private:
  const data_type& type_of(std::size_t i) const { return call_.arguments[i]->type(); }

  void require(std::size_t arguments, bool fits, const char* wanted) const {
    if (call_.arguments.size() != arguments || !fits || lambdas_.empty()) {
      throw error(errc::type_mismatch, entry_.usage + " takes " + wanted);
    }
  }

  /// The lambda of these variables, of which the first `least` must be named; `result`, if given, is what its body must be.
  void add_lambda(std::size_t i, const std::vector<data_type>& variables, std::size_t least,
                  const data_type& result = nullptr) {
    if (lambdas_.at(i)->names.size() < least) {
      throw error(errc::type_mismatch, entry_.usage + " gives its lambda " + std::to_string(least) + " values; name them all");
    }
    auto body = bind_body_(*lambdas_.at(i), variables);
    const bool may_be_null = entry_.name != "array_sort";  // A comparator has to tell.
    if (result && may_be_null && is_null_type(*body->type())) body = bind_cast(std::move(body), result);
    if (result && !same_structure(*body->type(), *result)) {
      throw error(errc::type_mismatch, entry_.usage + ": the lambda must give " + to_ddl(*result) + ", not " +
                                           to_ddl(*body->type()) + "; cast what it gives");
    }
    call_.lambdas.emplace_back(std::move(body), outer_);
  }

  bound_ptr make(const data_type& type, evaluator evaluate) {
    return std::make_shared<const higher_order_expression>(entry_.name, type, std::move(call_), std::move(evaluate));
  }

  bound_ptr bind_fold() {
    if (call_.arguments.size() != 2 || !is_list_type(*type_of(0)))
      throw error(errc::type_mismatch, entry_.usage + " takes an array, a start and a lambda");
    const auto state = type_of(1);
    add_lambda(0, {state, element_type(*type_of(0))}, 2, state);
    if (lambdas_.size() > 1) add_lambda(1, {state}, 1);
    return make(call_.lambdas.back().type(), fold);
  }

  bound_ptr bind_zip() {
    require(2, is_list_type(*type_of(0)) && is_list_type(*type_of(1)), "two arrays and a lambda");
    add_lambda(0, {element_type(*type_of(0)), element_type(*type_of(1))}, 2);
    const auto type = types::list(call_.lambdas[0].type());
    return make(type, [type](const auto& c, const auto& rows, const auto& context) { return zip(c, type, rows, context); });
  }

  bound_ptr bind_zip_maps() {
    require(2, is_map_type(*type_of(0)) && is_map_type(*type_of(1)), "two maps and a lambda");
    const auto& a = static_cast<const arrow::MapType&>(*type_of(0));
    const auto& b = static_cast<const arrow::MapType&>(*type_of(1));
    const auto key = common_type(a.key_type(), b.key_type()), left = a.item_type(), right = b.item_type();
    require(2, key != nullptr, "maps whose keys have a common type");
    call_.arguments[0] = bind_cast(call_.arguments[0], types::map(key, left));
    call_.arguments[1] = bind_cast(call_.arguments[1], types::map(key, right));
    add_lambda(0, {key, left, right}, 3);
    const auto type = types::map(key, call_.lambdas[0].type());
    return make(type,
                [type](const auto& c, const auto& rows, const auto& context) { return zip_maps(c, type, rows, context); });
  }

  bound_ptr bind_map(const std::string& name) {
    require(1, is_map_type(*type_of(0)), "a map and a lambda");
    const auto map = type_of(0);
    const auto& typed = static_cast<const arrow::MapType&>(*map);
    const std::vector<data_type> variables{typed.key_type(), typed.item_type()};
    if (name == "map_filter") {
      add_lambda(0, variables, 2, types::boolean());
      return make(map, [map](const auto& c, const auto& rows, const auto& context) {
        const auto a = answer_entries(c, rows, context);
        return regroup_map(a, map, a.keys, a.items, [&](i64 k) { return truth(a.answers, k); });
      });
    }
    add_lambda(0, variables, 2);
    const bool keys = name == "transform_keys";
    const auto answer = call_.lambdas[0].type();
    const auto type = keys ? types::map(answer, variables[1]) : types::map(variables[0], answer);
    return make(type, [type, keys](const auto& c, const auto& rows, const auto& context) {
      const auto a = answer_entries(c, rows, context);
      return regroup_map(a, type, keys ? a.answers : a.keys, keys ? a.items : a.answers, [](i64) { return true; });
    });
  }

  const function_entry& entry_;
  higher_order_call call_;
  std::vector<const expression*> lambdas_;
  std::size_t outer_;
  const lambda_binder& bind_body_;
};

}  // namespace

bound_ptr bind_higher_order_call(const function_entry& entry, const expression& call, std::vector<bound_ptr> arguments,
                                 std::size_t outer_columns, const lambda_binder& bind_body) {
  return higher_order_binder(entry, call, std::move(arguments), outer_columns, bind_body).bind();
}

}  // namespace flow
