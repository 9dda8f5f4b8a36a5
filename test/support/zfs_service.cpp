#include "support/zfs_service.h"

#include <stdexcept>

#include "base/text.h"

namespace dlpx::test {
namespace {

bool started = false;

bool answers() {
  Command command;
  command.argv = {"zpool", "list"};
  return run(command).ok();
}

}  // namespace

void ZfsService::start() {
  static const ZfsService service;  // zfs-fuse takes 3 s to end: once is enough
  started = true;
}

void ZfsService::destroyPools(const fs::path& below) noexcept {
  if (!started) return;
  try {
    Command list;
    list.argv = {"zfs", "list", "-H", "-d", "0", "-o", "name,mountpoint"};
    for (const std::string& line : split(run(list).out, '\n')) {
      const std::vector<std::string> fields = split(line, '\t');
      if (fields.size() != 2 || !startsWith(fields[1], below.string())) continue;
      Command destroy;
      destroy.argv = {"zpool", "destroy", "-f", fields[0]};
      run(destroy);
    }
  } catch (const std::exception&) {  // the daemon goes, and with it what it serves
  }
}

ZfsService::ZfsService()
    : lock_(FileLock::acquire("/run/dlpx-mysql-test-zfs.lock", "a test", Deadline::in(Seconds(300)))) {
  if (answers()) return;
  Command command;
  command.argv = {"setpriv", "--pdeathsig", "TERM", "zfs-fuse", "--no-daemon", "--no-kstat-mount"};
  daemon_.emplace(command, Child::Pipes::input);
  if (waitUntil(Deadline::in(Seconds(30)), answers)) return;
  throw std::runtime_error("zfs-fuse does not serve ZFS: " + daemon_->errorOutput());
}

}  // namespace dlpx::test
