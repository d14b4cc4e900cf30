#include "sources/socket_source.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <thread>

#include <arrow/api.h>
#include <arrow/util/utf8.h>

#include "flow/clock.hpp"
#include "flow/error.hpp"
#include "sources/line_buffer.hpp"

namespace flow {
namespace {

constexpr std::size_t buffered_bytes = 64u << 20;
constexpr std::chrono::milliseconds poll_time{100};

struct socket_settings {
  std::string host;
  std::string port;
  bool timestamps = false;

  std::string address() const { return host + ":" + port; }
};

schema_ptr socket_schema(bool timestamps) {
  arrow::FieldVector fields{arrow::field("value", arrow::utf8())};
  if (timestamps) fields.push_back(arrow::field("timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")));
  return arrow::schema(std::move(fields));
}

[[noreturn]] void unreachable(const socket_settings& settings, const std::string& why) {
  throw error(errc::unreadable_input, "cannot connect to " + settings.address() + ": " + why +
                                          "; start a server there first, for example: nc -lk " + settings.port);
}

/// A connected socket, closed at the end.
class connection {
 public:
  explicit connection(const socket_settings& settings) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(settings.host.c_str(), settings.port.c_str(), &hints, &found); code != 0) {
      unreachable(settings, ::gai_strerror(code));
    }
    int failure = 0;
    for (auto* one = found; one != nullptr && socket_ < 0; one = one->ai_next) {
      socket_ = ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
      if (socket_ >= 0 && ::connect(socket_, one->ai_addr, one->ai_addrlen) == 0) break;
      failure = errno;
      if (socket_ >= 0) ::close(socket_);
      socket_ = -1;
    }
    ::freeaddrinfo(found);
    if (socket_ < 0) unreachable(settings, std::strerror(failure));
  }
  ~connection() {
    if (socket_ >= 0) ::close(socket_);
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Receives until the peer closes, or until stopped.
  void run(line_buffer& lines, const std::stop_token& stop) const {
    std::vector<char> bytes(64u << 10);
    while (!stop.stop_requested()) {
      pollfd waiting{socket_, POLLIN, 0};
      if (::poll(&waiting, 1, static_cast<int>(poll_time.count())) <= 0) continue;
      const auto count = ::recv(socket_, bytes.data(), bytes.size(), 0);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return lines.close(count == 0 ? "" : std::strerror(errno));
      if (!lines.receive({bytes.data(), static_cast<std::size_t>(count)}, system_now(), stop)) return;
    }
  }

 private:
  int socket_ = -1;
};

class socket_reader final : public split_reader {
 public:
  socket_reader(std::shared_ptr<const line_buffer> lines, const source_split& split, const nlohmann::json& position,
                schema_ptr schema, std::vector<int> columns, std::string address)
      : lines_(std::move(lines)),
        bounded_(split.bounded),
        next_(split.description.at("begin").get<std::int64_t>()),
        end_(split.description.at("end").get<std::int64_t>()),
        schema_(std::move(schema)),
        columns_(std::move(columns)),
        address_(std::move(address)) {
    if (!position.is_null()) next_ = position.at("next").get<std::int64_t>();
  }

  read_status read(const read_budget& budget, batch& out) override {
    out = nullptr;
    if (next_ >= end_) return read_status::end;
    const auto taken = lines_->take(next_, end_, static_cast<std::size_t>(budget.rows), poll_time);
    if (taken.empty()) {
      if (const auto why = lines_->failure(); !why.empty())
        throw error(errc::unreadable_input, "the connection to " + address_ + " broke: " + why);
      // Lines of an earlier run are gone.
      return bounded_ ? read_status::end : read_status::idle;
    }
    out = make_batch(taken);
    next_ += out->num_rows();
    return read_status::rows;
  }

  nlohmann::json position() const override { return {{"next", next_}}; }

 private:
  batch make_batch(const std::vector<line_buffer::line>& lines) const {
    arrow::StringBuilder values;
    arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool());
    auto status = arrow::Status::OK();
    for (const auto& line : lines) {
      arrow::util::InitializeUTF8();
      const bool valid = arrow::util::ValidateUTF8(line.text);
      status = status & values.Append(valid ? line.text : printable(line.text)) & times.Append(line.received.microseconds);
    }
    if (!status.ok()) throw error(errc::query_failed, status.message());
    const arrow::ArrayVector arrays{values.Finish().ValueOrDie(), times.Finish().ValueOrDie()};
    arrow::ArrayVector chosen;
    for (const int column : columns_) chosen.push_back(arrays[static_cast<std::size_t>(column)]);
    return arrow::RecordBatch::Make(schema_, static_cast<std::int64_t>(lines.size()), std::move(chosen));
  }

  static std::string printable(std::string text) {
    std::replace_if(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; }, '?');
    return text;
  }

  std::shared_ptr<const line_buffer> lines_;
  bool bounded_;
  std::int64_t next_, end_;
  schema_ptr schema_;
  std::vector<int> columns_;
  std::string address_;
};

