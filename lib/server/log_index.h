#pragma once

#include <string>
#include <vector>

#include "server/mount.h"

namespace dlpx {

// Index files of binary and relay logs list the files that a server opens, and deletes on RESET or purge. A
// clone carries its parent's, and entries may be absolute: such a clone would read and delete its parent's
// logs.

// Rewrites every *.index file in the mount's log and data directories so that each entry names, relative to
// the data directory, the file of that name that lies beside the index. Entries whose file is not there are
// dropped. Returns the entries that were changed, for a report. Never touches a log itself.
std::vector<std::string> rewriteLogIndexes(const Mount& mount);

// Throws Error{unsafeClone} that names the first entry that leads out of the mount.
void checkLogIndexes(const Mount& mount);

}  // namespace dlpx
