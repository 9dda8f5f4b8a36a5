#pragma once

#include "base/deadline.h"
#include "server/mount.h"
#include "staging/request.h"

namespace dlpx {

// A pair of preSnapshot() and postSnapshot() is open between the two: the storage takes its snapshot then,
// and the data must not be replaced. It is noted in the mount's facts, as its two halves are processes of
// their own. A pair whose second half does not come lapses: after a quarter of an hour, in mode stop (whose
// snapshot may be a copy of everything) after a day.

// Under the mount's lock.
void noteSnapshotOpen(const Mount& mount, SnapshotMode mode, Owner owner);
void noteSnapshotOver(const Mount& mount, Owner owner);

bool snapshotIsOpen(const Mount& mount);

// Throws Error{locked} while a pair is open.
void refuseOpenSnapshot(const Mount& mount);

// The mount's lock, at a moment when no pair is open. Throws Error{locked} when that does not come in time.
FileLock lockBetweenSnapshots(const Mount& mount, const std::string& operation, const Deadline& deadline);

}  // namespace dlpx
