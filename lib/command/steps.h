#pragma once

#include <string>
#include <vector>

#include "command/app.h"

namespace dlpx {

// What `command` would do, for --dry-run: {"dryRun": true, "steps": [{"step", "what"}]}, or numbered lines.
Output describeSteps(const std::string& command, const StepList& steps);

}  // namespace dlpx
