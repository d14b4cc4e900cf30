#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace flow {

/// The offsets of a time zone from UTC over time: fixed, or read from the system's zone files (RFC 8536). Immutable.
class time_zone {
 public:
  struct change {
    std::int64_t at = 0;      ///< Seconds since 1970, UTC.
    std::int32_t offset = 0;  ///< Seconds east of UTC from then on.
  };

  explicit time_zone(std::int32_t offset) : first_(offset) {}
  time_zone(std::int32_t first, std::vector<change> changes) : first_(first), changes_(std::move(changes)) {}

  /// Microseconds of the zone's wall clock at a UTC time.
  std::int64_t from_utc(std::int64_t micros) const;
  /// The UTC time of a wall clock time: the earlier offset where it is twice, moved forward where it does not exist.
  std::int64_t to_utc(std::int64_t micros) const;

 private:
  std::int32_t offset_at(std::int64_t seconds) const;

  std::int32_t first_ = 0;
  std::vector<change> changes_;
};

/// "UTC", "Z", "+02:00", "GMT+2", "Europe/Paris"; null if there is no such zone.
std::shared_ptr<const time_zone> find_time_zone(std::string_view name);

}  // namespace flow
