#pragma once

#include <optional>

#include "base/files.h"
#include "base/lock.h"
#include "process/command.h"

namespace dlpx::test {

// ZFS on this machine: what is there already, or a zfs-fuse of ours that goes with the test program, also
// when that is killed. There can be one on a machine only, so test programs wait for each other.
class ZfsService {
 public:
  static void start();
  // Those that are mounted below a directory. Nothing where this program has not started the service.
  static void destroyPools(const fs::path& below) noexcept;

 private:
  ZfsService();

  FileLock lock_;
  std::optional<Child> daemon_;
};

}  // namespace dlpx::test
