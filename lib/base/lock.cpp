#include "base/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {

FileLock FileLock::acquire(const fs::path& file, const std::string& operation, const Deadline& deadline) {
  UniqueFd fd = openFile(file, O_RDWR | O_CREAT | O_NOFOLLOW, 0644);
  const bool taken = waitUntil(deadline, [&] {
    if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) {
      throw systemError(ExitCode::storage, "cannot lock " + file.string(), errno);
    }
    return false;
  });
  if (!taken) {
    const std::string holder = trim(readFileIfThere(file).value_or(""));
    throw Error(ExitCode::locked,
                file.string() + " is locked by " + (holder.empty() ? "another process" : holder),
                "wait until that operation has ended, then repeat the command");
  }
  const std::string holder =
      "'" + operation + "', pid " + std::to_string(getpid()) + ", since " + utcNow() + "\n";
  if (ftruncate(fd.get(), 0) != 0)
    throw systemError(ExitCode::storage, "cannot write " + file.string(), errno);
  writeAll(fd.get(), holder, file);
  return FileLock(std::move(fd));
}

FileLock::~FileLock() {
  // A leftover holder line would only mislead; the lock itself goes with the descriptor.
  if (fd_ && ftruncate(fd_.get(), 0) != 0) return;
}

}  // namespace dlpx
