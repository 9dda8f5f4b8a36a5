#include "staging/mount_use.h"

#include "base/error.h"
#include "base/json_full.h"
#include "server/keyring.h"
#include "server/registry.h"
#include "server/vacancy.h"

namespace dlpx {
MountUse useOf(const Mount& mount) {
  std::error_code error;
  const auto kind = fs::status(mount.root(), error).type();
  if (kind == fs::file_type::not_found) return MountUse::missing;
  if (kind != fs::file_type::directory) return MountUse::foreign;
  if (isVacant(mount)) return MountUse::empty;
  // A lock alone does not make a directory ours, and what is in it our unfinished work.
  if (!fs::exists(mount.stateFile())) return MountUse::foreign;
  const Json facts = readFacts(mount.stateFile());
  if (const auto instance = Instance::on(mount); instance && instance->facts().role != "staging")
    return MountUse::vdb;
  const bool complete = facts.contains("staging") && Journal::unfinished(mount.stateFile()).operation.empty();
  return complete ? MountUse::staging : MountUse::unfinished;
}

Instance requireStaging(const Mount& mount) {
  switch (useOf(mount)) {
    case MountUse::staging:
      return Instance::require(mount);
    case MountUse::unfinished: {
      mount.lock("look", Deadline::in(Milliseconds(0)));  // or throws: it is at work on it
      const std::string operation = Journal::unfinished(mount.stateFile()).operation;
      throw Error(ExitCode::usage,
                  "the staging server on " + mount.root().string() + " is not complete" +
                      (operation.empty() ? "" : ": '" + operation + "' did not come to its end"),
                  operation == "resync"
                      ? "repeat that command, or put back what was there: dlpx-mysql-stage start"
                      : "repeat that command: it finishes or undoes what was begun");
    }
    case MountUse::vdb:
      throw Error(ExitCode::usage, "mount " + mount.root().string() + " holds a VDB, not a staging server",
                  "use dlpx-mysql-vdb for it, or name the right directory with --mount");
    default:
      throw Error(ExitCode::usage, "no staging server on mount " + mount.root().string(),
                  "name the right directory with --mount, or create one: dlpx-mysql-stage init");
  }
}

FileLock lockBeside(const Mount& mount, const std::string& operation) {
  return FileLock::acquire(mount.control() / "next.lock", operation, Deadline::in(Milliseconds(0)));
}

void clearBeside(const Mount& mount, const Deadline& deadline) {
  if (fs::exists(mount.next().root())) {
    clearMount(mount.next(), true, deadline);
    removeTree(mount.next().root());
  }
  removeTree(mount.previous().root());
}

void clearMount(const Mount& mount, bool controlToo, const Deadline& deadline) {
  if (const auto instance = Instance::on(mount)) {
    instance->stop(deadline, true);
    mergeFacts(mount.stateFile(), {{"staging", nullptr}}, {0640, ownerOf(mount.control())});
    registry::forget(instance->facts().port, mount.root());
    removeKeyring(mount, instance->facts());
  }
  clearBeside(mount, deadline);
  for (const fs::path& made : {mount.data(), mount.log(), mount.tmp()}) removeTree(made);
  for (const fs::path& made : {mount.optionFile(), mount.pidFile(), mount.errorLog(), mount.snapshotFile(),
                               mount.socket(), fs::path(mount.socket().string() + ".lock")}) {
    fs::remove(made);
  }
  if (mount.socket().parent_path() != mount.root()) removeTree(mount.socket().parent_path());
  if (controlToo) {
    removeTree(mount.control());
  } else if (fs::exists(mount.stateFile())) {
    // The facts go last: until then a repeat finds the server by them.
    for (const char* fact : {"instance", "changedVariables", "quiesced", "openSnapshot", "lastReplication"})
      mergeFacts(mount.stateFile(), {{fact, nullptr}}, {0640, ownerOf(mount.control())});
  }
}

}  // namespace dlpx
