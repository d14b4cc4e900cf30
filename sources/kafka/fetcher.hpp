#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "sources/kafka/kafka_settings.hpp"
#include "sources/kafka/partition_feed.hpp"

namespace flow {

/// Fetches the partitions that readers ask for. All share one librdkafka instance (its threads and its connection to each
/// broker do not grow with partitions), each with a queue of its own. A partition that is read by several readers at once, in
/// ranges, takes part in further instances. What is prefetched is bounded for all partitions together.
class fetcher {
 public:
  /// @param partitions  how many there will be, more or less: they share the bound.
  fetcher(const kafka_settings& settings, bool continuous, std::size_t partitions);
  ~fetcher();
  fetcher(const fetcher&) = delete;
  fetcher& operator=(const fetcher&) = delete;

  /// The partition from `begin` on, with `callback` called when a message comes. A feed that another reader gave back goes on
  /// where it was, if that is there.
  std::unique_ptr<partition_feed> lease(const topic_partition& what, std::int64_t begin, std::function<void()> callback);
  void give_back(std::unique_ptr<partition_feed> feed);

  /// A feed that may have been full has room again. librdkafka notices only once a second by itself.
  void room_in(const partition_feed& feed);
  /// As many messages or bytes in a feed's queue stop its fetching.
  std::int64_t full_messages() const noexcept { return full_messages_; }
  std::int64_t full_bytes() const noexcept { return full_kbytes_ * 1024; }
  /// Calls the callback of every feed that is leased: something else has changed.
  void nudge();
  std::string last_connection_error() const;
  const std::string& servers() const { return servers_; }

 private:
  struct instance {
    std::shared_ptr<kafka_client> client;
    std::map<topic_partition, std::unique_ptr<partition_feed>> parked;
    std::set<topic_partition> leased;
  };
  struct lease_record {
    std::size_t instance;
    std::function<void()> callback;
  };
  rdkafka_conf conf() const;
  instance& free_instance(const topic_partition& what, std::int64_t begin, std::size_t& at);
  void serve(const std::stop_token& stop);
  void wake(const std::vector<std::pair<std::shared_ptr<kafka_client>, topic_partition>>& waiting) const;

  const kafka_settings settings_;
  const std::string servers_;
  const bool continuous_;
  std::int64_t full_messages_ = 0;
  std::int64_t full_kbytes_ = 0;
  mutable std::mutex mutex_;
  std::vector<instance> instances_;
  std::map<const partition_feed*, lease_record> leases_;
  std::vector<std::pair<std::shared_ptr<kafka_client>, topic_partition>> with_room_;
  std::condition_variable_any changed_;
  std::jthread server_;  ///< Last: ends before what it uses.
};

}  // namespace flow
