#pragma once

#include "command/app.h"
#include "vdb/request.h"

namespace dlpx {

// Makes a VDB safe to snapshot and writes snapshot.json: hot while it runs (its binary log stays in the
// snapshot; dirty pages are written down before), as it is while it is stopped, and stopped until
// vdbPostSnapshot() when asked. Throws Error{unsafeClone} for files that a clone could not own.
Output vdbPreSnapshot(const VdbSnapshotRequest& request);

// The snapshot has been taken, or has failed: starts what vdbPreSnapshot() stopped, and returns the engine's
// snapshot object. Repeating it is fine.
Output vdbPostSnapshot(const VdbAccess& access);

}  // namespace dlpx
