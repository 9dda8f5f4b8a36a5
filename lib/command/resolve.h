#pragma once

#include "command/app.h"
#include "command/command_line.h"
#include "command/config_file.h"
#include "command/environment.h"

namespace dlpx {

// The values of one command: command line, then environment, then YAML file, then default. Throws
// Error{usage} for a wrong value, and unless `forShow`, for a password file that cannot be read and for a
// required parameter that is not given.
Parameters resolve(const AppSpec& app, const CommandLine& line, const Environment& environment, bool forShow);

// The same with the file of --config or DLPX_MYSQL_CONFIG already read.
Parameters resolve(const AppSpec& app, const CommandLine& line, const Environment& environment,
                   const ConfigFile& file, bool forShow);

// True for an alias that holds for this executable.
bool holdsFor(const Alias& alias, const AppSpec& app);

}  // namespace dlpx
