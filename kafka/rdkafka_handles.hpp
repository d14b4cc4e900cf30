#pragma once

#include <memory>

#include <librdkafka/rdkafka.h>

namespace flow {

/// librdkafka's C handles as owning values.
template <class T, auto Destroy>
struct rdkafka_deleter {
  void operator()(T* handle) const noexcept { Destroy(handle); }
};
template <class T, auto Destroy>
using rdkafka_handle = std::unique_ptr<T, rdkafka_deleter<T, Destroy>>;

using rdkafka_conf = rdkafka_handle<rd_kafka_conf_t, rd_kafka_conf_destroy>;
using rdkafka_queue = rdkafka_handle<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using rdkafka_topic = rdkafka_handle<rd_kafka_topic_t, rd_kafka_topic_destroy>;
using rdkafka_message = rdkafka_handle<rd_kafka_message_t, rd_kafka_message_destroy>;
using rdkafka_event = rdkafka_handle<rd_kafka_event_t, rd_kafka_event_destroy>;
using rdkafka_headers = rdkafka_handle<rd_kafka_headers_t, rd_kafka_headers_destroy>;
using rdkafka_error = rdkafka_handle<rd_kafka_error_t, rd_kafka_error_destroy>;
using rdkafka_partitions = rdkafka_handle<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using rdkafka_group_metadata = rdkafka_handle<rd_kafka_consumer_group_metadata_t, rd_kafka_consumer_group_metadata_destroy>;

/// Metadata is const in librdkafka's calls.
struct rdkafka_metadata_deleter {
  void operator()(const rd_kafka_metadata_t* handle) const noexcept { rd_kafka_metadata_destroy(handle); }
};
using rdkafka_metadata = std::unique_ptr<const rd_kafka_metadata_t, rdkafka_metadata_deleter>;

}  // namespace flow
