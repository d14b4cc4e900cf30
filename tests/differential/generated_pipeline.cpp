#include "generated_pipeline.hpp"

#include <fstream>
#include <vector>

#include <nlohmann/json.hpp>

namespace differential {

using namespace flow;

namespace {

using verb = std::function<dataset(const dataset&)>;

struct named_verb {
  std::string text;
  verb apply;
};

std::vector<named_verb> stateless_verbs() {
  return {
      {"where(v % 3 != 0)", [](const dataset& d) { return d.where("v % 3 != 0"); }},
      {"where(user LIKE 'u1%' OR v > 50)", [](const dataset& d) { return d.where(col("user").like("u1%") || col("v") > 50); }},
      {"with_column(v, v * 2 + 1)", [](const dataset& d) { return d.with_column("v", col("v") * 2 + 1); }},
      {"with_column(user, upper(user))", [](const dataset& d) { return d.with_column("user", upper(col("user"))); }},
      {"with_column(page, explode(tags))",
       [](const dataset& d) { return d.select("id", "user", explode(col("tags")).as("page"), "ts", "v", "tags"); }},
      {"with_column(page, CASE ...)",
       [](const dataset& d) { return d.with_column("page", when(col("v") < 20, lit("low")).otherwise(col("page"))); }},
      {"unite(itself where v > 90)", [](const dataset& d) { return d.unite(d.where("v > 90")); }},
  };
}

struct terminal {
  std::string text;
  output_mode mode;
  int keys;
  bool bounded_twin;
  verb apply;
};

std::vector<terminal> terminals() {
  const auto flat = [](const dataset& d) { return d.drop("w"); };
  return {
      {"select", output_mode::append, 0, true,
       [](const dataset& d) { return d.select_expr("id", "concat(user, '/', page) AS k", "v + 1 AS v"); }},
      {"count by user, complete", output_mode::complete, 1, true, [](const dataset& d) { return d.group_by("user").count(); }},
      {"aggregates by page and user, update", output_mode::update, 2, true,
       [](const dataset& d) {
         return d.group_by("page", "user")
             .agg(sum("v").as("s"), min("v").as("lo"), max("ts").as("hi"), avg("v").as("mean"), count("*").as("n"));
       }},
      {"tumbling windows, append", output_mode::append, 0, false,
       [=](const dataset& d) {
         return flat(d.with_watermark("ts", "30 minutes")
                         .group_by(window(col("ts"), "10 minutes").as("w"), "user")
                         .agg(count("*").as("n"), sum("v").as("s"))
                         .select_expr("w", "w.start AS start", "user", "n", "s"));
       }},
      {"sliding windows, append", output_mode::append, 0, false,
       [=](const dataset& d) {
         return flat(d.with_watermark("ts", "30 minutes")
                         .group_by(window(col("ts"), "15 minutes", "5 minutes").as("w"), "page")
                         .agg(count("*").as("n"), max("v").as("m"))
                         .select_expr("w", "w.start AS start", "page", "n", "m"));
       }},
      {"tumbling windows, update", output_mode::update, 2, false,
       [=](const dataset& d) {
         return flat(d.with_watermark("ts", "30 minutes")
                         .group_by(window(col("ts"), "10 minutes").as("w"), "user")
                         .agg(count("*").as("n"))
                         .select_expr("w", "w.start AS start", "user", "n"));
       }},
      {"distinct users", output_mode::append, 0, true, [](const dataset& d) { return d.select("user").distinct(); }},
      {"one group, complete", output_mode::complete, 0, true,
       [](const dataset& d) {
         return d.agg(count("*").as("n"), sum("v").as("s"), approx_count_distinct(col("user")).as("users"));
       }},
      {"top five pages, complete", output_mode::complete, 1, true,
       [](const dataset& d) { return d.group_by("page").count().order_by(col("count").desc(), "page").limit(5); }},
      {"duplicates by id and ts", output_mode::append, 0, false,
       [](const dataset& d) {
         return d.with_watermark("ts", "30 minutes").select("id", "ts", "user").drop_duplicates({"id", "ts"});
       }},
  };
}

}  // namespace

generated_pipeline draw_pipeline(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto verbs = stateless_verbs();
  const auto ends = terminals();
  std::vector<named_verb> chosen;
  for (std::size_t i = random() % 4; i > 0; --i) chosen.push_back(verbs[random() % verbs.size()]);
  const auto& end = ends[seed % ends.size()];

  generated_pipeline p;
  for (const auto& v : chosen) p.description += v.text + " | ";
  p.description += end.text;
  p.mode = end.mode;
  p.key_columns = end.keys;
  p.has_bounded_twin = end.bounded_twin;
  p.build = [chosen, end](const dataset& input) {
    dataset d = input;
    for (const auto& v : chosen) d = v.apply(d);
    return end.apply(d);
  };
  return p;
}

void write_input(const std::filesystem::path& directory, std::uint64_t seed, int first, int last) {
  std::filesystem::create_directories(directory);
  for (int file = first; file < last; ++file) {
    std::mt19937_64 random(seed * 1000 + static_cast<std::uint64_t>(file));
    std::string content;
    for (int i = 0; i < 150; ++i) {
      const std::int64_t second =
          1'704'103'200 + file * 300 + static_cast<int>(random() % 300) - static_cast<int>(random() % 600);
      nlohmann::json row{{"id", random() % 2000},
                         {"user", "u" + std::to_string(random() % 30)},
                         {"page", "/p" + std::to_string(random() % 10)},
                         {"ts", to_string(timestamp{second * 1'000'000})},
                         {"v", random() % 100},
                         {"tags", nlohmann::json::array()}};
      for (std::size_t k = random() % 3; k > 0; --k) row["tags"].push_back("t" + std::to_string(random() % 5));
      if (random() % 20 == 0) row["user"] = nullptr;
      content += row.dump() + "\n";
    }
    char name[32];
    std::snprintf(name, sizeof name, "part-%03d.json", file);
    const auto hidden = directory / ("." + std::string(name));
    std::ofstream(hidden) << content;
    std::filesystem::rename(hidden, directory / name);
  }
}

}  // namespace differential
