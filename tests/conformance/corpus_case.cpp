#include "corpus_case.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace flow::conformance {

namespace {

std::vector<std::string> names_of(const nlohmann::json& list) { return list.get<std::vector<std::string>>(); }

std::vector<expression_ptr> expressions_of(const nlohmann::json& list) {
  std::vector<expression_ptr> all;
  for (const auto& text : list) all.push_back(parse_expression(text.get<std::string>()));
  return all;
}

refusal refusal_of(const nlohmann::json& file) {
  const auto text = file.value("expect_error", std::string());
  if (text == "analysis") return refusal::analysis;
  if (text == "runtime") return refusal::runtime;
  if (!text.empty()) throw std::runtime_error("expect_error is \"" + text + "\"");
  return refusal::none;
}

corpus_case parse_case(const nlohmann::json& file) {
  corpus_case one;
  one.name = file.at("name");
  one.about = file.value("about", std::string());
  for (const auto& [name, table] : file.at("tables").items()) {
    one.tables[name] = {parse_schema(table.at("schema").get<std::string>()), table.value("stream", false),
                        table.value("rows", nlohmann::json::array())};
  }
  one.plan = file.at("plan");
  one.result = file.at("result");
  one.mode = parse_output_mode(file.value("output_mode", std::string("append")));
  if (file.contains("options")) one.options = file.at("options").get<std::map<std::string, std::string>>();
  one.ordered = file.value("ordered", false);
  one.restart = file.value("restart", false);
  one.expect_error = refusal_of(file);
  one.error_step = file.value("error_step", 0);
  if (file.contains("expect_schema")) one.expect_schema = file.at("expect_schema").get<std::string>();
  one.steps = file.value("steps", nlohmann::json::array());
  one.expect = file.value("expect", nlohmann::json::array());
  one.watermark = file.value("watermark", nlohmann::json::array());
  return one;
}

std::vector<batch> rows_of(const corpus_table& table) {
  if (table.rows.empty()) return {};
  return {batch_from_json(table.schema, table.rows)};
}

}  // namespace

corpus_case read_case(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  try {
    return parse_case(nlohmann::json::parse(in));
  } catch (const std::exception& e) {
    throw std::runtime_error(file.string() + ": " + e.what());
  }
}

std::vector<corpus_case> read_cases(const std::filesystem::path& folder) {
  std::vector<corpus_case> all;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") all.push_back(read_case(entry.path()));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

corpus_query::corpus_query(session owner, const corpus_case& what) : session_(std::move(owner)), case_(what) {
  for (const auto& [key, value] : case_.options) session_.set(key, value);
  for (const auto& [name, table] : case_.tables) {
    if (table.stream) {
      streams_.emplace(name, session_.push_stream(table.schema));
      relations_.emplace(name, streams_.at(name).stream());
    } else {
      relations_.emplace(name, session_.create_dataset(table.schema, rows_of(table)));
    }
    relations_.at(name).create_or_replace_temp_view(name);
  }
}

dataset corpus_query::relation(const std::string& name, const std::string& alias) const {
  return relations_.at(name).as(alias);
}

dataset corpus_query::build() {
  for (const auto& stage : case_.plan) {
    const auto name = stage.at("as").get<std::string>();
    std::optional<dataset> made;
    if (stage.contains("sql")) {
      made = session_.sql(stage.at("sql").get<std::string>());
    } else {
      const auto from = stage.at("from").get<std::string>();
      made = relation(from, stage.value("alias", from));
      for (const auto& verb : stage.value("do", nlohmann::json::array())) made = apply(*made, verb);
    }
    relations_.insert_or_assign(name, *made);
    made->create_or_replace_temp_view(name);
  }
  return relations_.at(case_.result);
}

void corpus_query::feed(const nlohmann::json& step) {
  std::vector<std::pair<push_input, batch>> rows;
  for (const auto& [name, given] : step.items()) {
    if (!given.empty()) rows.emplace_back(streams_.at(name), batch_from_json(case_.tables.at(name).schema, given));
  }
  push_input::push_together(rows);
}

dataset corpus_query::apply(const dataset& input, const nlohmann::json& verb) const {
  if (verb.contains("group_by")) return apply_group_by(input, verb);
  if (verb.size() != 1) throw std::runtime_error(case_.name + ": a verb has one key: " + verb.dump());
  const auto& what = verb.begin().key();
  const auto& with = verb.begin().value();
  const auto text = [](const nlohmann::json& value) { return value.get<std::string>(); };
  if (what == "with_watermark") return input.with_watermark(text(with.at(0)), text(with.at(1)));
  if (what == "where") return input.where(text(with));
  if (what == "select") return input.select_list(expressions_of(with));
  if (what == "with_column") return input.with_column(text(with.at(0)), expr(text(with.at(1))));
  if (what == "rename") return input.with_column_renamed(text(with.at(0)), text(with.at(1)));
  if (what == "drop") return input.drop(names_of(with));
  if (what == "join") return apply_join(input, with);
  if (what == "union") return input.unite(relations_.at(text(with)));
  if (what == "distinct") return input.distinct();
  if (what == "drop_duplicates") return input.drop_duplicates(names_of(with));
  if (what == "drop_duplicates_within_watermark") return input.drop_duplicates_within_watermark(names_of(with));
  if (what == "limit") return input.limit(with.get<std::int64_t>());
  if (what == "order_by") {
    std::vector<sort_order> orders;
    for (const auto& order : with) orders.push_back(parse_sort_order(text(order)));
    return input.sort_list(std::move(orders));
  }
  throw std::runtime_error(case_.name + ": unknown verb " + what);
}

dataset corpus_query::apply_group_by(const dataset& input, const nlohmann::json& verb) const {
  const auto having = verb.contains("having") ? parse_expression(verb.at("having").get<std::string>()) : nullptr;
  return input.group_by_list(expressions_of(verb.at("group_by"))).agg_list(expressions_of(verb.at("agg")), having);
}

dataset corpus_query::apply_join(const dataset& input, const nlohmann::json& join) const {
  const auto name = join.at("with").get<std::string>();
  const auto right = relation(name, join.value("alias", name));
  const auto how = join.value("how", std::string("inner"));
  if (join.contains("on")) return input.join(right, expr(join.at("on").get<std::string>()), how);
  return input.join(right, join.contains("using") ? names_of(join.at("using")) : std::vector<std::string>{}, how);
}

}  // namespace flow::conformance
