#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flow/checkpoint.hpp"
#include "flow/error.hpp"
#include "flow/row_codec.hpp"

namespace flow::testing {

/// A directory that is gone after the test.
class temporary_directory {
 public:
  temporary_directory();
  ~temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What is to be found in a state; the standard library's word against the store's.
using model = std::map<std::string, std::string>;
/// Puts, and erases where there is no value.
using changes = std::map<std::string, std::optional<std::string>>;

void play(const changes& what, model& to);
/// The part of `what` that instance i of `parallelism` owns, as an unsorted delta each.
std::vector<instance_delta> deltas_of(const changes& what, const std::string& uid, std::uint32_t parallelism);
std::shared_ptr<state_delta> delta_of(const changes& what);
model contents(const state_view& state);
/// The union of all instances' views.
model contents(checkpoint_store& store, const std::string& uid, std::uint32_t parallelism, epoch at);

epoch_record record_of(std::uint64_t number);

/// What epoch number `e` of the model query changes, and what all epochs up to it amount to.
changes changes_of_epoch(std::uint64_t e, int keys = 400, int touched = 120);
model model_at(std::uint64_t e);

/// Runs `action` and gives the code and message of the error it ends with.
struct failure {
  errc code = errc::invalid_argument;
  std::string message;
};
template <class Action>
std::optional<failure> failure_of(Action action) {
  try {
    action();
  } catch (const error& e) {
    return failure{e.code(), e.what()};
  }
  return std::nullopt;
}

}  // namespace flow::testing
