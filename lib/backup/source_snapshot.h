#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backup/schema.h"
#include "base/deadline.h"
#include "mysql/binlog_position.h"
#include "mysql/session.h"

namespace dlpx {

// Coordinates that are exactly those of a set of snapshots, without stalling the source.
//
// LOCK TABLES … READ on the tables that are copied waits for transactions which write to them, and while it
// waits, new writers queue behind it. So an attempt gives up, from outside (lock_wait_timeout counts per
// table), after `lockWait`; what it then holds it gives back after `stall` counted from its beginning. Nobody
// ever waits longer for us. The tables are opened before, by statements that lock nobody out (1,000 tables
// nobody had used: locked in 1.2 s instead of 3.2 s). Only where an attempt failed though nobody held a lock,
// as with many tables on a busy host or with a small cache, both limits grow by half of `lockWait`, in all by
// `morePerTable` for each table at the most. Between attempts the source is left alone, for pauses that grow.
// FLUSH TABLES, FLUSH TABLES WITH READ LOCK and RELOAD are not used: they stall writers behind one long
// query.
struct SnapshotLimits {
  Milliseconds lockWait{2'500};    // until our LOCK TABLES is killed
  Milliseconds stall{4'500};       // from the first lock to UNLOCK TABLES
  Milliseconds morePerTable{10};   // 0: the two above never grow
  Milliseconds firstPause{1'000};  // grows by half each time
  Milliseconds longestPause{15'000};
  unsigned attempts = 20;  // about 4 minutes
};

// Opens the snapshots; must return before the deadline, with every snapshot begun, or throw. Called once per
// attempt, with the tables locked: it must drop what an earlier call began.
using OpenSnapshots = std::function<void(const Deadline&)>;

// The coordinates of the point at which `open` ran. Throws Error{backup} that names the sessions which block
// (as far as the account may see them) when all attempts fail; what `open` throws other than Error{timeout}
// goes on at once. `source` needs SELECT and LOCK TABLES on the databases and REPLICATION CLIENT. Tables that
// are created or dropped meanwhile cause another attempt.
Coordinates takeSnapshots(const ConnectionOptions& source, const std::vector<std::string>& databases,
                          const OpenSnapshots& open, const Deadline& deadline,
                          const SnapshotLimits& limits = {});

// The coordinates of this moment: binary log position and executed GTIDs, read in one statement. Throws
// Error{preflight} when the source writes no binary log.
Coordinates currentCoordinates(Session& source);

}  // namespace dlpx
