#pragma once

#include "server/mount.h"

namespace dlpx {

// What a file system or a storage keeps in its root for itself, by name.
bool belongsToStorage(const fs::path& entry);

// Nothing is lost when the mount is made an instance's: there is nothing, not even a directory, or nothing
// but what belongs to the storage and a control directory in which no workflow has noted anything.
// (Mount::lock() makes one, in whatever directory a command was told.)
bool isVacant(const Mount& mount);

}  // namespace dlpx
