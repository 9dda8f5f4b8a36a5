#pragma once

#include <string>

#include "base/deadline.h"
#include "base/files.h"

namespace dlpx {

// A flock(2) on a file: it goes with its process, however that ends, and is never stale. The file holds the
// holder's pid and operation for the message of those who wait; it stays behind, empty, when the lock is
// released.
class FileLock {
 public:
  // Throws Error{locked} that names the holder when another process holds it until the deadline.
  static FileLock acquire(const fs::path& file, const std::string& operation, const Deadline& deadline);

  FileLock(FileLock&&) = default;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace dlpx
