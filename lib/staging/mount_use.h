#pragma once

#include "server/instance.h"
#include "server/mount.h"

namespace dlpx {

enum class MountUse {
  missing,
  empty,       // but for what belongs to the storage, or a lock of ours
  unfinished,  // ours, and what was begun there never came to its end
  staging,     // ours, complete
  vdb,         // a VDB of ours
  foreign,     // holds files that we did not make
};

// Reads only.
MountUse useOf(const Mount& mount);

// The staging instance on a mount. Throws Error{usage} when there is none or it is not complete,
// Error{locked} while another operation is just completing it.
Instance requireStaging(const Mount& mount);

// Held while the places beside the mount's data, next() and previous(), are in use. The mount's own lock is
// held for moments only, so that the data that is there can be snapshot meanwhile. Error{locked} else.
FileLock lockBeside(const Mount& mount, const std::string& operation);
// Ends a server that was left beside the mount's data, and removes what is there. Under lockBeside().
void clearBeside(const Mount& mount, const Deadline& deadline);

// Ends a server of ours on that mount and removes what we and it made there; other files stay. The control
// directory, with lock and journal, goes last, and only when `controlToo`. Without facts of an instance there
// is no server. A server that does not stop by the deadline is killed: its data is to be removed.
void clearMount(const Mount& mount, bool controlToo, const Deadline& deadline);

}  // namespace dlpx
