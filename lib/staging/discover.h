#pragma once

#include "base/files.h"
#include "command/app.h"
#include "server/discovery_places.h"

namespace dlpx {

// The engine's repositories: [{name, version, installPath}]. No installation is an empty list. What looks
// like one and is none is told in a warning.
Output discoverRepositories(const DiscoveryPlaces& places = DiscoveryPlaces::ofThisHost());

// The engine's source configs, [{dataDir, port, baseDir, dbName, socket, state}]: the servers that run on
// this host and those that its option files configure, of one installation when `basedir` is not empty. What
// cannot be read is told in a warning.
Output discoverSourceConfigs(const fs::path& basedir,
                             const DiscoveryPlaces& places = DiscoveryPlaces::ofThisHost());

}  // namespace dlpx
