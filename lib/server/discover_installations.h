#pragma once

#include "base/deadline.h"
#include "server/discovery_places.h"
#include "server/installation.h"

namespace dlpx {

// Asks every mysqld of these places for its version, all at once: what has not answered by the deadline is
// killed and reported. An empty result is no error.
std::vector<Candidate> discoverInstallations(const DiscoveryPlaces& places,
                                             const Deadline& deadline = Deadline::in(Seconds(2)));

}  // namespace dlpx
