#include "server/discovery_places.h"

#include <glob.h>

#include <cstdlib>
#include <set>
#include <string>

#include "base/text.h"
#include "server/installation.h"
#include "server/registry.h"

namespace dlpx {
namespace {

const char* const usualPlaces[] = {
    "usr",         "usr/local",   "usr/local/mysql", "opt/mysql",          "usr/local/mysql-*", "opt/mysql-*",
    "opt/mysql/*", "opt/*/mysql", "opt/percona*",    "usr/libexec/mysql*", "u01/app/mysql*",    "app/mysql*"};

std::vector<fs::path> matching(const fs::path& pattern) {
  std::vector<fs::path> places;
  glob_t found = {};
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
    places.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return places;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::vector<fs::path> directoriesIn(const std::string& list) {
  std::vector<fs::path> directories;
  for (const std::string& each : split(list, ':')) {
    if (!each.empty()) directories.emplace_back(each);
  }
  return directories;
}

bool isFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::vector<fs::path> onceEach(const std::vector<fs::path>& programs) {
  std::vector<fs::path> kept;
  std::set<fs::path> seen;
  for (const fs::path& program : programs) {
    std::error_code error;
    const fs::path real = fs::canonical(program, error);
    if (!error && seen.insert(real).second) kept.push_back(program);
  }
  return kept;
}

}  // namespace

DiscoveryPlaces DiscoveryPlaces::ofThisHost() {
  DiscoveryPlaces places;
  places.path = directoriesIn(variable("PATH") + ":/usr/sbin:/sbin");
  places.searchPath = directoriesIn(variable("DLPX_MYSQL_SEARCH_PATH"));
  places.mysqlHome = variable("MYSQL_HOME");
  places.home = variable("HOME");
  places.servers = processesNamed("mysqld");
  places.mounts = registry::mounts();
  return places;
}

std::vector<fs::path> DiscoveryPlaces::mysqlds() const {
  std::vector<fs::path> programs;
  for (const fs::path& place : searchPath) {
    if (place.extension() == ".cnf") continue;
    if (const auto mysqld = findMysqld(place)) programs.push_back(*mysqld);
  }
  for (const ProcessFacts& server : servers) {
    if (isFile(server.executable)) programs.push_back(server.executable);
  }
  for (const fs::path& program : installed()) programs.push_back(program);
  return onceEach(programs);
}

std::vector<fs::path> DiscoveryPlaces::installed() const {
  std::vector<fs::path> programs;
  for (const fs::path& directory : path) {
    if (isFile(directory / "mysqld")) programs.push_back(directory / "mysqld");
  }
  for (const char* pattern : usualPlaces) {
    for (const fs::path& place : matching(root / pattern)) {
      if (const auto mysqld = findMysqld(place)) programs.push_back(*mysqld);
    }
  }
  return onceEach(programs);
}

fs::path basedirOf(const fs::path& program) {
  const fs::path directory = program.parent_path();
  const std::string name = directory.filename();
  return name == "bin" || name == "sbin" || name == "libexec" ? directory.parent_path() : directory;
}

}  // namespace dlpx
