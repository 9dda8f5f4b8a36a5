#pragma once

#include <vector>

#include "base/files.h"
#include "process/proc.h"

namespace dlpx {

// What discovery looks at on a host. It never walks a file system. Tests name a host of their own.
struct DiscoveryPlaces {
  fs::path root = "/";                // what the usual places of packages and tarballs lie below
  std::vector<fs::path> path;         // the directories of PATH
  std::vector<fs::path> searchPath;   // basedirs, program directories, option files
  fs::path mysqlHome;                 // MYSQL_HOME; empty: none
  fs::path home;                      // of the caller; empty: none
  std::vector<ProcessFacts> servers;  // every mysqld that runs
  std::vector<fs::path> mounts;       // of the registry: where instances of ours are or were

  // PATH, DLPX_MYSQL_SEARCH_PATH, MYSQL_HOME, HOME, the registry, and the processes that are alive now.
  static DiscoveryPlaces ofThisHost();

  // What may be an installation's mysqld: regular files, those of the search path and of running servers
  // first, then as installed(). Each once, by its canonical path.
  std::vector<fs::path> mysqlds() const;
  // Those in PATH, then in the usual places.
  std::vector<fs::path> installed() const;
};

// The basedir above a program: /usr/sbin/mysqld and /usr/bin/mysqld belong to /usr.
fs::path basedirOf(const fs::path& program);

}  // namespace dlpx
