#pragma once

#include <string>
#include <vector>

#include "command/app.h"
#include "command/table.h"

namespace dlpx {

std::string helpText(const AppSpec& app);
std::string helpText(const AppSpec& app, const CommandSpec& command);

// "dlpx-mysql-engine provision NAME --from DSOURCE[@SNAPSHOT] [OPTIONS]".
std::string synopsis(const AppSpec& app, const CommandSpec& command);
// The command's examples, completed to two from its specification where it has fewer.
std::vector<std::string> examplesOf(const AppSpec& app, const CommandSpec& command);
// "-p, --port PORT", "--[no-]log-sync".
std::string flagUsage(const ParameterSpec& spec);
// Help, range, default and whether it is required: the whole sentence, without a full stop.
std::string parameterHelp(const CommandSpec& command, const ParameterSpec& spec);

}  // namespace dlpx
