#include "server/vacancy.h"

namespace dlpx {

bool belongsToStorage(const fs::path& entry) {
  const fs::path name = entry.filename();
  return name == "lost+found" || name == ".zfs" || name == ".snapshot";
}

bool isVacant(const Mount& mount) {
  if (!fs::exists(mount.root())) return true;
  if (!fs::is_directory(mount.root())) return false;
  for (const auto& entry : fs::directory_iterator(mount.root())) {
    const bool onlyLocked = entry.path() == mount.control() && !fs::exists(mount.stateFile());
    if (!onlyLocked && !belongsToStorage(entry.path())) return false;
  }
  return true;
}

}  // namespace dlpx
