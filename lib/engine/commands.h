#pragma once

#include "command/app.h"

namespace dlpx {

// The commands of dlpx-mysql-engine: each makes a typed request of its parameters, runs the workflow and
// tells the result.
Output runPoolCreate(const Parameters& parameters);
Output runPoolStatus(const Parameters& parameters);
Output runPoolDestroy(const Parameters& parameters);
Output runLink(const Parameters& parameters);
Output runSync(const Parameters& parameters);
Output runProvision(const Parameters& parameters);
Output runCreateEmpty(const Parameters& parameters);
Output runSnapshot(const Parameters& parameters);
Output runRefresh(const Parameters& parameters);
Output runRewind(const Parameters& parameters);
Output runStart(const Parameters& parameters);
Output runStop(const Parameters& parameters);
Output runEnable(const Parameters& parameters);
Output runDisable(const Parameters& parameters);
Output runDelete(const Parameters& parameters);
Output runRetention(const Parameters& parameters);
Output runUp(const Parameters& parameters);
Output runList(const Parameters& parameters);
Output runSnapshots(const Parameters& parameters);
Output runSize(const Parameters& parameters);
Output runStatus(const Parameters& parameters);

// The steps of a command that changes something: "pool create", "refresh" …
StepList planOf(const std::string& command, const Parameters& parameters);

// `logs` in the home, which is made when it is not there: a failure at night has its log also when nobody
// asked for one, and the hooks' programs log there, too.
std::filesystem::path engineLogDirectory(const Parameters& parameters);

// What `link` and `provision` hand on to the hooks, by parameter name.
const std::vector<std::string>& dsourceParameters();
const std::vector<std::string>& vdbParameters();

}  // namespace dlpx
