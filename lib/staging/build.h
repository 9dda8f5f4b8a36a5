#pragma once

#include <string>
#include <vector>

#include "base/journal.h"
#include "command/app.h"
#include "replication/channel.h"
#include "server/instance.h"
#include "staging/facts.h"
#include "staging/preflight.h"

namespace dlpx {

// What init and resync have in common: a staging server is made on an empty mount.

struct BuiltStaging {
  Instance instance;
  StagingFacts facts;
  ChannelStatus channel;
  std::vector<std::string> notes;  // what is not as at the source
};

// The plan of a request whose every check passed; warnings are logged. Throws ReportedError{preflight}.
Plan checkedPlan(const StagingRequest& request);

// Creates the instance, ingests, and proves its replication running. The mount is ours, locked, and empty but
// for the control directory. Nothing is undone on an error. With port 0 the server listens on its socket
// only. Throws Error{noSpace} as soon as the file system is nearly full.
BuiltStaging buildStaging(const StagingRequest& request, const Plan& plan, const Mount& mount,
                          Journal& journal);

InstanceFacts stagingInstance(const StagingRequest& request, const Plan& plan);
// my.cnf of the instance.
void writeStagingOptions(const Instance& instance, const StagingRequest& request, const Plan& plan);

// `verified`: it was there already.
Output describe(const BuiltStaging& built, bool verified);

}  // namespace dlpx
