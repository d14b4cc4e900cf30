#include <algorithm>
#include <map>
#include <set>

#include "flow/physical_plan.hpp"

namespace flow {

nlohmann::json plan_signature(const physical_plan& plan, output_mode mode) {
  nlohmann::json sources = nlohmann::json::array();
  for (const auto& source : plan.sources) sources.push_back({{"uid", source.uid}, {"signature", source.provider->signature()}});
  nlohmann::json operators = nlohmann::json::array();
  for (const auto& stage : plan.stages) {
    for (const auto& spec : stage.chain) {
      if (spec.stateful) operators.push_back({{"uid", spec.uid}, {"kind", spec.kind}, {"signature", spec.signature}});
    }
  }
  nlohmann::json watermarks = nlohmann::json::array();
  for (const auto& mark : plan.watermarks) {
    watermarks.push_back(
        {{"as", mark.column}, {"of", mark.origin.empty() ? mark.column : mark.origin}, {"delay", to_string(mark.delay)}});
  }
  return {{"mode", to_string(mode)},
          {"sources", std::move(sources)},
          {"operators", std::move(operators)},
          {"watermarks", std::move(watermarks)}};
}

namespace {

std::map<std::string, nlohmann::json> by_uid(const nlohmann::json& list) {
  std::map<std::string, nlohmann::json> entries;
  for (const auto& entry : list) entries.emplace(entry.at("uid").get<std::string>(), entry);
  return entries;
}

void compare_sources(const nlohmann::json& stored, const nlohmann::json& current, std::vector<std::string>& differences) {
  const auto before = by_uid(stored);
  const auto now = by_uid(current);
  for (const auto& [uid, entry] : before) {
    const auto found = now.find(uid);
    if (found == now.end()) {
      differences.push_back(uid + " is in the checkpoint (" + entry.at("signature").dump() +
                            ") but not in the query; put it back, or start with a new checkpointLocation");
    } else if (found->second.at("signature") != entry.at("signature")) {
      differences.push_back(uid + " was " + entry.at("signature").dump() + " and is " + found->second.at("signature").dump() +
                            "; read the same input in the same place of the query, or start with a new checkpointLocation");
    }
  }
  for (const auto& [uid, entry] : now) {
    if (before.contains(uid)) continue;
    differences.push_back(uid + " (" + entry.at("signature").dump() +
                          ") is new to this checkpoint; remove it, or start with a new checkpointLocation");
  }
}

std::string nearest_operator(const nlohmann::json& entry, const std::map<std::string, nlohmann::json>& candidates,
                             const std::map<std::string, nlohmann::json>& taken) {
  for (const auto& [uid, other] : candidates) {
    if (!taken.contains(uid) && other.at("kind") == entry.at("kind") && other.at("signature") == entry.at("signature"))
      return uid;
  }
  return "";
}

/// "windows was [...] and is [...]" for each member that differs.
std::string changed_members(const nlohmann::json& before, const nlohmann::json& now) {
  if (!before.is_object() || !now.is_object()) return "it was " + before.dump() + " and is " + now.dump();
  std::set<std::string> names;
  for (const auto* side : {&before, &now}) {
    for (const auto& member : side->items()) names.insert(member.key());
  }
  std::string text;
  for (const auto& name : names) {
    const auto was = before.value(name, nlohmann::json()), is = now.value(name, nlohmann::json());
    if (was != is) text += (text.empty() ? "" : ", ") + name + " was " + was.dump() + " and is " + is.dump();
  }
  return text;
}

nlohmann::json without_meaning(nlohmann::json signature) {
  if (signature.is_object()) signature.erase("meaning");
  return signature;
}

/// Whether two are one in either way of telling what they are.
bool same_meaning(const nlohmann::json& before, const nlohmann::json& now) {
  return before.at("as") == now.at("as") || before.at("of") == now.at("of");
}

std::string told(const nlohmann::json& each) {
  const auto as = each.at("as").get<std::string>(), of = each.at("of").get<std::string>();
  return as == of ? as : as + ", which is " + of + ",";
}

/// State of the same shape may be about something else: sum(a) is not sum(b). A key or an aggregate is the same if it is so in
/// either way of telling it; what lies below (a filter, a projection) may change.
void compare_meaning(const std::string& uid, const nlohmann::json& before, const nlohmann::json& now,
                     std::vector<std::string>& differences) {
  if (!before.is_object() || !before.contains("meaning") || !now.contains("meaning")) return;
  for (const auto* part : {"keys", "aggregates"}) {
    const auto& was = before.at("meaning").at(part);
    const auto& is = now.at("meaning").at(part);
    for (std::size_t i = 0; i < std::min(was.size(), is.size()); ++i) {
      if (same_meaning(was[i], is[i])) continue;
      differences.push_back("the state of " + uid + (*part == 'k' ? " is kept by " : " holds ") + told(was[i]) +
                            " and the query now asks for " + told(is[i]) +
                            "; ask for the same, or start with a new checkpointLocation");
    }
  }
}

void compare_operators(const nlohmann::json& stored, const nlohmann::json& current, std::vector<std::string>& differences) {
  const auto before = by_uid(stored);
  const auto now = by_uid(current);
  for (const auto& [uid, entry] : before) {
    const auto found = now.find(uid);
    if (found == now.end()) {
      const auto near = nearest_operator(entry, now, before);
      differences.push_back(
          "the checkpoint holds state of " + uid + ", which the query no longer has; " +
          (near.empty() ? "put the verb back" : "if it is now " + near + ", name it with uid(\"" + uid + "\")") +
          ", or start with a new checkpointLocation");
    } else if (found->second.at("kind") != entry.at("kind")) {
      differences.push_back(uid + " was a " + entry.at("kind").get<std::string>() + " and is a " +
                            found->second.at("kind").get<std::string>() + "; give stateful verbs names with uid()");
    } else {
      const auto was = without_meaning(entry.at("signature")), is = without_meaning(found->second.at("signature"));
      if (was != is) {
        differences.push_back("the state of " + uid + " has another shape: " + changed_members(was, is) +
                              "; keep its keys, windows and aggregates, or start with a new checkpointLocation");
      }
      compare_meaning(uid, entry.at("signature"), found->second.at("signature"), differences);
    }
  }
  for (const auto& [uid, entry] : now) {
    if (before.contains(uid)) continue;
    differences.push_back(uid +
                          " is new to this checkpoint, so its state would begin in the middle; remove it, or start with a new "
                          "checkpointLocation");
  }
}

/// Event time that stands behind one column says nothing of another's, and rows that were not late for one delay are for
/// another. Checkpoints of the first releases hold only the number of watermarks.
void compare_watermarks(const nlohmann::json& stored, const nlohmann::json& current, std::vector<std::string>& differences) {
  const auto count = stored.is_array() ? stored.size() : stored.get<std::size_t>();
  if (count != current.size()) {
    differences.push_back("the query had " + std::to_string(count) + " with_watermark() and has " +
                          std::to_string(current.size()) + "; keep them, or start with a new checkpointLocation");
  }
  if (count != current.size() || !stored.is_array()) return;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& was = stored[i];
    const auto& is = current[i];
    if (same_meaning(was, is) && was.at("delay") == is.at("delay")) continue;
    const auto text = [](const nlohmann::json& mark) { return mark.at("delay").get<std::string>() + " behind " + told(mark); };
    differences.push_back("a watermark was " + text(was) + " and is " + text(is) +
                          "; keep with_watermark()'s column and delay, or start with a new checkpointLocation");
  }
}

}  // namespace

std::vector<std::string> plan_differences(const nlohmann::json& stored, const nlohmann::json& current) {
  std::vector<std::string> differences;
  if (stored.at("mode") != current.at("mode")) {
    differences.push_back("the output mode was " + stored.at("mode").get<std::string>() + " and is " +
                          current.at("mode").get<std::string>() +
                          "; use the same mode, or start with a new checkpointLocation");
  }
  compare_sources(stored.at("sources"), current.at("sources"), differences);
  compare_operators(stored.at("operators"), current.at("operators"), differences);
  compare_watermarks(stored.at("watermarks"), current.at("watermarks"), differences);
  return differences;
}

}  // namespace flow
