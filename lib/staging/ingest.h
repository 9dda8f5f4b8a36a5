#pragma once

#include <string>
#include <vector>

#include "base/journal.h"
#include "mysql/binlog_position.h"
#include "server/instance.h"
#include "staging/preflight.h"

namespace dlpx {

struct Ingested {
  Coordinates coordinates;
  std::vector<std::string> notes;  // what is not as at the source
};

struct NewInstance {
  Instance instance;
  std::string firstStatements;  // for its first start: the management account; "" where it exists
};

// Brings the source's data into a new instance, and leaves it running with its durable settings.
Ingested ingest(const StagingRequest& request, const Plan& plan, const NewInstance& created,
                Journal& journal);

// Whether the plan's copy leaves the server's durable settings as they were, so that it isn't restarted: a
// copy changes nothing but what is put back, and its pages are on the disk when the redo log is on again.
bool copiesOnline(const Plan& plan);

// How our commands connect to the instance; over its own socket.
ConnectionOptions adminConnection(const Instance& instance, const Secret& password);

}  // namespace dlpx
