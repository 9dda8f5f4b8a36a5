#pragma once

#include "command/app.h"
#include "staging/request.h"

namespace dlpx {

// The workflow of `check`: the table, or ReportedError{preflight} that carries it.
Output checkStaging(const StagingRequest& request);

// Builds the staging server on its mount: check, initialise, ingest, cut off, replicate. On an error
// everything is undone: no process, no file of ours. Repeated after success it verifies; after a crash at any
// point it ends what still runs, empties the mount and begins again. Throws Error{preflight} before any
// effect, Error{locked}, {serverStart}, {backup}, {restore}, {replication}, {timeout}, {interrupted}.
Output initialiseStaging(const StagingRequest& request);

// As initialiseStaging, with what is there ended and removed first, once the checks have passed.
Output resyncStaging(const StagingRequest& request);

// What a sync with resync begins with: builds staging where there is none, or none complete; else resyncs.
Output ingestAnew(const StagingRequest& request);

}  // namespace dlpx
