#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/files.h"

// Which mount an instance of ours on a port lives on, for callers that know only the port (the archived
// plugin's stop and status). One small file a port below DLPX_MYSQL_REGISTRY, else
// /var/lib/dlpx-mysql/instances for root, else
// ~/.local/state/dlpx-mysql/instances. A hint, never the truth: the mount's own files are asked next.
namespace dlpx::registry {

void enter(uint16_t port, const fs::path& mount);
std::optional<fs::path> find(uint16_t port);
// Of every entry, in the order of their ports.
std::vector<fs::path> mounts();
// Removes the entry when it names this mount.
void forget(uint16_t port, const fs::path& mount);

// The directory of what is kept about this host beside the registry; it may not exist yet.
fs::path stateDirectory();

}  // namespace dlpx::registry
