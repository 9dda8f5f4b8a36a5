#pragma once

#include "command/app.h"
#include "server/instance.h"
#include "staging/request.h"

namespace dlpx {

// Starts the server and its replication, and returns when both are proven running. Without a password for
// replication that is wanted: Error{replication}, and the server runs. With `repairAccount` the management
// account is put back first, where it is missing (see repairAccount()).
Output startStaging(const StagingAccess& access);

// Stops the server cleanly; nothing holds the mount afterwards. No server is fine.
Output stopStaging(const StagingAccess& access);

// State, port, version, and replication when the management password is at hand. Starts no child process.
Output stagingStatus(const StagingAccess& access);
// "ACTIVE" when the server runs, else "INACTIVE", also when there is none.
Output stagingActive(const StagingAccess& access);

// Stops the server and removes all of it from the mount. Throws Error{usage} for a mount that is not ours.
Output removeStaging(const StagingAccess& access);

// Bytes that the instance occupies.
Output stagingSize(const StagingAccess& access);

// {mountPath, uid, gid}: what the engine is to mount where, for whom.
Output mountSpecification(const fs::path& mount, const std::string& osUser);

}  // namespace dlpx
