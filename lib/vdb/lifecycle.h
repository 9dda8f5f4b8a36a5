#pragma once

#include "command/app.h"
#include "server/instance.h"
#include "vdb/request.h"

namespace dlpx {

// A server on the mount that is a VDB, whole or half made. A clone that nothing was done to yet notes its
// parent's instance: no server of ours runs on it.
std::optional<Instance> vdbOn(const Mount& mount);

// Starts the VDB; with its password at hand it is asked whether it is the one. A running one is fine. A
// replica follows its primary again, for which the password is needed: Error{replication} when it cannot.
Output startVdb(const VdbAccess& access);

// Stops it cleanly; no server is fine. With `force`, SIGKILL at the deadline.
Output stopVdb(const VdbAccess& access);

// State, port and version, without a child process and without a connection; of a replica, with its password
// at hand, also how it follows its primary.
Output vdbStatus(const VdbAccess& access);
// "ACTIVE" when a complete VDB runs on the mount, else "INACTIVE", also when there is none. A replica that
// runs is {status, replication} in JSON.
Output vdbActive(const VdbAccess& access);

// Stops the server, and returns once no process has a file of the mount open: the engine may unmount it. A
// mount without a VDB, also a half-made one, is fine. Throws Error{stop} naming who holds the mount.
Output disableVdb(const VdbAccess& access);

// As disableVdb; then removes everything from the mount. Throws Error{usage} for a mount that is not a VDB's.
Output removeVdb(const VdbAccess& access);

// Bytes that the VDB's files occupy; extents shared with its parent count fully.
Output vdbSize(const VdbAccess& access);

// {mountPath, uid, gid}: what the engine is to mount where, and for whom.
Output vdbMountSpecification(const fs::path& mount, const std::string& osUser);

}  // namespace dlpx
