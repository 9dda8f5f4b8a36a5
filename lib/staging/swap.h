#pragma once

#include "staging/build.h"

namespace dlpx {

// The last part of a resync: the complete server on mount.next() takes the place of the one on the mount.

// Stops both, lets their files change places by rename, and proves the new server, on its port, running with
// its replication. The mount's journal says how far it came. On an error the server that was there is back,
// in the state that it was in; after a kill undoResync() does that. Under the mount's lock and lockBeside().
BuiltStaging swapIn(const StagingRequest& request, const Plan& plan, BuiltStaging built);

// Puts back what a killed swap has begun to replace, running and replicating if it did; fine when there was
// none. Under the mount's lock.
void undoResync(const Mount& mount, const StagingAccess& access);

}  // namespace dlpx
