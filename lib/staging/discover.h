#pragma once

#include "base/files.h"
#include "command/app.h"

namespace dlpx {

// The engine's repositories: [{name, version, installPath}]. No installation is an empty list.
Output discoverRepositories();

// The engine's source configs: [{dataDir, port, baseDir, dbName}] of the servers that run on this host, those
// of one installation when `basedir` is not empty.
Output discoverSourceConfigs(const fs::path& basedir);

}  // namespace dlpx
