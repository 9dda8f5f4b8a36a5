#pragma once

#include "command/app.h"
#include "server/instance.h"
#include "server/mount.h"
#include "server/snapshot_facts.h"
#include "staging/request.h"

namespace dlpx {

struct SnapshotRequest {
  StagingAccess access;
  SnapshotMode mode = SnapshotMode::automatic;
  std::string name;  // of the dSource; empty: the one noted
};

// Makes the staging server safe to snapshot (design section 8) and writes snapshot.json. In mode hot the
// server and its replication go on; in quiesce the applier stands, in stop the server is down until
// postSnapshot(). Throws Error{replication} for a channel that is broken (unless forced), Error{unsafeClone}
// for files that a clone could not own, Error{timeout}; then all is as it was before, but for an applier that
// did not stop in time: it stops when its transaction is through, and the worker starts it.
Output preSnapshot(const SnapshotRequest& request);

// The snapshot has been taken, or has failed: puts back what preSnapshot changed, and returns the engine's
// snapshot object. Repeating it is fine.
Output postSnapshot(const StagingAccess& access);

// The first of hot, quiesce that is right, or the one that was asked for. Throws Error{preflight} for hot
// where it is not right.
struct ModeChoice {
  SnapshotMode mode;
  std::string reason;
};
ModeChoice chooseMode(SnapshotMode wanted, const SnapshotFacts& facts);

// What preSnapshot() checks before its first effect, and how it would go on.
ModeChoice checkForSnapshot(Session& session, const Instance& instance, const SnapshotRequest& request);

// True for a quarter of an hour after a quiescing preSnapshot() whose postSnapshot() has not come.
bool quiescedLately(const Mount& mount);

}  // namespace dlpx
