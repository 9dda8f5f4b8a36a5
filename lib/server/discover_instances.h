#pragma once

#include <string>
#include <vector>

#include "server/discovery_places.h"

namespace dlpx {

// A MySQL server of this host, whoever made it: what the engine calls a source config.
struct DiscoveredInstance {
  fs::path dataDir;
  std::string port;
  fs::path socket;   // empty: not told
  fs::path basedir;  // empty: none is known
  bool running = false;
  std::string role;  // "staging" or "vdb" where we made it, else empty
};

struct DiscoveredInstances {
  std::vector<DiscoveredInstance> instances;
  std::vector<std::string> leftOut;  // what could not be read or used, and why; each once
};

// The servers that run, then those of ours that do not, then those that are configured only; one for each
// data directory. Nothing on a host is an error.
DiscoveredInstances discoverInstances(const DiscoveryPlaces& places);

// `wanted` is an installation's base directory, its program directory or its mysqld; empty: every one.
bool isOf(const DiscoveredInstance& instance, const fs::path& wanted);

}  // namespace dlpx
