#pragma once

#include "server/keyring.h"
#include "vdb/facts.h"
#include "vdb/report.h"

namespace dlpx {

// Where a VDB keeps its keyring: in the directory that is asked for, else on its mount; nowhere when neither
// the snapshot nor the request knows of one.
fs::path vdbKeyringFile(const VdbRequest& request, const SnapshotFacts& snapshot);

// Throws Error{preflight} when a new VDB cannot keep its keyring where the request wants it.
void requireKeyringPlace(const VdbRequest& request, const VdbPlan& plan);

// The keys that open the clone's data, from --keyring, else from the clone itself, else from where the
// snapshot says that its server keeps them. Changes nothing. Throws Error{unsafeClone} when there are none,
// when they cannot be read, and naming those that the snapshot had and they lack.
Keyring parentKeyring(const VdbPlan& plan);

// Makes the VDB's own copy (contract item 7). An earlier VDB on this mount may have left keys beside it that
// its own snapshots need: they stay.
void giveKeyring(const VdbPlan& plan, const Keyring& parent, ContractReport& report);

// Throws Error{preflight} when the VDB's files cannot be opened without its keyring, running or not.
void refuseEncryptedExport(const Instance& vdb);

// Asks the running server whether its keyring works and encrypted tables open (the first hundred). Throws
// Error{unsafeClone}.
void proveKeyring(const VdbPlan& plan, ContractReport& report);

}  // namespace dlpx
