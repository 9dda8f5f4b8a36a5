#pragma once

#include <cstdint>

#include "base/files.h"

namespace dlpx {

// Bytes of the tree's files that no other file shares (FIEMAP, after writing the files down): what removing
// the tree would give back. Files of a kind without extents count nothing. Needs a file system that tells
// shared extents apart (btrfs, XFS).
uint64_t unsharedBytes(const fs::path& tree);

}  // namespace dlpx
