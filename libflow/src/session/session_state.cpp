#include "session/session_state.hpp"

#include <algorithm>

#include <arrow/type.h>

#include "flow/error.hpp"
#include "session/table_source.hpp"
#include "types/ascii.hpp"

namespace flow {

namespace {

bool reads(const logical_plan& plan, std::string_view name) {
  if (plan.kind == plan_kind::relation) return same_name(plan.name, name);
  return std::any_of(plan.children.begin(), plan.children.end(), [&](const auto& child) { return reads(*child, name); });
}

}  // namespace

session_state::session_state(session_options options) : options_(std::move(options)) {
  register_sources(connectors_);
  register_sinks(connectors_);
  for (const auto& [key, value] : options_.conf) conf_.set(key, value);
}

session_state::~session_state() {
  if (engine_) engine_->shut_down();
}

void session_state::put_relation(const std::string& name, logical_plan_ptr plan) {
  if (reads(*plan, name)) {
    throw error(errc::invalid_argument,
                "the view `" + name + "` cannot take the name of the table that it reads; choose another");
  }
  put_table(name, [plan] { return plan; });
  const std::lock_guard lock(mutex_);
  views_.insert_or_assign(name, std::move(plan));
}

logical_plan_ptr session_state::with_views(const logical_plan_ptr& plan) const {
  auto copy = std::make_shared<logical_plan>(*plan);
  if (plan->kind == plan_kind::relation) {
    const std::lock_guard lock(mutex_);
    const auto view = views_.find(plan->name);
    if (view == views_.end()) return plan;
    copy->kind = plan_kind::alias;
    copy->children = {view->second};
    return copy;
  }
  for (auto& child : copy->children) child = with_views(child);
  return copy->children == plan->children ? plan : copy;
}

void session_state::put_table(const std::string& name, std::function<logical_plan_ptr()> rows) {
  if (name.empty()) throw error(errc::invalid_argument, "a view or table needs a name");
  const std::lock_guard lock(mutex_);
  relations_.insert_or_assign(name, std::move(rows));
  views_.erase(name);
}

logical_plan_ptr session_state::find_relation(std::string_view name) const {
  std::function<logical_plan_ptr()> make;
  {
    const std::lock_guard lock(mutex_);
    const auto found = relations_.find(name);
    if (found == relations_.end()) return nullptr;
    make = found->second;
  }
  return make();
}

relation_lookup session_state::lookup() const {
  return [this](std::string_view name) { return find_relation(name); };
}

std::vector<std::string> session_state::relation_names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, make] : relations_) names.push_back(name);
  return names;
}

std::vector<query_ptr> session_state::queries() const {
  const std::lock_guard lock(mutex_);
  return queries_;
}

void session_state::check_name_is_free(const std::string& name) const {
  if (name.empty()) return;
  for (const auto& query : queries()) {
    if (query->is_active() && query->name() == name) {
      throw error(errc::illegal_state,
                  "a query named \"" + name + "\" is running already; stop it first, or choose another query_name()");
    }
  }
}

std::shared_ptr<memory_table> session_state::memory_table_of(const std::string& name, const schema_ptr& schema, bool resumes) {
  std::shared_ptr<memory_table> table;
  {
    const std::lock_guard lock(mutex_);
    auto& known = memory_tables_[name];
    if (!known || !resumes || !known->schema()->Equals(*schema, false)) known = std::make_shared<memory_table>(schema);
    table = known;
  }
  put_table(name, [table] { return table_plan(table->schema(), table->snapshot()); });
  return table;
}

logical_plan_ptr table_plan(const schema_ptr& schema, std::vector<batch> rows) {
  auto scan = std::make_shared<logical_plan>();
  scan->kind = plan_kind::scan;
  scan->source = std::make_shared<table_source_provider>(schema, std::move(rows));
  return scan;
}

}  // namespace flow
