#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "server/mount.h"

namespace dlpx {

// With less on its file system a server's next writes fail, or wait for room: up to a minute each, for its
// redo log without end.
constexpr uint64_t leastRoom = 64ULL << 20;

// While it lives, a server of no worth yet is made on the mount. Where that leaves less than leastRoom, the
// server is ended at once, by SIGKILL: what serves beside it on the same file system keeps room to go on,
// and whoever waits for the half-made server gets its error.
class RoomWatch {
 public:
  explicit RoomWatch(const Mount& mount);
  ~RoomWatch();
  RoomWatch(const RoomWatch&) = delete;
  RoomWatch& operator=(const RoomWatch&) = delete;

  // Throws Error{noSpace} when the room has run out.
  void require() const;
  // The same in place of a failure of the work, whose words it holds.
  void requireFor(const Error& failure) const;

 private:
  void watch();

  const Mount mount_;
  std::atomic<bool> ranOut_{false};
  std::mutex mutex_;
  std::condition_variable ends_;
  bool ended_ = false;
  std::thread watcher_;
};

}  // namespace dlpx
