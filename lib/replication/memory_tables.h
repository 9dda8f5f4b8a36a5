#pragma once

#include <string>
#include <vector>

#include "mysql/session.h"
#include "replication/channel.h"

namespace dlpx {

// Rows of MEMORY tables go with each restart of a server. Row events of the source for a row that is gone
// stop the applier of a replica with error 1032.

// "shop.sessions", at most 100, sorted; without the server's own.
std::vector<std::string> memoryTables(Session& session);

// When the applier failed for that reason, the status' remedy names the table and what to do. Call it with
// the words of the worker that failed in the status.
void nameMemoryTable(Session& session, ChannelStatus& status);

}  // namespace dlpx
