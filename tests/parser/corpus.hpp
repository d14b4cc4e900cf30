#pragma once

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace flow::test {

/// Every text of the conformance corpus that the parser reads, by kind; each once.
struct corpus_texts {
  std::set<std::string> expressions, orders, queries, schemas, types;
  std::set<std::string> refused;  ///< Those Spark's parser refuses.
};

inline void add_plan(const nlohmann::json& stages, bool syntax_error, corpus_texts& texts) {
  const auto add = [&](std::set<std::string>& kind, const nlohmann::json& text) {
    if (!text.is_string()) return;
    kind.insert(text.get<std::string>());
    if (syntax_error) texts.refused.insert(text.get<std::string>());
  };
  for (const auto& stage : stages) {
    if (stage.contains("sql")) add(texts.queries, stage["sql"]);
    for (const auto& verb : stage.value("do", nlohmann::json::array())) {
      for (const auto* list : {"select", "group_by", "agg"}) {
        if (!verb.contains(list)) continue;
        for (const auto& text : verb[list]) add(texts.expressions, text);
      }
      for (const auto* one : {"where", "having"}) {
        if (verb.contains(one)) add(texts.expressions, verb[one]);
      }
      if (verb.contains("with_column")) add(texts.expressions, verb["with_column"][1]);
      if (verb.contains("order_by")) {
        for (const auto& text : verb["order_by"]) add(texts.orders, text);
      }
      if (verb.contains("join") && verb["join"].contains("on")) add(texts.expressions, verb["join"]["on"]);
    }
  }
}

inline corpus_texts read_corpus() {
  corpus_texts texts;
  const std::filesystem::path root = std::filesystem::path(FLOW_SOURCE_DIR) / "tests/conformance/corpus";
  for (const auto* folder : {"stream", "batch", "expr", "files"}) {
    for (const auto& file : std::filesystem::directory_iterator(root / folder)) {
      if (file.path().extension() != ".json") continue;
      std::ifstream in(file.path());
      const auto topic = nlohmann::json::parse(in);
      const bool syntax_error = topic.contains("error_class") && topic["error_class"].is_string() &&
                                topic["error_class"].get<std::string>().starts_with("PARSE_SYNTAX_ERROR");
      for (const auto* schema : {"schema", "expect_schema"}) {
        if (topic.contains(schema) && topic[schema].is_string()) texts.schemas.insert(topic[schema].get<std::string>());
      }
      for (const auto& table : topic.value("tables", nlohmann::json::object())) {
        texts.schemas.insert(table["schema"].get<std::string>());
      }
      if (topic.contains("plan")) add_plan(topic["plan"], syntax_error, texts);
      const auto select = topic.contains("select") && topic["select"].is_array() ? topic["select"] : nlohmann::json::array();
      for (const auto& text : select) texts.expressions.insert(text.get<std::string>());
      for (const auto& one : topic.value("cases", nlohmann::json::array())) {
        texts.expressions.insert(one["expr"].get<std::string>());
        if (one.value("error_class", "").starts_with("PARSE_SYNTAX_ERROR"))
          texts.refused.insert(one["expr"].get<std::string>());
        if (one.contains("type") && one["type"].is_string()) texts.types.insert(one["type"].get<std::string>());
      }
    }
  }
  return texts;
}

}  // namespace flow::test
