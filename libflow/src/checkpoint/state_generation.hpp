#pragma once

#include <filesystem>

/// Where the environment of a checkpoint lies. `DIR/state.lmdb` is the file itself, or after a takeover a link to
/// `state-N.lmdb`: the successor works on a copy, because the process before may have frozen within LMDB's writer lock, and
/// switches the link at once.
namespace flow {

inline constexpr const char* state_file = "state.lmdb";

/// The file that holds the newest state; it need not exist yet.
std::filesystem::path current_state_file(const std::filesystem::path& dir);

/// Copies the state to a new file and makes that one the current. The owner before may be alive, but must have been refused:
/// it can then finish the transaction it is in and no other, which leaves the pages of the copied one alone. Takes no lock
/// that it might hold. @throws error{storage_failed}, error{checkpoint_corrupt}.
void renew_state_file(const std::filesystem::path& dir);

/// Removes what former generations left. For the owner.
void remove_former_state_files(const std::filesystem::path& dir);

/// So that files just made or renamed in it survive a power cut. @throws error{storage_failed}.
void sync_directory_of_state(const std::filesystem::path& dir);

}  // namespace flow
