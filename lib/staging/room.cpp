#include "staging/room.h"

#include "base/deadline.h"
#include "base/log.h"
#include "server/instance.h"

namespace dlpx {
namespace {

constexpr Milliseconds pause(100);
constexpr Seconds timeToEnd(10);

// Also the one that is started next: the work goes on until something of it fails.
void endServer(const Mount& mount) {
  const auto instance = Instance::on(mount);
  const auto server = instance ? instance->process() : std::nullopt;
  if (!server) return;
  log::warning("the disk of " + mount.root().string() + " is nearly full: ending the half-made server, pid " +
               std::to_string(server->pid));
  killProcess(*server, Deadline::in(timeToEnd));
}

Error fullBefore(const Mount& mount, const std::string& said) {
  return Error(ExitCode::noSpace,
               "the disk of " + mount.root().string() + " was full before the new data was complete" + said,
               "give that file system more space, then repeat the command");
}

}  // namespace

RoomWatch::RoomWatch(const Mount& mount) : mount_(mount), watcher_([this] { watch(); }) {}

RoomWatch::~RoomWatch() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ends_.notify_one();
  watcher_.join();
}

void RoomWatch::watch() {
  std::unique_lock lock(mutex_);
  while (!ends_.wait_for(lock, pause, [&] { return ended_; })) {
    try {
      if (!ranOut_ && freeBytes(mount_.root()) >= leastRoom) continue;
      ranOut_ = true;
      endServer(mount_);
    } catch (const std::exception& e) {
      log::debug(std::string("the room on the disk cannot be watched: ") + e.what());
    }
  }
}

void RoomWatch::require() const {
  if (ranOut_) throw fullBefore(mount_, "");
}

void RoomWatch::requireFor(const Error& failure) const {
  if (failure.code() == ExitCode::noSpace || failure.code() == ExitCode::interrupted) return;
  if (ranOut_ || freeBytes(mount_.root()) < leastRoom)
    throw fullBefore(mount_, std::string(": ") + failure.what());
}

}  // namespace dlpx
