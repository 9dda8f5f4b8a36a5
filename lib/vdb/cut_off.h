#pragma once

#include <string>
#include <vector>

#include "base/secret.h"
#include "vdb/facts.h"
#include "vdb/identity.h"

namespace dlpx {

// The one start that makes a clone independent. The server is offline, so that only an administrator could
// come in, while it recovers, forgets its parent's channels and logs and gets its accounts; it stays so until
// proveSafe() has looked, also when a statement fails or we are killed.

std::vector<std::string> cutOffOptions(const VdbPlan& plan, const ParentSettings& parent);

// For Instance::Start, one statement a line. They hold the password.
std::string cutOffStatements(const VdbPlan& plan);

// Of a VDB that is made anew: its accounts, for makeFreshData().
std::string firstAccountStatements(const VdbPlan& plan);

// The variable in which the init statements leave the GTID set that recovery came to, before they reset it:
// what an applier runs when it starts, and there is none. "" where the server has no GTIDs to keep.
std::string gtidKeeper(const Version& version);

}  // namespace dlpx
