// Counts log lines per user over a folder of JSON files {"user": ..., "action": ..., "time": ...}: complete mode to the
// console, every five seconds.
#include "run_options.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Counts log lines per user", "user_log_count"};
  std::string input;
  apps::run_options run;
  run.trigger = "5 seconds";
  app.add_option("--input", input, "Directory of JSON files, one log line each row")->required()->check(apps::check_not_empty);
  run.add_to(app);

  return apps::run_app(app, argc, argv, [&] {
    using namespace flow;
    auto s = session::make({.name = "user log count"});
    auto logs = s.read_stream().schema("user STRING, action STRING, time TIMESTAMP").json(input);
    auto counts = logs.where("user IS NOT NULL").group_by("user").agg(count("*").as("lines"), max("time").as("last_seen"));
    run.run(counts.order_by(col("lines").desc(), "user").write_stream().output_mode("complete").format("console"));
  });
}
