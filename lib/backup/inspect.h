#pragma once

#include "backup/kind.h"
#include "base/error.h"

namespace dlpx {

// What a backup is, by its content, without restoring it. Memory stays at a few MB whatever its size: of a
// plain SQL file the head and the tail are read, a compressed one is streamed whole, for only its end tells
// whether it is complete. Throws Error{providedBackup} when the path is no backup of a known kind. An
// incomplete backup is described, not refused.
BackupFacts inspectBackup(const fs::path& path);

// What is thrown for a file or directory of a backup that cannot be read.
Error unreadableBackup(const fs::path& path, const std::string& why);

// The same; Error{providedBackup} for a backup that is not complete, cannot be told to be (unless
// `trustUnknown`), or is of a server that `target` cannot take the data of.
BackupFacts requireBackup(const fs::path& path, const Version& target, bool trustUnknown = false);

// For requireBackup(): why a server of version `target` cannot take this backup; empty when it can.
std::string versionProblem(const BackupFacts& facts, const Version& target);

// The two halves of inspectBackup(). `path` is a directory with something of a backup in it.
BackupFacts inspectDirectory(const fs::path& path);
BackupFacts inspectFile(const fs::path& path);

}  // namespace dlpx
