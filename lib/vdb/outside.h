#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/mount.h"

namespace dlpx {

// Looks, before any server starts on a clone, for a way by which it could open a file that is not its own:
// symbolic links, *.isl files (5.7's pointers to tablespaces elsewhere), and tablespaces that the data
// dictionary places outside the mount. Throws Error{unsafeClone} naming the first. A tablespace whose outside
// file does not exist on this host is no danger (a row of a dropped table may still stand in the dictionary's
// pages); whether the server misses it is checked once it runs.
void refuseOutsidePaths(const Mount& mount);

// Paths of tablespace files (*.ibd, *.ibu, undo_NNN) in the dictionary's pages that are absolute or lead
// upwards, each once. Public for tests.
std::vector<std::string> outsideNames(std::string_view pages);

}  // namespace dlpx
