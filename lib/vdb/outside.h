#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mysql/version.h"
#include "server/mount.h"

namespace dlpx {

// Looks, before any server starts on a clone, for a way by which it could open a file that is not its own:
// symbolic links, *.isl files (5.7's pointers to tablespaces elsewhere), and tablespaces that the data
// dictionary, or the redo log that recovery will read, places outside the mount. Throws Error{unsafeClone}
// naming the first. A tablespace whose outside file does not exist on this host is no danger (a row of a
// dropped table may still stand in the dictionary's pages); whether the server misses it is checked once it
// runs.
void refuseOutsidePaths(const Mount& mount);

// What a server would make anew, or look for at the parent's, when it is not here: the system tablespace (by
// the parent's innodb_data_file_path; "" is the default), the redo log, the undo tablespaces. Throws
// Error{unsafeClone} naming what is missing.
void refuseFilesElsewhere(const Mount& mount, const Version& version, const std::string& dataFilePath);

// Paths of tablespace files (*.ibd, *.ibu, undo_NNN) in the dictionary's pages that are absolute or lead
// upwards, each once; those that end within the first `seen` bytes are left out. Public for tests.
std::vector<std::string> outsideNames(std::string_view pages, size_t seen = 0);

// What a redo log file says, without the headers and trailers of its blocks of 512 bytes. Public for tests.
std::string redoPayload(std::string_view blocks);

}  // namespace dlpx
