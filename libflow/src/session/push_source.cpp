#include "session/push_source.hpp"

#include <algorithm>
#include <limits>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "flow/error.hpp"

namespace flow {

namespace {

constexpr auto endless = std::numeric_limits<std::int64_t>::max();

/// A source's place among its channel's consumers, given up with the last reader.
class subscription {
 public:
  explicit subscription(std::shared_ptr<push_input::channel> channel)
      : channel_(std::move(channel)), who_(channel_->attach()) {}
  ~subscription() { channel_->detach(who_); }
  subscription(const subscription&) = delete;
  subscription& operator=(const subscription&) = delete;

  push_input::channel& rows() const { return *channel_; }
  push_input::channel::consumer_ref who() const { return who_; }

  void on_discoverable(std::function<void()> wake) {
    const std::lock_guard lock(channel_->mutex);
    who_->on_discoverable = std::move(wake);
  }
  using wake_ref = std::list<std::function<void()>>::iterator;
  wake_ref add_reader() {
    const std::lock_guard lock(channel_->mutex);
    return who_->on_available.insert(who_->on_available.end(), std::function<void()>());
  }
  void set_reader(wake_ref reader, std::function<void()> wake) {
    const std::lock_guard lock(channel_->mutex);
    *reader = std::move(wake);
  }
  void remove_reader(wake_ref reader) {
    const std::lock_guard lock(channel_->mutex);
    who_->on_available.erase(reader);
  }

 private:
  std::shared_ptr<push_input::channel> channel_;
  push_input::channel::consumer_ref who_;
};

class push_reader final : public split_reader {
 public:
  push_reader(std::shared_ptr<subscription> held, std::vector<int> columns, std::int64_t next, std::int64_t end)
      : held_(std::move(held)), columns_(std::move(columns)), next_(next), end_(end), wake_(held_->add_reader()) {
    all_columns_ = columns_.size() == static_cast<std::size_t>(held_->rows().schema->num_fields()) &&
                   std::is_sorted(columns_.begin(), columns_.end());
  }
  ~push_reader() override { held_->remove_reader(wake_); }

  read_status read(const read_budget& budget, batch& out) override {
    // Rows that nobody needed any more while this query did not run are passed over.
    next_ = std::max(next_, held_->rows().first_row());
    if (next_ >= end_) return read_status::end;
    const auto rows = held_->rows().read(next_, end_, budget);
    if (!rows) return end_ == endless ? read_status::idle : read_status::end;
    next_ += rows->num_rows();
    if (all_columns_) {
      out = rows;
      return read_status::rows;
    }
    auto selected = rows->SelectColumns(columns_);
    if (!selected.ok()) throw error(errc::unreadable_input, "columns of a push stream: " + selected.status().ToString());
    out = selected.MoveValueUnsafe();
    return read_status::rows;
  }
  nlohmann::json position() const override { return {{"next", next_}}; }
  void on_available(std::function<void()> callback) override { held_->set_reader(wake_, std::move(callback)); }

 private:
  std::shared_ptr<subscription> held_;
  std::vector<int> columns_;
  bool all_columns_ = false;  ///< As they were pushed.
  std::int64_t next_;
  std::int64_t end_;
  subscription::wake_ref wake_;
};

class push_source final : public source {
 public:
  explicit push_source(const std::shared_ptr<push_input::channel>& channel)
      : held_(std::make_shared<subscription>(channel)), schema_(channel->schema) {
    for (int i = 0; i < schema_->num_fields(); ++i) columns_.push_back(i);
  }

  schema_ptr schema() const override {
    arrow::FieldVector fields;
    for (const int column : columns_) fields.push_back(schema_->field(column));
    return arrow::schema(std::move(fields));
  }
  void set_continuous(bool continuous) override { continuous_ = continuous; }
  void project(const std::vector<int>& columns) override { columns_ = columns; }

  void restore(const nlohmann::json& position) override {
    given_ = is_own(position) ? position.at("next").get<std::int64_t>() : held_->rows().first_row();
    held_->rows().begin_at(held_->who(), given_);
  }

  std::vector<source_split> discover(const read_limit&) override {
    if (continuous_) {
      if (flowing_) return {};
      flowing_ = true;
      // From here on there is nothing to discover: whoever pushes wakes the reader alone.
      held_->on_discoverable({});
      return {{"push", {{"of", held_->rows().id}, {"begin", given_}}, false}};
    }
    const auto end = held_->rows().end_row();
    if (end <= given_) return {};
    const auto begin = std::exchange(given_, end);
    return {{"rows-" + std::to_string(begin), {{"of", held_->rows().id}, {"begin", begin}, {"end", end}}, true}};
  }

  void adopt(const std::vector<source_split>& planned) override {
    for (const auto& split : planned) {
      if (split.bounded && is_own(split.description))
        given_ = std::max(given_, split.description.at("end").get<std::int64_t>());
    }
  }

  nlohmann::json position(const std::vector<split_position>& unfinished) const override {
    auto next = given_;
    for (const auto& one : unfinished) {
      const auto& at = one.position.is_null() ? one.what.description.at("begin") : one.position.at("next");
      // The endless split runs ahead of what was given out; a range lies behind it.
      next = one.what.bounded ? std::min(next, at.get<std::int64_t>()) : at.get<std::int64_t>();
    }
    return {{"of", held_->rows().id}, {"next", next}};
  }

  void commit(const nlohmann::json& position) override {
    held_->rows().commit(held_->who(), position.at("next").get<std::int64_t>());
  }

  std::unique_ptr<split_reader> open(const source_split& what, const nlohmann::json& position) const override {
    // Rows that ended with their process are passed over.
    if (!is_own(what.description)) return std::make_unique<push_reader>(held_, columns_, 0, 0);
    const auto begin = (position.is_null() ? what.description.at("begin") : position.at("next")).get<std::int64_t>();
    const auto end = what.bounded ? what.description.at("end").get<std::int64_t>() : endless;
    return std::make_unique<push_reader>(held_, columns_, begin, end);
  }

  int reader_count() const override { return 1; }
  bool replayable() const override { return false; }
  // Whoever pushes says so; asking in between could see one of several inputs before its partner.
  duration poll_interval() const override { return minutes(60); }
  void on_discoverable(std::function<void()> callback) override { held_->on_discoverable(std::move(callback)); }
  nlohmann::json latest() const override { return {{"next", held_->rows().end_row()}}; }

 private:
  /// Whether the numbers of a position or a split are those of this channel's rows, not of one in a process that ended.
  bool is_own(const nlohmann::json& numbers) const {
    return numbers.is_object() && numbers.value("of", "") == held_->rows().id;
  }

  std::shared_ptr<subscription> held_;
  schema_ptr schema_;
  std::vector<int> columns_;
  std::int64_t given_ = 0;
  bool continuous_ = false;
  bool flowing_ = false;
};

}  // namespace

std::string push_source_provider::description() const { return "PushSource[" + to_ddl(*channel_->schema) + "]"; }

nlohmann::json push_source_provider::signature() const { return {{"format", "push"}, {"schema", to_ddl(*channel_->schema)}}; }

std::unique_ptr<source> push_source_provider::make(bool streaming) const {
  if (!streaming) throw error(errc::unsupported_plan, "a push stream has no end to be read to; use it as a stream");
  return std::make_unique<push_source>(channel_);
}

}  // namespace flow
