#include "support/pool_storage.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <fstream>

#include "base/error.h"
#include "base/secret.h"
#include "base/text.h"
#include "process/command.h"
#include "support/zfs_service.h"

namespace dlpx::test {

void tool(const std::vector<std::string>& argv) {
  Command command;
  command.argv = argv;
  runChecked(command, ExitCode::storage, "test set-up");
}

PoolStorage::PoolStorage(const std::string& kind) {
  config_.name = "test";
  config_.id = randomHex(8);
  config_.kind = poolKindOf(kind);
  config_.root = scratch_ / "pool";
  if (isZfs()) ZfsService::start();
  if (kind == "btrfs" || isZfs()) {
    config_.image = scratch_ / "pool.img";
    config_.imageBytes = bytes;
    return;
  }
  config_.root = scratch_ / "small" / "pool";
  std::ofstream(scratch_ / "small.img").close();
  fs::resize_file(scratch_ / "small.img", bytes);
  makeDirectory(scratch_ / "small", {0755, std::nullopt});
  tool({kind == "reflink" ? "mkfs.btrfs" : "mkfs.ext4", "-q", scratch_ / "small.img"});
  mountSmall();
}

// The loop device of an image goes with its mount.
PoolStorage::~PoolStorage() {
  ZfsService::destroyPools(scratch_.path());
  umount2(mountPoint().c_str(), MNT_DETACH);
}

PoolRequest PoolStorage::request() const {
  PoolRequest request;
  request.name = config_.name;
  request.kind = config_.kind;
  request.directory = config_.root;
  if (!config_.image.empty()) request.image = config_.image;
  request.imageBytes = config_.imageBytes;
  return request;
}

fs::path PoolStorage::mountPoint() const {
  return config_.image.empty() ? scratch_ / "small" : config_.root;
}

void PoolStorage::mountSmall() const {
  tool({"mount", "-o", "loop", scratch_ / "small.img", scratch_ / "small"});
}

std::string PoolStorage::zfsBase() const {
  Command list;
  list.argv = {"zfs", "list", "-H", "-d", "0", "-o", "name,mountpoint"};
  for (const std::string& line : split(run(list).out, '\n')) {
    const std::vector<std::string> fields = split(line, '\t');
    if (fields.size() == 2 && fields[1] == config_.root) return fields[0];
  }
  return "";
}

void PoolStorage::makeReadOnly() const {
  if (isZfs()) return tool({"zfs", "set", "readonly=on", zfsBase()});
  tool({"mount", "-o", "remount,ro", mountPoint()});
}

void PoolStorage::makeWritable() const {
  if (isZfs()) return tool({"zfs", "set", "readonly=off", zfsBase()});
  tool({"mount", "-o", "remount,rw", mountPoint()});
}

void PoolStorage::takeAway() const {
  tool(isZfs() ? std::vector<std::string>{"zpool", "export", zfsBase()}
               : std::vector<std::string>{"umount", mountPoint()});
  if (!config_.image.empty()) fs::rename(config_.image, scratch_ / "lost.img");
}

void PoolStorage::giveBack() const {
  if (config_.image.empty()) return mountSmall();
  fs::rename(scratch_ / "lost.img", config_.image);
}

void PoolStorage::fill() const {
  if (isZfs()) {  // zfs-fuse ends when a write finds no room, so the room is only promised to another
    Command free;
    free.argv = {"zfs", "get", "-Hp", "-o", "value", "available", zfsBase()};
    const std::string most = std::to_string(std::stoull(run(free).out) - 30 * kMegabyte);
    return tool(
        {"zfs", "create", "-o", "mountpoint=none", "-o", "reservation=" + most, zfsBase() + "/filler"});
  }
  const UniqueFd file = openFile(config_.root / "filler", O_WRONLY | O_CREAT, 0600);
  const auto pool = openPool(config_);
  for (uint64_t done = 0; pool->usage().freeBytes > 30 * kMegabyte; done += kMegabyte) {
    if (posix_fallocate(file.get(), static_cast<off_t>(done), kMegabyte) != 0) return;
  }
}

void PoolStorage::drain() const {
  if (isZfs()) return tool({"zfs", "destroy", zfsBase() + "/filler"});
  removeTree(config_.root / "filler");
  const auto pool = openPool(config_);
  const bool drained = waitUntil(Deadline::in(Seconds(20)), [&] {
    syncFileSystem(config_.root);  // btrfs gives space back with its next commit
    return pool->usage().freeBytes > 100 * kMegabyte;
  });
  if (!drained) throw Error(ExitCode::storage, "test set-up: the pool stays full");
}

}  // namespace dlpx::test
