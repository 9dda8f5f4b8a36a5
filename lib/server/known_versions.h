#pragma once

#include <optional>
#include <string>

#include "server/installation.h"

// What a mysqld on this host told of its version, kept beside the registry: to start the binary only to ask
// takes as long as the other checks of a clone together. An answer holds for exactly the file that gave it,
// by device, inode, size and times. Scripts are asked each time: what they start may change unseen.
namespace dlpx::known_versions {

// As installationAt(), where the answer is known.
std::optional<Installation> find(const fs::path& basedir);
// Device, inode, size and times of a binary; "" where it is not there, is a script, or cannot be run.
std::string stampOf(const fs::path& program);
// For commands that change something anyway. Where it cannot be written, the next one asks again.
void note(const fs::path& mysqld, const Version& version);

}  // namespace dlpx::known_versions
