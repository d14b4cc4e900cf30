#include "sources/kafka/topic_view.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include <re2/re2.h>

#include "flow/error.hpp"

namespace flow {

namespace {

/// A question that failed with what goes away by itself.
struct outage {
  std::string what;
  rd_kafka_resp_err_t cause;
};

constexpr std::int64_t default_patience_ms = 10'000;
constexpr std::chrono::milliseconds first_patience{3'000};  ///< A wrong address is to be told soon.

bool names_nothing(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
         code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
}

rdkafka_conf view_conf(const kafka_settings& settings) {
  auto conf = make_conf(settings.client);
  if (!settings.client.contains("isolation.level")) set_property(*conf, "isolation.level", "read_committed");
  if (!settings.client.contains("client.id")) set_property(*conf, "client.id", settings.client_id_prefix + "-planner");
  // The connection comes back quickly, since someone waits for each answer.
  if (!settings.client.contains("reconnect.backoff.max.ms")) set_property(*conf, "reconnect.backoff.max.ms", "500");
  set_property(*conf, "allow.auto.create.topics", "false");
  return conf;
}

}  // namespace

struct topic_view::client {
  explicit client(const kafka_settings& settings)
      : kafka(RD_KAFKA_CONSUMER, view_conf(settings), "source"),
        what(settings.what),
        servers(settings.client.servers()),
        pattern(settings.what.pattern, re2::RE2::Quiet) {}

  kafka_client kafka;
  std::atomic<bool> answered = false;  ///< Brokers, ever.
  kafka_subscription what;
  std::string servers;
  re2::RE2 pattern;
};

topic_view::topic_view(const kafka_settings& settings)
    : client_(std::make_shared<client>(settings)),
      attempts_(settings.offset_attempts),
      interval_(settings.attempt_interval),
      patience_(settings.client.integer("socket.timeout.ms", default_patience_ms)),
      first_patience_(settings.client.contains("socket.timeout.ms") ? patience_ : first_patience) {}

topic_view topic_view::glance() const {
  topic_view quick;
  quick.client_ = client_;
  quick.attempts_ = 1;
  quick.patience_ = std::min(patience_, std::chrono::milliseconds(2000));
  quick.first_patience_ = std::min(first_patience_, quick.patience_);
  return quick;
}

int topic_view::timeout_ms() const { return static_cast<int>((client_->answered ? patience_ : first_patience_).count()); }

void topic_view::fail(const std::string& what, rd_kafka_resp_err_t cause) const {
  rd_kafka_poll(client_->kafka.get(), 0);
  if (const auto refused = client_->kafka.refused_connection(); refused != RD_KAFKA_RESP_ERR_NO_ERROR) cause = refused;
  if (is_outage(cause)) throw outage{what, cause};
  throw kafka_error(errc::unreadable_input, what + " of kafka.bootstrap.servers=" + client_->servers, cause,
                    client_->kafka.last_connection_error());
}

template <class Ask>
auto topic_view::retry(const Ask& ask) const {
  for (int attempt = 1;; ++attempt) {
    try {
      auto answer = ask();
      client_->answered = true;
      return answer;
    } catch (const outage& why) {
      if (attempt < attempts_) {
        std::this_thread::sleep_for(interval_);
        continue;
      }
      const auto told = kafka_error(errc::unreadable_input, why.what + " of kafka.bootstrap.servers=" + client_->servers,
                                    why.cause, client_->kafka.last_connection_error());
      throw servers_away(told.code(), told.what());
    }
  }
}

found_partitions topic_view::find_partitions() const {
  return retry([this] { return ask_partitions(); });
}

partition_offsets topic_view::offsets(const std::vector<topic_partition>& of, std::int64_t which) const {
  partition_offsets wanted;
  for (const auto& each : of) wanted[each] = which;
  return retry([&] { return ask_offsets(wanted); });
}

partition_offsets topic_view::offsets_at(const partition_offsets& times) const {
  return retry([&] { return ask_offsets(times); });
}

found_partitions topic_view::ask_partitions() const {
  const auto& what = client_->what;
  found_partitions all;
  if (!what.pattern.empty()) {
    const rd_kafka_metadata_t* answer = nullptr;
    const auto failure = rd_kafka_metadata(client_->kafka.get(), 1, nullptr, &answer, timeout_ms());
    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) fail("cannot list the topics", failure);
    const rdkafka_metadata metadata(answer);
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      const auto& topic = metadata->topics[i];
      if (!re2::RE2::FullMatch(topic.topic, client_->pattern)) continue;
      // One that is only being moved is not gone.
      if (is_outage(topic.err)) fail("cannot look up topic \"" + std::string(topic.topic) + "\"", topic.err);
      if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      for (int p = 0; p < topic.partition_cnt; ++p) all.partitions.push_back({topic.topic, topic.partitions[p].id});
    }
  } else {
    auto topics = what.topics;
    for (const auto& each : what.partitions) topics.push_back(each.topic);
    std::sort(topics.begin(), topics.end());
    topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
    for (const auto& name : topics) {
      const auto one = ask_topic(name, what.partitions);
      all.partitions.insert(all.partitions.end(), one.partitions.begin(), one.partitions.end());
      all.missing.insert(all.missing.end(), one.missing.begin(), one.missing.end());
    }
  }
  std::sort(all.partitions.begin(), all.partitions.end());
  return all;
}

