#include <algorithm>
#include <set>

#include <boost/test/unit_test.hpp>

#include "flow/planner.hpp"
#include "session/session_state.hpp"
#include "tests/conformance/corpus_case.hpp"

using namespace flow;
using namespace flow::conformance;

namespace {

std::filesystem::path corpus(const std::string& folder) {
  return std::filesystem::path(FLOW_SOURCE_DIR) / "tests" / "conformance" / "corpus" / folder;
}

/// What came of building and planning a case.
struct outcome {
  std::optional<std::string> schema;
  std::string refused;
};

outcome plan_of(const corpus_case& one, bool streaming) {
  outcome result;
  try {
    corpus_query query(session::make(), one);
    const auto built = query.build();
    const auto plan = make_physical_plan(*built.plan(), built.session()->lookup(), {.streaming = streaming, .mode = one.mode});
    result.schema = to_ddl(*plan.output);
  } catch (const error& e) {
    result.refused = std::string(to_string(e.code())) + ": " + e.what();
  }
  return result;
}

// Not there yet, and refused saying so: such a case says nothing about the planner.
bool is_known_gap(const std::string& refused) {
  const bool by_grammar =
      refused.starts_with("unsupported_plan: line ") && refused.find("is not supported; ") != std::string::npos;
  const bool by_function = refused.find("there is no function 'stack'") != std::string::npos;
  return by_grammar || by_function || refused.find("not supported yet") != std::string::npos;
}

void check_folder(const std::string& folder, bool streaming) {
  std::size_t gaps = 0;
  const auto cases = read_cases(corpus(folder));
  BOOST_TEST(!cases.empty());
  for (const auto& one : cases) {
    const auto got = plan_of(one, streaming);
    BOOST_TEST_CONTEXT(one.name) {
      if (one.expect_error == refusal::analysis) {
        BOOST_TEST(!got.refused.empty(), "should be refused");
      } else if (is_known_gap(got.refused)) {
        ++gaps;
      } else if (one.expect_error == refusal::runtime) {
        if (one.error_step > 0) BOOST_TEST(got.refused == "");
      } else {
        BOOST_TEST(got.refused == "");
        if (got.schema && one.expect_schema) BOOST_TEST(*got.schema == to_ddl(*parse_schema(*one.expect_schema)));
      }
    }
  }
  BOOST_TEST_MESSAGE(folder << ": " << gaps << " of " << cases.size() << " cases need what is not supported yet");
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_stream_case_is_planned_or_refused_as_spark_does) { check_folder("stream", true); }

BOOST_AUTO_TEST_CASE(every_batch_case_is_planned_or_refused_as_spark_does) { check_folder("batch", false); }
