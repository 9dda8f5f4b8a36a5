#include "base/log_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "base/error.h"

namespace dlpx {

// The lock is on the file itself: whoever waited for it looks whether the file is still the one at the path.
// A file system that knows no locks is written to without.
class LogFile::Locked {
 public:
  explicit Locked(int fd) : fd_(fd) {
    while (flock(fd_, LOCK_EX) != 0 && errno == EINTR) continue;
  }
  ~Locked() { flock(fd_, LOCK_UN); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  int fd_;
};

LogFile::LogFile(fs::path path, uint64_t mostBytes, int kept)
    : path_(std::move(path)), mostBytes_(mostBytes), kept_(kept) {
  openAgain();
}

void LogFile::openAgain() {
  fd_ = openFile(path_, O_WRONLY | O_CREAT | O_APPEND, 0640);
}

void LogFile::write(std::string_view line) {
  while (!writtenToPresent(line)) {
    try {
      openAgain();
    } catch (const Error&) {
      return writeAll(fd_.get(), line, path_);
    }
  }
}

bool LogFile::writtenToPresent(std::string_view line) {
  const Locked lock(fd_.get());
  struct stat facts {};
  if (fstat(fd_.get(), &facts) != 0 || !isAtPath(facts)) return false;
  const auto size = static_cast<uint64_t>(facts.st_size);
  if (size > 0 && size + line.size() > mostBytes_ && rotate()) return false;
  writeAll(fd_.get(), line, path_);
  return true;
}

bool LogFile::isAtPath(const struct stat& file) const {
  struct stat there {};
  return stat(path_.c_str(), &there) == 0 && there.st_dev == file.st_dev && there.st_ino == file.st_ino;
}

// The present file goes last: until then the others find it locked at its path.
bool LogFile::rotate() {
  for (int number = kept_ - 1; number > 0; --number) rename(old(number).c_str(), old(number + 1).c_str());
  return rename(path_.c_str(), old(1).c_str()) == 0;
}

fs::path LogFile::old(int number) const {
  return path_.parent_path() /
         (path_.stem().string() + "." + std::to_string(number) + path_.extension().string());
}

}  // namespace dlpx
