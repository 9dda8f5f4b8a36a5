#include "base/rename.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdio>

#include "base/error.h"

namespace dlpx {

void renameNew(const fs::path& from, const fs::path& to) {
  int failure = renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
  if (failure == EINVAL || failure == ENOSYS) {  // not known to every file system: NFS, for one
    failure = fs::exists(fs::symlink_status(to)) ? EEXIST : 0;
    if (failure == 0 && rename(from.c_str(), to.c_str()) != 0) failure = errno;
  }
  if (failure != 0) throw systemError(ExitCode::storage, "cannot rename to " + to.string(), failure);
  syncPath(fs::absolute(to).parent_path());
}

}  // namespace dlpx
