// Counts words: from files, a socket or a built-in text, to the console or, as JSON lines, to a file replaced every epoch.
#include <nlohmann/json.hpp>

#include "built_in_text.hpp"
#include "json_lines.hpp"
#include "run_options.hpp"

using namespace flow;

namespace {

/// What is wrong with a socket's address, or nothing.
std::string check_address(const std::string& address) {
  const auto colon = address.rfind(':');
  const auto port = colon == std::string::npos ? "" : address.substr(colon + 1);
  const bool number = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
  if (colon != 0 && number && std::stoi(port) >= 1 && std::stoi(port) <= 65535) return "";
  return "expected HOST:PORT with a port from 1 to 65535, as in localhost:9999, not \"" + address + "\"";
}

dataset lines_of(const session& s, const std::string& directory, const std::string& address, int files_per_epoch) {
  if (!address.empty()) {
    const auto colon = address.rfind(':');
    return s.read_stream()
        .format("socket")
        .option("host", address.substr(0, colon))
        .option("port", address.substr(colon + 1))
        .load();
  }
  if (!directory.empty()) {
    auto reader = s.read_stream();
    if (files_per_epoch > 0) reader.option("maxFilesPerTrigger", files_per_epoch);
    return reader.text(directory);
  }
  auto text = s.push_stream(parse_schema("value STRING"));
  text.push(batch_from_json(parse_schema("value STRING"), {{std::string(apps::built_in_text)}}));
  text.close();
  return text.stream().select(explode(split(col("value"), "\n")).as("value"));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Counts words", "word_count"};
  std::string directory, address, output;
  int files_per_epoch = 0;
  apps::run_options run;
  auto* input = app.add_option("--input", directory, "Directory of text files")->check(apps::check_not_empty);
  app.add_option("--socket", address, "HOST:PORT that sends lines (try: nc -lk 9999)")->excludes(input)->check(check_address);
  app.add_option("--output", output, "File for the current counts as JSON lines; the console if not given")
      ->check(apps::check_not_empty);
  app.add_option("--max-files-per-trigger", files_per_epoch, "Bound of files in one epoch (0: none)")
      ->check(CLI::NonNegativeNumber);
  run.add_to(app);

  return apps::run_app(app, argc, argv, [&] {
    if (directory.empty() && address.empty() && run.trigger.empty()) run.trigger = "available-now";
    auto s = session::make({.name = "word count"});
    auto lines = lines_of(s, directory, address, files_per_epoch);
    auto words = lines.select(explode(split(col("value"), " ")).as("word")).where("word != ''");
    auto counts = words.group_by("word").count();

    if (output.empty()) {
      auto sorted = counts.order_by(col("count").desc(), "word");
      return run.run(sorted.write_stream().output_mode("complete").format("console"));
    }
    run.run(counts.write_stream().output_mode("complete").foreach_batch([&](const dataset& rows, std::int64_t) {
      apps::replace_with_json_lines(output, rows);
    }));
  });
}
