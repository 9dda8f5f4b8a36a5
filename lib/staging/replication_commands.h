#pragma once

#include "command/app.h"
#include "mysql/gtid_set.h"
#include "staging/facts.h"
#include "staging/request.h"

namespace dlpx {

// The facts of a staging server that is to replicate; Error{usage} for any other.
StagingFacts requireReplicating(const Mount& mount);

// `replication status`, `start`, `stop`, `wait`. All need the management password.
Output replicationStatus(const StagingAccess& access);
Output replicationStart(const StagingAccess& access);
Output replicationStop(const StagingAccess& access);

struct WaitFor {
  std::optional<GtidSet> gtids;
  std::optional<Milliseconds> lag;  // neither: until all that was received is applied
};
Output replicationWait(const StagingAccess& access, const WaitFor& what);

// Called by the engine now and then: heals what is safe to heal and notes the lag: a channel or applier that
// stopped, a password that was changed on the source and is given anew, a disk that has room again. Throws
// Error{replication} when only a person can help, naming a resync when nothing else does, and Error{noSpace}
// while staging's disk is full. A server that is down stays down, and another operation at work is no error.
Output work(const StagingAccess& access);

}  // namespace dlpx
