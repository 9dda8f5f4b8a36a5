#pragma once

#include "command/app.h"
#include "vdb/facts.h"

namespace dlpx {

// Makes the thin clone on the mount a running server of its own (the safe-clone contract, design section 9),
// with one start of mysqld. Returns the engine's source config object with the report beside it. A VDB that
// was made of this mount before is verified, and started when it is stopped. Throws Error{unsafeClone} for a
// clone that could reach what is not its own, and whenever a step cannot be proven; then no server runs and
// nothing keeps the mount busy. The clone's data stays: the command can be repeated.
Output provision(const VdbRequest& request);

// The data on the mount may be another snapshot's (rewind). A VDB made on this mount is started with what the
// request changes of it; a clone of anything else is provisioned.
Output enableVdb(const VdbRequest& request);

// A new VDB without user data, in an empty mount.
Output createEmptyVdb(const VdbRequest& request);

// What the workflows above check before their first effect.
// A complete VDB that was made on this mount.
bool isVdbMadeHere(const Mount& mount);
// Throws Error{usage} where the request is for another port, server id or user than the VDB has.
void refuseOther(const VdbRequest& request, const Instance& here);
// The plan for the clone on the mount; throws Error{usage}, {installation}, {unsafeClone}.
VdbPlan checkedClone(const VdbRequest& request);
// Throws Error{usage} when the mount holds anything that no create-empty of ours has made.
void refuseFilled(const Mount& mount);

// The server can open this data: the same series and no older release, the same case of table names, no
// tablespace that needs a key. Throws Error{installation} or Error{unsafeClone}. Public for tests.
void checkServerFits(const Installation& installation, const SnapshotFacts& snapshot);

}  // namespace dlpx