found_partitions topic_view::ask_topic(const std::string& name, const std::vector<topic_partition>& wanted) const {
  const auto about = "cannot look up topic \"" + name + "\"";
  const rdkafka_topic handle(rd_kafka_topic_new(client_->kafka.get(), name.c_str(), nullptr));
  if (!handle) throw error(errc::invalid_option, "\"" + name + "\" cannot be the name of a topic");
  const rd_kafka_metadata_t* answer = nullptr;
  const auto failure = rd_kafka_metadata(client_->kafka.get(), 0, handle.get(), &answer, timeout_ms());
  if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) fail(about, failure);
  const rdkafka_metadata metadata(answer);
  found_partitions found;
  if (metadata->topic_cnt == 0) return found;
  const auto& topic = metadata->topics[0];
  if (topic.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    found.missing.push_back(name);
    return found;
  }
  if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(about, topic.err);
  for (int p = 0; p < topic.partition_cnt; ++p) {
    topic_partition one{name, topic.partitions[p].id};
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), one) != wanted.end())
      found.partitions.push_back(std::move(one));
  }
  return found;
}

/// The brokers take latest_offset and earliest_offset as times too, and answer for all partitions of one leader at once.
partition_offsets topic_view::ask_offsets(const partition_offsets& times) const {
  partition_offsets found;
  if (times.empty()) return found;
  const rdkafka_partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(times.size())));
  for (const auto& [what, time] : times) {
    rd_kafka_topic_partition_list_add(list.get(), what.topic.c_str(), what.partition)->offset = time;
  }
  const auto about = "cannot look up offsets of topic \"" + times.begin()->first.topic + "\"";
  const auto failure = rd_kafka_offsets_for_times(client_->kafka.get(), list.get(), timeout_ms());
  if (names_nothing(failure)) return ask_offsets_by_topic(times);
  if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) fail(about, failure);
  for (int i = 0; i < list->cnt; ++i) {
    const auto& one = list->elems[i];
    const topic_partition what{one.topic, one.partition};
    if (names_nothing(one.err)) continue;
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) fail("cannot look up the offsets of " + to_string(what), one.err);
    found[what] = one.offset;
  }
  return found;
}

/// One topic that was deleted makes the question about all of them fail.
partition_offsets topic_view::ask_offsets_by_topic(const partition_offsets& times) const {
  std::map<std::string, partition_offsets> topics;
  for (const auto& [what, time] : times) topics[what.topic][what] = time;
  partition_offsets found;
  if (topics.size() == 1) return found;
  for (const auto& [topic, its_times] : topics) found.merge(ask_offsets(its_times));
  return found;
}

}  // namespace flow
