#pragma once

#include "command/app.h"
#include "staging/request.h"

namespace dlpx {

struct VerifyRequest {
  StagingAccess staging;
  ConnectionOptions source;
  std::vector<std::string> databases;  // empty: all that staging was built with
  unsigned threads = 4;
};

// Compares source and staging table by table at one moment of the source: staging's applier is stopped,
// snapshots of the source are opened (it is not stalled: see takeSnapshots), staging applies up to exactly
// their coordinates, rows and definitions are compared in parallel, and the applier goes on, also after a
// failure. A staging server that does not replicate is compared as it is. Tables of engines without snapshots
// may differ at a source that is written to. Throws ReportedError{difference} that names what differs,
// Error{replication} or {timeout} when staging cannot be brought to the coordinates.
Output verifyStaging(const VerifyRequest& request);

// The steps of verifyStaging(); changes nothing.
StepList planVerify(const VerifyRequest& request);

}  // namespace dlpx
