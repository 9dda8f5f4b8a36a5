#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mysql/option_file.h"
#include "server/discovery_places.h"

namespace dlpx {

// The option files that one mysqld reads, in its order: a later one's setting wins.
class OptionFiles {
 public:
  OptionFiles() = default;
  // Those that are there; what cannot be read is left out and told in `problems`.
  OptionFiles(const std::vector<fs::path>& files, std::vector<std::string>& problems);

  // The groups that are in any of them.
  std::vector<std::string> groups() const;
  // The last value of all these groups; later groups do not beat earlier ones within one file.
  std::optional<std::string> get(const std::vector<std::string>& groups, const std::string& name) const;
  // The last file with one of these groups.
  fs::path fileOf(const std::vector<std::string>& groups) const;

 private:
  std::vector<std::pair<fs::path, OptionFile>> files_;
};

// The option files that a mysqld reads when none is named.
std::vector<fs::path> defaultOptionFiles(const DiscoveryPlaces& places);

// Where a server that is told no data directory has it: as the packages' or the tarballs' mysqld was built.
// Empty when that is not there.
fs::path usualDataDir(const DiscoveryPlaces& places, const fs::path& basedir);

// A server that option files describe, running or not.
struct ConfiguredServer {
  std::string origin;  // "/etc/my.cnf [mysqld2]"
  fs::path dataDir;
  std::string port = "3306";
  fs::path socket;   // empty: the server's own default
  fs::path basedir;  // empty: none is told and none is installed
};

// What the default option files, those beside each installation (<basedir>/my.cnf, <basedir>/etc/my.cnf) and
// those of the search path configure: [mysqld], and each [mysqldN], [mysqld@name] and [mysqld-8.4] on top of
// it. A data directory that is not there, or is MariaDB's, is left out and told in `problems`.
std::vector<ConfiguredServer> configuredServers(const DiscoveryPlaces& places,
                                                std::vector<std::string>& problems);

}  // namespace dlpx
