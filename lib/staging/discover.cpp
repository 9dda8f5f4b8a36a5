#include "staging/discover.h"

#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "server/discover_installations.h"
#include "server/discover_instances.h"

namespace dlpx {

Output discoverRepositories(const DiscoveryPlaces& places) {
  Output output;
  output.json = Json::array();
  TextTable table({"name", "version", "install path"});
  for (const Candidate& candidate : discoverInstallations(places)) {
    if (!candidate.installation) {
      log::warning("left out: " + candidate.problem);
      continue;
    }
    const std::string path = candidate.installation->basedir;
    const std::string version = candidate.installation->version.text();
    const std::string name = "MySQL " + version + " (" + path + ")";
    output.json.push_back({{"name", name}, {"version", version}, {"installPath", path}});
    table.add({name, version, path});
  }
  output.text = table.text();
  return output;
}

Output discoverSourceConfigs(const fs::path& basedir, const DiscoveryPlaces& places) {
  Output output;
  output.json = Json::array();
  TextTable table({"data directory", "port", "state", "role", "base directory"});
  const DiscoveredInstances found = discoverInstances(places);
  for (const std::string& problem : found.leftOut) log::warning("left out: " + problem);
  for (const DiscoveredInstance& each : found.instances) {
    if (!isOf(each, basedir)) continue;
    const std::string data = each.dataDir, base = each.basedir, state = each.running ? "running" : "stopped";
    output.json.push_back({{"dataDir", data},
                           {"port", each.port},
                           {"baseDir", base},
                           {"dbName", "MySQL on port " + each.port},
                           {"socket", each.socket.string()},
                           {"state", state},
                           {"role", each.role}});
    table.add({data, each.port, state, each.role.empty() ? "-" : each.role, base});
  }
  output.text = table.text();
  return output;
}

}  // namespace dlpx
