#pragma once

#include <cstdint>
#include <filesystem>

namespace flow {

/// Looks at an LMDB file's pages before LMDB trusts them: it follows page numbers and offsets without asking where they lead,
/// so that a flipped byte would end the process or show a different table. Values are not looked at, they carry checksums.
///
/// Meta pages: sizes, flags and transaction numbers. Trees: numbers, kinds and bounds of pages, nodes side by side, keys in
/// order, counts as promised, no page in two places or both used and free. File layout of LMDB 0.9 (data format 1).
/// @throws error{checkpoint_corrupt} with the page and what is wrong with it; error{storage_failed}.
///
/// Only what is needed to map the file, which somebody may be writing.
void check_meta_pages(const std::filesystem::path& file);
/// Everything that the newest transaction and the one before refer to. Nobody writes.
void check_pages(const std::filesystem::path& file);
/// Everything that transaction `number` refers to, which a reader keeps from being overwritten.
void check_snapshot(const std::filesystem::path& file, std::uint64_t number);

}  // namespace flow
