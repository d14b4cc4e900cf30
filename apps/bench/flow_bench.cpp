// Measures libflow: flow_bench wordcount|ysb|latency|kafka-throughput|kafka-latency. Each prints one JSON line; --reference
// runs the hand-written loop instead.
#include <filesystem>
#include <iostream>

#include "run_options.hpp"
#include "workloads.hpp"

int main(int argc, char** argv) {
  CLI::App app{"libflow's benchmarks (inputs: bench_inputs)", "flow_bench"};
  app.require_subcommand(1);
  bench::bench_options o;
  bench::latency_options latency;
  bool reference = false;

  auto* wordcount = app.add_subcommand("wordcount", "Count words of text files");
  auto* ysb = app.add_subcommand("ysb", "Yahoo streaming benchmark: filter, join campaigns, count per 10 s window");
  for (auto* workload : {wordcount, ysb}) {
    workload->add_option("--input", o.input, "Directory of input files")->required()->check(CLI::ExistingDirectory);
    workload->add_option("--threads", o.threads, "Worker threads and parallelism")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    workload->add_option("--checkpoint", o.checkpoint, "Directory of the checkpoint (a new one if not given)");
    workload->add_option("--checkpoint-interval", o.interval, "Run continuously with a durable checkpoint this often (100ms)");
    workload->add_option("--state", o.state, "memory or lmdb")->check(CLI::IsMember({"memory", "lmdb"}));
    workload->add_flag("--reference", reference, "Run the hand-written loop instead");
  }
  ysb->add_option("--campaigns", o.campaigns, "CSV file of ad_id,campaign_id")->required()->check(CLI::ExistingFile);
  auto* idle = app.add_subcommand("latency", "One row from push to callback on an idle pipeline");
  idle->add_option("--rows", latency.rows, "Rows to push")->capture_default_str();
  idle->add_option("--pause-us", latency.pause_us, "Pause between rows in microseconds")->capture_default_str();
  idle->add_flag("--busy-polling", latency.busy_polling, "Workers spin instead of sleeping");
#ifdef FLOW_KAFKA
  bench::kafka_latency_options through_kafka;
  auto* kafka_latency = app.add_subcommand("kafka-latency", "From produce to a read_committed consumer, beside a plain echo");
  kafka_latency->add_option("--brokers", through_kafka.brokers, "Kafka's bootstrap servers (make kafka-up starts one)")
      ->required();
  kafka_latency->add_option("--rate", through_kafka.rate, "Records a second")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  kafka_latency->add_option("--interval", through_kafka.interval_ms, "Milliseconds between checkpoints and transactions")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  kafka_latency->add_option("--guarantee", through_kafka.guarantee, "exactly-once or at-least-once")
      ->check(CLI::IsMember({"exactly-once", "at-least-once"}))
      ->capture_default_str();
  kafka_latency->add_option("--seconds", through_kafka.seconds, "To measure, after 3 of warm-up")->capture_default_str();
  kafka_latency->add_option("--threads", through_kafka.threads, "Worker threads and parallelism")->capture_default_str();
  const auto checkpoints = (std::filesystem::temp_directory_path() / "flow-bench").string();
  kafka_latency->add_option("--checkpoint", through_kafka.checkpoint, "Directory for the checkpoint")->default_val(checkpoints);
  kafka_latency->add_flag("--micro-batch", through_kafka.micro_batch,
                          "Micro-batches at the interval instead of continuous mode");
  kafka_latency->add_flag("--reference", through_kafka.only_reference, "The echo alone");
  kafka_latency->add_flag("--libflow", through_kafka.only_libflow, "libflow alone");

  bench::kafka_options kafka;
  auto* kafka_throughput = app.add_subcommand("kafka-throughput", "Read or copy a topic, beside a plain librdkafka loop");
  kafka_throughput->add_option("--brokers", kafka.brokers, "Where the brokers are")->capture_default_str();
  kafka_throughput->add_option("--topic", kafka.topic, "Made and filled if it is not there")->capture_default_str();
  kafka_throughput->add_option("--partitions", kafka.partitions, "Of a new topic")->capture_default_str();
  kafka_throughput->add_option("--records", kafka.records, "In a new topic")->capture_default_str();
  kafka_throughput->add_option("--record-bytes", kafka.record_bytes, "Of each record's value")->capture_default_str();
  kafka_throughput->add_option("--threads", kafka.threads, "Worker threads and parallelism")->capture_default_str();
  kafka_throughput->add_option("--copy", kafka.copy, "Copy into a new topic, exactly-once or at-least-once")
      ->check(CLI::IsMember({"exactly-once", "at-least-once"}));
  kafka_throughput->add_option("--interval", kafka.interval_ms, "Copying: milliseconds between checkpoints and transactions")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  kafka_throughput->add_option("--checkpoint", kafka.checkpoint, "Copying: directory for the checkpoint")
      ->default_val(checkpoints);
#endif

  return apps::run_app(app, argc, argv, [&] {
    nlohmann::json result;
    if (*wordcount) result = reference ? bench::wordcount_reference(o) : bench::wordcount(o);
    if (*ysb) result = reference ? bench::ysb_reference(o) : bench::ysb(o);
    if (*idle) result = bench::latency(latency);
#ifdef FLOW_KAFKA
    if (*kafka_throughput) result = kafka.copy.empty() ? bench::kafka_throughput(kafka) : bench::kafka_copy(kafka);
    if (*kafka_latency) result = bench::kafka_latency(through_kafka);
#endif
    std::cout << result.dump() << "\n";
  });
}
