#include "sink_under_test.hpp"

#include "flow/types.hpp"
#include "sinks/kafka/kafka_sink.hpp"

namespace flow::test {

sink_under_test::sink_under_test(std::string columns, std::map<std::string, std::string> options, std::string servers) {
  sink_request request;
  request.options.set("kafka.bootstrap.servers", std::move(servers));
  for (auto& [key, value] : options) request.options.set(key, value);
  provider_ = make_kafka_sink(request);
  schema_ = parse_schema(columns);
  context.query_id = unique_name("query");
  context.checkpoint_dir = "/nowhere";
  context.schema = schema_;
  context.continuous = true;
}

epoch sink_under_test::start(epoch newest, const nlohmann::json& prepared) {
  provider_->check(*schema_, context.mode);
  sink_ = provider_->make();
  sink_->open(context);
  return sink_->recover(newest, prepared);
}

nlohmann::json sink_under_test::run(epoch e, const nlohmann::json& rows) {
  write(e, rows);
  prepare(e);
  commit(e);
  return prepared_;
}

}  // namespace flow::test
