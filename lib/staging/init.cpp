#include "staging/init.h"

#include "base/access.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/json_full.h"
#include "base/undo.h"
#include "server/kept_log.h"
#include "staging/build.h"
#include "staging/mount_use.h"
#include "staging/password_files.h"
#include "staging/replicate.h"
#include "staging/swap.h"

namespace dlpx {
namespace {

constexpr Seconds timeToClear(60);

// The mount is ours, locked, and empty but for the control directory.
Output build(const StagingRequest& request, const Plan& plan, const Mount& mount) {
  Journal journal = mount.journal("init");
  Undo undo;
  undo.add("staging on " + mount.root().string(), [&] {
    const InterruptShield shield;
    clearMount(mount, true, Deadline::in(timeToClear));
  });
  const BuiltStaging built = keepingErrorLog(mount, mount.root().filename(),
                                             [&] { return buildStaging(request, plan, mount, journal); });
  journal.step("publish");
  mergeFacts(mount.stateFile(), {{"staging", built.facts.json()}}, {0640, built.instance.owner()});
  notePasswordFiles(mount, request.passwordFiles, built.instance.owner());
  // Last: from here on the mount holds a complete staging server, and repeating the command only verifies it.
  journal.finish();
  undo.commit();
  return describe(built, false);
}

Output verify(const StagingRequest& request, const Mount& mount) {
  const Instance instance = requireSame(request, mount);
  const StagingFacts facts = StagingFacts::on(mount);
  instance.start({.deadline = Deadline::in(request.timeout)});
  Session session = instance.connect(request.adminUser, request.adminPassword);
  ChannelStatus channel;
  if (facts.replicates())
    channel = startReplication(session, facts, request.replicationUser, request.replicationPassword,
                               Deadline::in(request.timeout));
  notePasswordFiles(mount, request.passwordFiles, instance.owner());
  return describe({instance, facts, channel, {}}, true);
}

// The mount's directory and its lock, undone when the work never began.
FileLock takeMount(const Mount& mount, const std::string& operation, Undo& undo) {
  for (const fs::path& directory : missingDirectories(mount.root())) {
    undo.add("directory " + directory.string(), [directory] { fs::remove(directory); });
    makeDirectory(directory, {0755, std::nullopt});
  }
  const bool fresh = !mount.exists();
  FileLock lock = mount.lock(operation, Deadline::in(Milliseconds(0)));
  if (fresh) undo.add("control directory", [mount] { removeTree(mount.control()); });
  return lock;
}

// A kill between the facts and the journal's end left complete work behind.
void finishPublished(const Mount& mount) {
  const Journal::Unfinished unfinished = Journal::unfinished(mount.stateFile());
  if (unfinished.operation != "init" || unfinished.step != "publish") return;
  if (readFacts(mount.stateFile()).contains("staging")) mount.journal("init").finish();
}

}  // namespace

void refuseOthers(const StagingRequest& request) {
  const MountUse use = useOf(Mount(request.mount));
  if (use != MountUse::foreign && use != MountUse::vdb) return;
  throw Error(ExitCode::preflight,
              "mount " + request.mount.string() +
                  (use == MountUse::vdb ? " holds a VDB" : " is not empty and not ours"),
              "name an empty directory with --mount; nothing was changed");
}

Instance requireSame(const StagingRequest& request, const Mount& mount) {
  const Instance instance = requireStaging(mount);
  const StagingFacts facts = StagingFacts::on(mount);
  const bool same = facts.type == request.type && instance.facts().port == request.port &&
                    (facts.type == StagingType::manual || (facts.sourceHost == request.source.endpoint.host &&
                                                           facts.sourcePort == request.source.endpoint.port));
  if (same) return instance;
  throw Error(ExitCode::usage,
              "mount " + mount.root().string() + " holds a staging server with another source, type or port",
              "remove it first (dlpx-mysql-stage remove), or name another directory with --mount");
}

Output checkStaging(const StagingRequest& request) {
  Preflight table;
  preflight(request, table);
  table.throwIfFailed();
  return table.output();
}

Output initialiseStaging(const StagingRequest& request) {
  refuseOthers(request);
  const Mount mount(request.mount);
  Undo directories;
  const FileLock lock = takeMount(mount, "init", directories);
  finishPublished(mount);
  undoResync(mount, accessOf(request));
  if (useOf(mount) == MountUse::staging) return verify(request, mount);
  const FileLock beside = lockBeside(mount, "init");
  clearMount(mount, false, Deadline::in(timeToClear));
  const Plan plan = checkedPlan(request);
  const Output output = build(request, plan, mount);
  directories.commit();
  return output;
}

}  // namespace dlpx
