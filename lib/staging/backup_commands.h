#pragma once

#include "command/app.h"

namespace dlpx {

// The commands of dlpx-mysql-backup, and the steps of those that change something: each makes a typed request
// of its parameters, runs the workflow and tells the result. A restore into a server that holds databases is
// refused, Error{restore}, unless --force.
Output inspectCommand(const Parameters& parameters);
Output restoreCommand(const Parameters& parameters);
StepList restoreSteps(const Parameters& parameters);
Output takeCommand(const Parameters& parameters);
StepList takeSteps(const Parameters& parameters);
Output verifyCommand(const Parameters& parameters);
StepList verifySteps(const Parameters& parameters);

}  // namespace dlpx
