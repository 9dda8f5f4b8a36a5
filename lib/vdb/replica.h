#pragma once

#include <string>

#include "base/json.h"
#include "server/instance.h"
#include "vdb/facts.h"
#include "vdb/request.h"

namespace dlpx {

// A VDB that is a read-only replica of another VDB of this host, its primary: both of one snapshot, with one
// user and password, wired to each other by GTIDs and to nothing else. The replication account is made anew,
// with a random password that is stored nowhere, each time the replica starts to follow; a receiver that runs
// keeps it while the primary restarts.

// Throws Error{usage} for what a replica or its primary cannot be: events on, GTIDs off, a replica of itself.
void refuseUnfit(const VdbPlan& plan);
// Throws Error{replication} unless the primary runs, is of the clone's snapshot and has GTIDs on. Nothing is
// changed.
void checkPrimary(const VdbPlan& plan);

// Returns once the only channel of the replica, which runs, follows the primary, and says so in words. Throws
// Error{replication}; the account is gone then.
std::string followPrimary(const VdbPlan& plan);
std::string followPrimary(const Instance& replica, const VdbFacts& facts, const VdbAccess& access);

// {state, summary, lagSeconds, …} of the replica; without a password, or without a server, only a summary.
Json replicationOf(const Instance& replica, const VdbFacts& facts, const VdbAccess& access);

}  // namespace dlpx
