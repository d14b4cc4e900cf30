#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

namespace bench {

struct bench_options {
  std::string input;      ///< Directory of the workload's files.
  std::string campaigns;  ///< ysb: the file of ad_id,campaign_id.
  int threads = 1;
  std::string checkpoint;  ///< Directory; "" for a temporary one on disk.
  std::string interval;    ///< "": one micro-batch; else continuous mode with a durable checkpoint at this interval.
  std::string state = "memory";
};

/// libflow through its public API.
nlohmann::json wordcount(const bench_options& o);
nlohmann::json ysb(const bench_options& o);
/// The same work as a hand-written single-purpose loop on `threads` threads.
nlohmann::json wordcount_reference(const bench_options& o);
nlohmann::json ysb_reference(const bench_options& o);

struct latency_options {
  int rows = 20000;
  int pause_us = 200;  ///< Between rows, so that the pipeline is idle when each comes.
  bool busy_polling = false;
};
/// One row pushed to its callback through map, filter and a keyed count, beside a bare condition-variable hand-over.
nlohmann::json latency(const latency_options& o);

struct kafka_options {
  std::string brokers = "127.0.0.1:9092";
  std::string topic = "flow-bench";
  int partitions = 4;
  std::int64_t records = 2'000'000;
  int record_bytes = 100;
  int threads = 2;
  std::string copy;        ///< "": reads only; else copies with this guarantee.
  int interval_ms = 100;   ///< Between checkpoints, and transactions.
  std::string checkpoint;  ///< Directory for checkpoints.
};
/// Makes the topic and fills it, unless it is there.
void fill(const kafka_options& o);
/// Reads a topic, which is made and filled if it is not there, from its beginning to its end: by a plain librdkafka loop, and
/// by libflow in both modes. Only in builds with librdkafka.
nlohmann::json kafka_throughput(const kafka_options& o);
/// Copies the topic into a new one: by a plain librdkafka loop, with a transaction per interval or none as the guarantee says,
/// and by libflow. Both copies are counted afterwards.
nlohmann::json kafka_copy(const kafka_options& o);

struct kafka_latency_options {
  std::string brokers;
  int rate = 10'000;     ///< Records a second.
  int interval_ms = 10;  ///< Between checkpoints, and transactions.
  std::string guarantee = "exactly-once";
  int seconds = 10;  ///< Measured, after a warm-up.
  int threads = 1;
  bool micro_batch = false;
  bool only_reference = false, only_libflow = false;
  std::string checkpoint;  ///< Directory for checkpoints.
};
/// From produce to a read_committed consumer through a keyed count, beside a loop that only consumes and produces with a
/// transaction per interval.
nlohmann::json kafka_latency(const kafka_latency_options& o);

}  // namespace bench
