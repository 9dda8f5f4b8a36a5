#pragma once

#include "replication/channel.h"
#include "staging/facts.h"

namespace dlpx {

// Starts staging's channel and returns once it is proven running. Throws Error{replication} when the password
// is not at hand, with what the server says when it does not run.
ChannelStatus startReplication(Session& session, const StagingFacts& facts, const std::string& user,
                               const std::optional<Secret>& password, const Deadline& deadline);

}  // namespace dlpx
