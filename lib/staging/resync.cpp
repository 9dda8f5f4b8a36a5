#include "staging/resync.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/undo.h"
#include "server/kept_log.h"
#include "staging/build.h"
#include "staging/init.h"
#include "staging/mount_use.h"
#include "staging/open_snapshot.h"
#include "staging/swap.h"

namespace dlpx {
namespace {

constexpr Seconds timeToClear(60);

// The same server on a place of its own: only its socket listens, and to the source it is another replica.
StagingRequest beside(const StagingRequest& request, const Mount& next) {
  StagingRequest same = request;
  same.mount = next.root();
  same.port = 0;
  same.serverId = derivedServerId(next.root(), request.port);
  return same;
}

void undoWhatWasKilled(const Mount& mount, const StagingRequest& request, OpenSnapshot open) {
  const FileLock lock = mount.lock("resync", Deadline::in(Milliseconds(0)));
  if (open == OpenSnapshot::ends) noteSnapshotOver(mount, ownerOf(request.osUser));
  refuseOpenSnapshot(mount);
  undoResync(mount, accessOf(request));
  clearBeside(mount, Deadline::in(timeToClear));
}

// Of a swap that failed the new server's files are on mount.next() again.
BuiltStaging buildAndSwapIn(const StagingRequest& request, const Plan& plan, const Mount& mount) {
  const Mount next = mount.next();
  Journal journal = next.journal("resync");
  const BuiltStaging built = buildStaging(beside(request, next), plan, next, journal);
  journal.finish();
  // Whoever takes a snapshot of the old data now comes to an end first.
  const FileLock lock = lockBetweenSnapshots(mount, "resync", Deadline::in(request.timeout));
  return swapIn(request, plan, built);
}

}  // namespace

bool isResyncable(const Mount& mount) {
  return useOf(mount) == MountUse::staging || Journal::unfinished(mount.stateFile()).operation == "resync";
}

Output resyncStaging(const StagingRequest& request, OpenSnapshot open) {
  refuseOthers(request);
  const Mount mount(request.mount);
  if (!isResyncable(mount)) return initialiseStaging(request);
  const FileLock resync = lockBeside(mount, "resync");
  undoWhatWasKilled(mount, request, open);
  const Plan plan = checkedPlan(request);
  const Mount next = mount.next();
  Undo undo;
  undo.add("the new data", [&] {
    const InterruptShield shield;
    // What a swap could not put back is still there: the next command tries again.
    if (Journal::unfinished(mount.stateFile()).operation.empty())
      clearBeside(mount, Deadline::in(timeToClear));
  });
  makeDirectory(next.root(), {0750, ownerOf(request.osUser)});
  makeDirectory(next.control(), {0750, ownerOf(request.osUser)});
  const BuiltStaging swapped =
      keepingErrorLog(next, mount.root().filename(), [&] { return buildAndSwapIn(request, plan, mount); });
  undo.commit();
  clearBeside(mount, Deadline::in(timeToClear));
  return describe(swapped, false);
}

}  // namespace dlpx
