#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "backup/source_snapshot.h"
#include "base/deadline.h"
#include "mysql/session.h"
#include "server/installation.h"

namespace dlpx {

// A logical copy by mysqldump, piped straight into the target: no file in between.
struct DumpRequest {
  ConnectionOptions source;
  std::vector<std::string> databases;  // as chosenDatabases() returns them; never the server's own
  ConnectionOptions target;            // a fresh server; an account with all rights
  Installation installation;           // whose mysqldump and mysql are used: the target's
  SnapshotLimits limits;
  Deadline deadline = Deadline::never();
  // Called once, as soon as the coordinates are known and the source is unlocked, before any row is restored:
  // the moment to read what has no snapshot (accounts), so that replication goes on from what was read.
  std::function<void()> atSnapshot;
};

struct DumpReport {
  Coordinates coordinates;         // what the target holds of the source
  uint64_t bytes = 0;              // streamed
  std::vector<std::string> notes;  // what is not as at the source, a sentence each
};

// Copies the databases with tables, rows, triggers, routines, events and views. The source sees reads only
// (LOCK TABLES … READ for the moment of the snapshot, see takeSnapshots). Routines of all databases are there
// before the first view; views are created in the order in which they need each other; a view that is invalid
// at the source, too, is left out and noted. When the source uses GTIDs and so does the target, its
// gtid_purged is set, last.
//
// While rows are loaded the target writes neither a binary log nor, from 8.0.21 on, a redo log (put back, and
// checked, also on failure): a crash of the target during the call makes its data directory worthless. The
// caller journals that and makes it anew.
//
// Throws Error{backup} with mysqldump's own words, Error{restore} with those of the mysql client,
// Error{timeout}, Error{interrupted}.
DumpReport dumpInto(const DumpRequest& request);

// The target's gtid_purged becomes exactly this set; what it executed before is forgotten. Only for a server
// that nobody replicates from.
void setGtidPurged(Session& target, const GtidSet& gtids);

}  // namespace dlpx
