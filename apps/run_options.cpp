#include "run_options.hpp"

#include <iostream>

namespace apps {

namespace {

std::string check_trigger(const std::string& text) {
  if (text == "once" || text == "available-now") return "";
  try {
    if (flow::parse_duration(text) >= flow::duration{}) return "";
  } catch (const flow::error&) {
  }
  return "expected once, available-now or an interval such as \"5 seconds\" or 50ms, not \"" + text + "\"";
}

/// The options of the app and of the subcommand that was given.
std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const auto* command : app.get_subcommands()) {
    const auto more = option_names(*command);
    names.insert(names.end(), more.begin(), more.end());
  }
  return names;
}

/// Of the app, or of the subcommand that was given.
std::vector<std::string> command_names(const CLI::App& app) {
  const auto given = app.get_subcommands();
  if (!given.empty()) return command_names(*given.front());
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) names.push_back(command->get_name());
  return names;
}

/// The option or subcommand nearest to the first word that none answers to, as a question, or nothing.
std::string suggestion(const CLI::App& app) {
  for (const auto& word : app.remaining(true)) {
    const auto known = word.starts_with("--") ? option_names(app) : command_names(app);
    const auto near = flow::nearest_name(word.substr(0, word.find('=')), known);
    if (!near.empty()) return word + ": did you mean " + near + "?\n";
  }
  return "";
}

/// What lies in a buffer is written, or was not: a full disk must not look like success.
void flush_output() {
  if (!std::cout.flush())
    throw flow::error(flow::errc::unwritable_output, "cannot write to standard output: it is full or closed");
}

}  // namespace

std::string check_not_empty(const std::string& text) { return text.empty() ? "expected a path, not \"\"" : ""; }

void run_options::add_to(CLI::App& app) {
  app.add_option("--checkpoint", checkpoint, "Directory of the query's state; a restart goes on from it")
      ->check(check_not_empty);
  app.add_option("--mode", mode, "How epochs run")->check(CLI::IsMember({"micro-batch", "continuous"}))->capture_default_str();
  app.add_option("--trigger", trigger, "once, available-now, or an interval such as \"5 seconds\" or 50ms")
      ->check(check_trigger)
      ->capture_default_str();
  app.add_option("--state", state, "Where keyed state lives")->check(CLI::IsMember({"memory", "lmdb"}))->capture_default_str();
  app.add_option("--parallelism", parallelism, "Instances of each keyed operator (0: one per worker thread)")
      ->check(CLI::Range(0, 1024));
  app.add_flag("--take-over", take_over, "Replace a process that owns the checkpoint but hangs: it ends when it wakes");
}

void run_options::run(flow::stream_writer writer) const {
  const bool bounded = trigger == "once" || trigger == "available-now";
  if (!checkpoint.empty()) writer.option("checkpointLocation", checkpoint);
  if (parallelism > 0) writer.parallelism(parallelism);
  writer.state_store(state);
  if (take_over) writer.option("takeOver", true);
  if (mode == "continuous") {
    writer.trigger(flow::trigger::continuous(bounded || trigger.empty() ? "1 second" : trigger));
  } else if (bounded) {
    writer.trigger(trigger == "once" ? flow::trigger::once() : flow::trigger::available_now());
  } else if (!trigger.empty()) {
    writer.trigger(flow::trigger::processing_time(trigger));
  }
  const auto query = writer.start();
  if (mode == "continuous" && bounded) {  // Continuous queries have no end of their own: read what is there, then stop.
    query->process_all_available();
    query->stop();
  }
  query->await_termination();
}

int run_app(CLI::App& app, int argc, char** argv, const std::function<void()>& body) {
  try {
    app.parse(argc, argv);
    body();
    flush_output();
    return 0;
  } catch (const CLI::ParseError& e) {
    if (app.exit(e) == 0) return 0;
    std::cerr << suggestion(app);
    return 2;
  } catch (const flow::error& e) {
    std::cerr << app.get_name() << ": " << e.what() << " [" << flow::to_string(e.code()) << "]\n";
  } catch (const std::exception& e) {
    std::cerr << app.get_name() << ": " << e.what() << "\n";
  }
  return 1;
}

}  // namespace apps
