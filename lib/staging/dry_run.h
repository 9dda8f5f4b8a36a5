#pragma once

#include "command/app.h"
#include "staging/request.h"
#include "staging/resync.h"
#include "staging/snapshot.h"

namespace dlpx {

// The steps that the workflow of the same name would take now: --dry-run. Checked as the workflow checks
// before its first effect, with the same errors; nothing is changed, not even a lock file made.
StepList planInit(const StagingRequest& request);
StepList planResync(const StagingRequest& request, OpenSnapshot open = OpenSnapshot::refuses);
StepList planStart(const StagingAccess& access);
StepList planStop(const StagingAccess& access);
StepList planRemove(const StagingAccess& access);
StepList planPreSnapshot(const SnapshotRequest& request);
StepList planPostSnapshot(const StagingAccess& access);
StepList planReplicationStart(const StagingAccess& access);
StepList planReplicationStop(const StagingAccess& access);
StepList planWork(const StagingAccess& access);

}  // namespace dlpx
