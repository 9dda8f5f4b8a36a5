#pragma once

#include "staging/preflight.h"

namespace dlpx {

// my.cnf's settings of a staging server (design section 7): read-only, a crash-safe replica that never starts
// by itself, no events, and no binary log where the version applies in order without one, because a binary
// log of its own makes errant GTIDs.
std::vector<Option> stagingOptions(const StagingRequest& request, const Plan& plan);

// Command line options of the start that loads a dump: fast, and worthless after a crash.
std::vector<std::string> loadingOptions(const Version& version);
// The bytes of InnoDB's buffer pool while rows are loaded.
uint64_t loadingPool();
// Of the start that a clone goes into.
std::vector<std::string> cloningOptions();

}  // namespace dlpx
