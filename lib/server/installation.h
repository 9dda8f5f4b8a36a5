#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/files.h"
#include "mysql/version.h"

namespace dlpx {

// A MySQL installation on this host: what the engine calls a repository.
struct Installation {
  fs::path basedir;
  fs::path mysqld;
  Version version;

  // A program of this installation ("mysqldump"); throws Error{installation} when it has none.
  fs::path program(const std::string& name) const;
  std::optional<fs::path> programIfThere(const std::string& name) const;
  // Where its plugins lie: lib/plugin, lib/mysql/plugin or lib64/mysql/plugin below the basedir; empty when
  // none is there.
  fs::path pluginDir() const;
  bool hasPlugin(const std::string& fileName) const;
};

// The installation at a basedir, at the directory of mysqld, or at mysqld itself. Asks the binary for its
// version. Throws Error{installation} when there is none, when it cannot be executed, or when it is not
// MySQL, or does not answer within `patience`.
Installation installationAt(const fs::path& path, Milliseconds patience = Seconds(10));

// As above without starting the binary, for callers that noted version and path before.
Installation installationKnown(const fs::path& basedir, const fs::path& mysqld, const Version& version);

// Where mysqld would be below a basedir.
std::optional<fs::path> findMysqld(const fs::path& path);

// An installation that was found, or why a candidate is none.
struct Candidate {
  fs::path mysqld;
  std::optional<Installation> installation;
  std::string problem;
};

}  // namespace dlpx
