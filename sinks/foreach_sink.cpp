#include "flow/foreach_sink.hpp"

#include <string>
#include <utility>

#include "flow/error.hpp"

namespace flow {

namespace {

// The user's function. An error of its own keeps its code: whoever wrote it knows what has happened.
template <class Call>
void call_user(const char* what, const Call& call) {
  try {
    call();
  } catch (const std::exception& e) {
    const auto* own = dynamic_cast<const error*>(&e);
    if (own && own->code() == errc::restart_required) throw;
    throw error(own ? own->code() : errc::query_failed, std::string("the function given to ") + what + " failed: " + e.what());
  } catch (...) {
    throw error(errc::query_failed,
                std::string("the function given to ") + what + " threw something that is no std::exception");
  }
}

class foreach_sink final : public sink {
 public:
  explicit foreach_sink(std::function<void(const batch&)> fn) : fn_(std::move(fn)) {}

  void open(const sink_context&) override {}
  void write(epoch, const batch& rows) override {
    if (rows->num_rows() == 0) return;
    call_user("foreach", [&] { fn_(rows); });
  }
  nlohmann::json prepare(epoch) override { return nullptr; }
  bool overlaps() const override { return true; }
  bool blocking() const override { return false; }
  std::string description() const override { return "ForeachSink"; }

 private:
  std::function<void(const batch&)> fn_;
};

class foreach_batch_sink final : public sink {
 public:
  explicit foreach_batch_sink(std::function<void(std::vector<batch>, epoch)> fn) : fn_(std::move(fn)) {}

  void open(const sink_context&) override {}
  void write(epoch, const batch& rows) override {
    if (rows->num_rows() > 0) rows_.push_back(rows);
  }
  nlohmann::json prepare(epoch e) override {
    call_user("foreach_batch", [&] { fn_(std::exchange(rows_, {}), e); });
    return nullptr;
  }
  void close() override { rows_.clear(); }
  std::string description() const override { return "ForeachBatchSink"; }

 private:
  std::function<void(std::vector<batch>, epoch)> fn_;
  std::vector<batch> rows_;
};

// A sink made of nothing but a function; takes every mode and schema.
template <class Sink, class Function>
class function_sink_provider final : public sink_provider {
 public:
  function_sink_provider(Function fn, std::string format) : fn_(std::move(fn)), format_(std::move(format)) {
    if (!fn_) throw error(errc::invalid_argument, format_ + " was given an empty function");
  }

  std::string description() const override { return make()->description(); }
  nlohmann::json signature() const override { return {{"format", format_}}; }
  void check(const arrow::Schema&, output_mode) const override {}
  std::unique_ptr<sink> make() const override { return std::make_unique<Sink>(fn_); }

 private:
  Function fn_;
  std::string format_;
};

}  // namespace

sink_provider_ptr make_foreach_sink(std::function<void(const batch&)> fn) {
  return std::make_shared<function_sink_provider<foreach_sink, decltype(fn)>>(std::move(fn), "foreach");
}

sink_provider_ptr make_foreach_batch_sink(std::function<void(std::vector<batch> rows, epoch e)> fn) {
  return std::make_shared<function_sink_provider<foreach_batch_sink, decltype(fn)>>(std::move(fn), "foreach_batch");
}

}  // namespace flow
