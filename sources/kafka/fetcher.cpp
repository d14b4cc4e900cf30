#include "sources/kafka/fetcher.hpp"

#include <algorithm>
#include <chrono>

namespace flow {

namespace {

// What librdkafka may hold for all partitions together. A message costs it some 300 bytes beside its own.
constexpr std::int64_t queued_messages = 200'000;
constexpr std::int64_t queued_kbytes = 64 << 10;
constexpr std::int64_t least_messages = 2'000;
constexpr std::int64_t least_kbytes = 1 << 10;

constexpr auto serve_interval = std::chrono::milliseconds(100);

std::int64_t share(std::int64_t whole, std::size_t partitions, std::int64_t least) {
  return std::max(whole / static_cast<std::int64_t>(std::max<std::size_t>(partitions, 1)), least);
}

}  // namespace

fetcher::fetcher(const kafka_settings& settings, bool continuous, std::size_t partitions)
    : settings_(settings),
      servers_(settings.client.servers()),
      continuous_(continuous),
      full_messages_(settings.client.integer("queued.min.messages", share(queued_messages, partitions, least_messages))),
      full_kbytes_(settings.client.integer("queued.max.messages.kbytes", share(queued_kbytes, partitions, least_kbytes))),
      server_([this](const std::stop_token& stop) { serve(stop); }) {}

fetcher::~fetcher() {
  server_.request_stop();
  server_.join();
}

rdkafka_conf fetcher::conf() const {
  auto made = make_conf(settings_.client);
  const auto set_unless_given = [&](const std::string& name, const std::string& value) {
    if (!settings_.client.contains(name)) set_property(*made, name, value);
  };
  set_unless_given("isolation.level", "read_committed");
  set_unless_given("client.id", settings_.client_id_prefix);
  set_unless_given("queued.min.messages", std::to_string(full_messages_));
  set_unless_given("queued.max.messages.kbytes", std::to_string(full_kbytes_));
  // A fetch that waits holds up the partitions that are not in it, and tells of a partition's end only when it is over.
  set_unless_given("fetch.wait.max.ms", continuous_ ? "100" : "20");
  set_unless_given("fetch.error.backoff.ms", "100");
  set_unless_given("fetch.max.bytes", std::to_string(16 << 20));
  set_unless_given("socket.nagle.disable", "true");
  set_unless_given("reconnect.backoff.max.ms", "1000");
  set_property(*made, "enable.partition.eof", "true");
  set_property(*made, "auto.offset.reset", "error");
  set_property(*made, "enable.auto.commit", "false");
  set_property(*made, "auto.commit.enable", "false");
  set_property(*made, "enable.auto.offset.store", "false");
  set_property(*made, "allow.auto.create.topics", "false");
  return made;
}

/// Where the partition is not being read: best where it stands at `begin` already, else where it is parked, else a new one.
fetcher::instance& fetcher::free_instance(const topic_partition& what, std::int64_t begin, std::size_t& at) {
  std::size_t best = instances_.size();
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    auto& one = instances_[i];
    if (one.leased.contains(what)) continue;
    const auto parked = one.parked.find(what);
    const bool fits = parked != one.parked.end() && parked->second->continues(begin);
    if (best == instances_.size() || fits) best = i;
    if (fits) break;
  }
  if (best == instances_.size()) {
    instances_.push_back({std::make_shared<kafka_client>(RD_KAFKA_CONSUMER, conf(), "source"), {}, {}});
  }
  at = best;
  return instances_[best];
}

std::unique_ptr<partition_feed> fetcher::lease(const topic_partition& what, std::int64_t begin,
                                               std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  std::size_t at = 0;
  auto& from = free_instance(what, begin, at);
  std::unique_ptr<partition_feed> feed;
  if (auto parked = from.parked.extract(what)) feed = std::move(parked.mapped());
  if (!feed) {
    feed = std::make_unique<partition_feed>(from.client, what, begin);
  } else if (!feed->continues(begin)) {
    feed->restart(begin);
  }
  from.leased.insert(what);
  leases_[feed.get()] = {at, callback};
  feed->on_message(std::move(callback));
  return feed;
}

void fetcher::give_back(std::unique_ptr<partition_feed> feed) {
  feed->on_message(nullptr);
  const std::lock_guard lock(mutex_);
  const auto record = leases_.extract(feed.get());
  auto& to = instances_[record.mapped().instance];
  to.leased.erase(feed->what());
  const auto what = feed->what();
  to.parked[what] = std::move(feed);
}

void fetcher::room_in(const partition_feed& feed) {
  {
    const std::lock_guard lock(mutex_);
    const auto record = leases_.find(&feed);
    if (record == leases_.end()) return;
    with_room_.emplace_back(instances_[record->second.instance].client, feed.what());
  }
  changed_.notify_one();
}

void fetcher::nudge() {
  const std::lock_guard lock(mutex_);
  for (const auto& [feed, record] : leases_) {
    if (record.callback) record.callback();
  }
}

std::string fetcher::last_connection_error() const {
  const std::lock_guard lock(mutex_);
  return instances_.empty() ? "" : instances_.front().client->last_connection_error();
}

void fetcher::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<std::pair<std::shared_ptr<kafka_client>, topic_partition>> waiting;
    std::vector<std::shared_ptr<kafka_client>> clients;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, serve_interval, [this] { return !with_room_.empty(); });
      waiting.swap(with_room_);
      for (const auto& each : instances_) clients.push_back(each.client);
    }
    for (const auto& client : clients) rd_kafka_poll(client->get(), 0);
    wake(waiting);
  }
}

/// A broker's thread looks at its partitions again when an answer comes in: any small question does.
void fetcher::wake(const std::vector<std::pair<std::shared_ptr<kafka_client>, topic_partition>>& waiting) const {
  for (const auto& [client, what] : waiting) {
    const rdkafka_partitions one(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(one.get(), what.topic.c_str(), what.partition)->offset = latest_offset;
    rd_kafka_offsets_for_times(client->get(), one.get(), 1000);
  }
}

}  // namespace flow
