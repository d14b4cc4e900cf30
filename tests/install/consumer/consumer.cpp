#include <flow/flow.hpp>
#include <nlohmann/json.hpp>

int main() {
  using namespace flow;
  auto s = session::make({.name = "consumer"});
  auto in = s.push_stream(parse_schema("word STRING"));
  in.push(batch_from_json(parse_schema("word STRING"), {{"to"}, {"be"}, {"or"}, {"not"}, {"to"}, {"be"}}));
  in.close();
  auto query = in.stream()
                   .group_by("word")
                   .count()
                   .write_stream()
                   .output_mode(output_mode::complete)
                   .trigger(trigger::available_now())
                   .format("console")
                   .start();
  query->await_termination();
}
