#pragma once

#include "backup/kind.h"

namespace dlpx {

// True for a directory that is no backup itself but may hold some.
bool holdsBackups(const fs::path& path);

struct NewestBackup {
  BackupFacts facts;
  std::vector<std::string> skipped;  // a newer one each, and why it was not taken
};

// The newest backup in the directory, by the last change of its files, that requireBackup() accepts for a
// server of that version; its subdirectories are not searched further. Hidden files do not count. Throws
// Error{providedBackup} that names what was skipped when none is left.
NewestBackup newestBackup(const fs::path& directory, const Version& target);

}  // namespace dlpx
