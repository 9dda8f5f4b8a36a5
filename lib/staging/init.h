#pragma once

#include "command/app.h"
#include "server/instance.h"
#include "staging/request.h"

namespace dlpx {

// Throws Error{preflight} for a mount that holds something else, and nothing was changed.
void refuseOthers(const StagingRequest& request);
// The complete staging server on the mount; Error{usage} when it is of another source, type or port.
Instance requireSame(const StagingRequest& request, const Mount& mount);

// The workflow of `check`: the table, or ReportedError{preflight} that carries it.
Output checkStaging(const StagingRequest& request);

// Builds the staging server on its mount: check, initialise, ingest, cut off, replicate. On an error
// everything is undone: no process, no file of ours. Repeated after success it verifies; after a crash at any
// point it ends what still runs, empties the mount and begins again. Throws Error{preflight} before any
// effect, Error{locked}, {serverStart}, {backup}, {restore}, {replication}, {timeout}, {interrupted}.
Output initialiseStaging(const StagingRequest& request);

}  // namespace dlpx
