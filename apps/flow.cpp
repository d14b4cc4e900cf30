// The flow command line: looks into data and checkpoints. `flow cat`, `flow checkpoint show|verify|copy`, `flow functions`.
#include <iostream>

#include <flow/checkpoint.hpp>
#include <flow/format_writer.hpp>
#include <flow/function_catalog.hpp>

#include "json_lines.hpp"
#include "run_options.hpp"

namespace {

void cat(const std::string& format, const std::string& path, const std::string& schema,
         const std::vector<std::string>& options) {
  auto s = flow::session::make({.name = "flow cat", .threads = 1});
  auto reader = s.read();
  reader.format(format);
  if (!schema.empty()) reader.schema(schema);
  for (const auto& option : options) {
    const auto equals = option.find('=');
    if (equals == std::string::npos) {
      throw flow::error(flow::errc::invalid_argument, "--option " + option + ": expected KEY=VALUE");
    }
    reader.option(option.substr(0, equals), option.substr(equals + 1));
  }
  const auto rows = path.empty() ? reader.load() : reader.load(path);
  apps::write_json_lines(std::cout, rows);
}

/// A bar would end a table's cell.
std::string escaped_bars(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void list_functions(bool markdown) {
  if (markdown) {
    std::cout << "# Functions\n\nMade by `flow functions --markdown`.\n\n| function | what it does |\n|---|---|\n";
  }
  for (const auto& f : flow::function_catalog::builtin().entries()) {
    if (markdown) {
      std::cout << "| `" << escaped_bars(f.usage) << "` | " << escaped_bars(f.description) << " |\n";
    } else {
      std::cout << f.usage << "\t" << f.description << "\n";
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Looks into libflow's data and checkpoints", "flow"};
  app.require_subcommand(1);

  std::string format, path, schema, directory, target;
  std::vector<std::string> options;
  auto* cat_command =
      app.add_subcommand("cat", "Print a file, a directory, a file sink's output or Kafka topics as JSON lines");
  cat_command->add_option("--format", format, "text, json, csv or kafka")->required();
  cat_command->add_option("--schema", schema, "Columns as DDL; inferred if not given");
  cat_command->add_option("--option", options, "Reader option KEY=VALUE, may be repeated")->allow_extra_args(false);
  cat_command->add_option("path", path, "File or directory");

  auto* checkpoint = app.add_subcommand("checkpoint", "Look into a query's checkpoint");
  checkpoint->require_subcommand(1);
  auto* show = checkpoint->add_subcommand("show", "Print everything in it as JSON");
  auto* verify = checkpoint->add_subcommand("verify", "Check every record and every byte of state");
  auto* copy = checkpoint->add_subcommand("copy", "Make a consistent copy, also while its query runs");
  for (auto* command : {show, verify, copy}) command->add_option("dir", directory, "Checkpoint directory")->required();
  copy->add_option("to", target, "Directory of the copy")->required();

  bool markdown = false;
  auto* functions = app.add_subcommand("functions", "List the functions of expressions");
  functions->add_flag("--markdown", markdown, "As a page of the documentation");

  return apps::run_app(app, argc, argv, [&] {
    if (*cat_command) cat(format, path, schema, options);
    if (*show) std::cout << flow::describe_checkpoint(directory).dump(2) << "\n";
    if (*copy) flow::copy_checkpoint(directory, target);
    if (*functions) list_functions(markdown);
    if (*verify) {
      const auto report = flow::verify_checkpoint(directory);
      std::cout << report.dump(2) << "\n";
      if (!report.at("ok").get<bool>())
        throw flow::error(flow::errc::checkpoint_corrupt, directory + " is damaged; see the problems above");
    }
  });
}
