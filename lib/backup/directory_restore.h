#pragma once

#include "backup/file_restore.h"

namespace dlpx {

// The program that restores a directory of mydumper or MySQL Shell: Error{installation} when it is not
// installed. Empty for backups of other kinds. For a preflight.
fs::path requireRestorer(const BackupFacts& backup);

// Restores one by it. Throws what requireRestorer() does, and Error{restore} with the program's words.
void restoreDirectory(const FileRestoreRequest& request);

}  // namespace dlpx
