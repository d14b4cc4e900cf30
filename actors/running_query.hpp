#pragma once

#include <mutex>

#include "actors/protocols.hpp"
#include "actors/query_launch.hpp"

namespace flow {

/// The user's handle on a query: sends its supervisor wishes and reads its board. Outlives the engine safely.
class running_query : public streaming_query {
 public:
  explicit running_query(const query_launch& launch);

  /// Whom to send wishes to; forgotten when the query has ended.
  void attach(supervisor_handle supervisor);
  void detach();

  std::string id() const override { return id_; }
  std::string run_id() const override { return board_->run_id(); }
  std::string name() const override { return name_; }
  bool is_active() const override { return !board_->ended(); }
  query_status status() const override { return board_->status(); }
  nlohmann::json last_progress() const override { return board_->last_progress(); }
  std::vector<nlohmann::json> recent_progress() const override { return board_->recent_progress(); }
  std::optional<error> exception() const override { return board_->failure(); }
  void stop() override;
  void await_termination() override;
  bool await_termination(std::chrono::milliseconds timeout) override;
  void process_all_available() override;
  std::string explain() const override { return plan_text_; }

 private:
  template <class Message>
  bool tell(Message message);
  void rethrow() const;
  void refuse_within_callback(const char* call) const;

  std::string id_, name_, plan_text_;
  std::shared_ptr<query_board> board_;
  std::mutex mutex_;
  supervisor_handle supervisor_;
};

}  // namespace flow
