#pragma once

#include <string>
#include <vector>

#include "vdb/facts.h"
#include "vdb/identity.h"

namespace dlpx {

// Base name of a VDB's binary log when its parent has none, relative to the data directory.
extern const char* const vdbLogBin;

// my.cnf's settings of a VDB: what its data needs of the parent's settings, a fresh binary log, no
// replication by itself, little disk of its own. `parent` is empty for a VDB that is made anew.
std::vector<Option> vdbOptions(const VdbPlan& plan, const ParentSettings& parent);

// Writes <mount>/my.cnf. Throws Error{optionFile} for a setting that is not the user's to choose.
void writeVdbOptionFile(const VdbPlan& plan, const ParentSettings& parent);

// The highest sensible buffer pool for `profile` on a host with that much memory, in bytes.
uint64_t bufferPoolFor(VdbProfile profile, uint64_t memory);

}  // namespace dlpx
