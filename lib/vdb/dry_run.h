#pragma once

#include "command/app.h"
#include "vdb/request.h"

namespace dlpx {

// The steps that the workflow of the same name would take now: --dry-run. Checked as the workflow checks
// before its first effect, with the same errors; nothing is changed, not even a lock file made.
StepList planProvision(const VdbRequest& request);
StepList planEnable(const VdbRequest& request);
StepList planCreateEmpty(const VdbRequest& request);
StepList planStartVdb(const VdbAccess& access);
StepList planStopVdb(const VdbAccess& access);
StepList planDisable(const VdbAccess& access);
StepList planRemoveVdb(const VdbAccess& access);
StepList planVdbPreSnapshot(const VdbSnapshotRequest& request);
StepList planVdbPostSnapshot(const VdbAccess& access);

}  // namespace dlpx
