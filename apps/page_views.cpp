// Views per page and event-time window, from JSON files {"page": ..., "user": ..., "time": ...} into JSON files: a window is
// written once, when the watermark has passed its end. The output's manifest shows each epoch whole or not at all.
#include "run_options.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Counts page views per window", "page_views"};
  std::string input, output, window_size = "10 minutes", slide, delay = "5 minutes";
  int files_per_epoch = 0;
  apps::run_options run;
  app.add_option("--input", input, "Directory of JSON files, one view each row")->required()->check(apps::check_not_empty);
  app.add_option("--output", output, "Directory for the results")->required()->check(apps::check_not_empty);
  app.add_option("--window", window_size, "Length of a window")->capture_default_str();
  app.add_option("--slide", slide, "Distance of windows' starts; the length if not given");
  app.add_option("--watermark", delay, "How late a view may come")->capture_default_str();
  app.add_option("--max-files-per-trigger", files_per_epoch, "Bound of files in one epoch (0: none)")
      ->check(CLI::NonNegativeNumber);
  run.add_to(app);

  return apps::run_app(app, argc, argv, [&] {
    using namespace flow;
    auto s = session::make({.name = "page views"});
    auto reader = s.read_stream().schema("page STRING, user STRING, time TIMESTAMP");
    if (files_per_epoch > 0) reader.option("maxFilesPerTrigger", files_per_epoch);
    auto views = reader.json(input).with_watermark("time", delay);
    auto windows = window(col("time"), window_size, slide.empty() ? window_size : slide);
    auto counts = views.group_by(windows.as("window"), "page").agg(count("*").as("views"));
    auto flat = counts.select_expr("window.start AS start", "window.end AS end", "page", "views");
    run.run(flat.write_stream().output_mode("append").format("json").option("path", output));
  });
}