class socket_source final : public source {
 public:
  explicit socket_source(socket_settings settings)
      : settings_(std::move(settings)), schema_(socket_schema(settings_.timestamps)) {
    for (int i = 0; i < schema_->num_fields(); ++i) columns_.push_back(i);
  }

  schema_ptr schema() const override { return schema_; }
  void project(const std::vector<int>& columns) override {
    const auto all = socket_schema(settings_.timestamps);
    arrow::FieldVector fields;
    for (const int i : columns) fields.push_back(all->field(i));
    columns_ = columns;
    schema_ = arrow::schema(std::move(fields));
  }
  void set_continuous(bool continuous) override { continuous_ = continuous; }

  void restore(const nlohmann::json& position) override {
    const auto first = position.is_null() ? std::int64_t{0} : position.at("end").get<std::int64_t>();
    given_ = first;
    lines_ = std::make_shared<line_buffer>(first, buffered_bytes);
    if (callback_) lines_->on_lines(callback_);
    auto peer = std::make_shared<connection>(settings_);
    receiver_ = std::jthread([lines = lines_, peer](const std::stop_token& stop) { peer->run(*lines, stop); });
  }

  std::vector<source_split> discover(const read_limit&) override {
    std::vector<source_split> out;
    if (continuous_) {
      if (!endless_given_) out.push_back(range(given_, std::numeric_limits<std::int64_t>::max(), false));
      endless_given_ = true;
      return out;
    }
    const auto end = lines_->end();
    if (end > given_) out.push_back(range(given_, end, true));
    given_ = std::max(given_, end);
    return out;
  }

  void adopt(const std::vector<source_split>& planned) override {
    for (const auto& split : planned) {
      if (split.bounded) given_ = std::max(given_, split.description.at("end").get<std::int64_t>());
    }
    // The planned lines ended with their connection; what this one receives is none of them.
    lines_->renumber(given_);
  }

  nlohmann::json position(const std::vector<split_position>& unfinished) const override {
    auto end = given_, safe = given_;
    for (const auto& one : unfinished) {
      const auto next = one.position.is_null() ? one.what.description.at("begin").get<std::int64_t>()
                                               : one.position.at("next").get<std::int64_t>();
      safe = one.what.bounded ? std::min(safe, next) : next;
      if (!one.what.bounded) end = next;
    }
    return {{"end", end}, {"safe", safe}};
  }

  void commit(const nlohmann::json& position) override {
    if (!position.is_null()) lines_->forget(position.at("safe").get<std::int64_t>());
  }

  std::unique_ptr<split_reader> open(const source_split& what, const nlohmann::json& position) const override {
    return std::make_unique<socket_reader>(lines_, what, position, schema_, columns_, settings_.address());
  }

  int reader_count() const override { return 1; }
  bool blocking() const override { return true; }
  bool replayable() const override { return false; }
  void on_discoverable(std::function<void()> callback) override {
    callback_ = std::move(callback);
    if (lines_ != nullptr) lines_->on_lines(callback_);
  }

 private:
  static source_split range(std::int64_t begin, std::int64_t end, bool bounded) {
    return {"socket-" + std::to_string(begin), {{"begin", begin}, {"end", end}}, bounded};
  }

  socket_settings settings_;
  schema_ptr schema_;
  std::vector<int> columns_;
  bool continuous_ = false;
  bool endless_given_ = false;
  std::int64_t given_ = 0;
  std::function<void()> callback_;
  std::shared_ptr<line_buffer> lines_;
  std::jthread receiver_;
};

class socket_provider final : public source_provider {
 public:
  explicit socket_provider(socket_settings settings) : settings_(std::move(settings)) {}
  std::string description() const override { return "SocketSource[" + settings_.address() + "]"; }
  nlohmann::json signature() const override { return {{"source", "socket"}, {"address", settings_.address()}}; }
  schema_ptr schema() const override { return socket_schema(settings_.timestamps); }
  std::unique_ptr<source> make(bool) const override { return std::make_unique<socket_source>(settings_); }

 private:
  socket_settings settings_;
};

}  // namespace

source_provider_ptr make_socket_provider(const source_request& request) {
  socket_settings settings;
  settings.host = request.options.required("host", "the machine that sends lines");
  request.options.required("port", "the TCP port that sends lines");
  settings.port = std::to_string(request.options.integer("port", 0, 1, 65535));
  settings.timestamps = request.options.boolean("includeTimestamp", false);
  request.options.finish("format \"socket\"");
  if (request.schema != nullptr)
    throw error(errc::invalid_argument, "format \"socket\" has the fixed column value; take .schema(...) away");
  if (!request.streaming) throw error(errc::invalid_argument, "format \"socket\" is a stream without end: use read_stream()");
  return std::make_shared<socket_provider>(std::move(settings));
}

}  // namespace flow
