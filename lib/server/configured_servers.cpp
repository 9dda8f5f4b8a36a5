#include "server/configured_servers.h"

#include <algorithm>
#include <regex>
#include <set>

#include "mysql/readable_options.h"
#include "server/installation.h"

namespace dlpx {
namespace {

const std::vector<std::string> baseGroups = {"server", "mysqld"};

// A file, or files that are read together, and the installation that they lie beside.
struct OptionSet {
  std::vector<fs::path> files;
  fs::path basedir;
};

bool isVariant(const std::string& group) {
  static const std::regex numberedNamedOrOfASeries("mysqld([0-9]+|@.+|-[0-9]+\\.[0-9]+)");
  return std::regex_match(group, numberedNamedOrOfASeries);
}

std::vector<OptionSet> optionSets(const DiscoveryPlaces& places) {
  std::vector<OptionSet> sets;
  const auto installed = places.installed();
  sets.push_back({defaultOptionFiles(places), installed.empty() ? fs::path() : basedirOf(installed.front())});
  for (const fs::path& mysqld : places.mysqlds()) {
    const fs::path basedir = basedirOf(mysqld);
    sets.push_back({{basedir / "etc/my.cnf"}, basedir});
    sets.push_back({{basedir / "my.cnf"}, basedir});
  }
  for (const fs::path& place : places.searchPath) {
    if (place.extension() == ".cnf") {
      sets.push_back({{place}, sets.front().basedir});
    } else if (!findMysqld(place)) {
      sets.push_back({{place / "my.cnf"}, sets.front().basedir});
    }
  }
  return sets;
}

// One server of a set: the groups that every server reads, with a variant's own on top.
class Reading {
 public:
  Reading(const OptionFiles& files, std::string variant) : files_(files), variant_(std::move(variant)) {}

  std::optional<std::string> own(const std::string& name) const {
    return variant_.empty() ? std::nullopt : files_.get({variant_}, name);
  }
  std::optional<std::string> get(const std::string& name) const {
    const auto value = own(name);
    return value ? value : files_.get(baseGroups, name);
  }
  std::string origin() const {
    const std::string group = variant_.empty() ? "mysqld" : variant_;
    return files_.fileOf(variant_.empty() ? baseGroups : std::vector<std::string>{variant_}).string() + " [" +
           group + "]";
  }

 private:
  const OptionFiles& files_;
  std::string variant_;
};

fs::path basedirFrom(const Reading& reading, const fs::path& beside) {
  // mysqld_multi starts what these name.
  if (const auto program = reading.own("mysqld"); program && fs::path(*program).is_absolute())
    return basedirOf(*program);
  if (const auto directory = reading.own("ledir")) return basedirOf(fs::path(*directory) / "mysqld");
  if (const auto told = reading.get("basedir"); told && !told->empty()) return *told;
  return beside;
}

std::optional<std::string> whyNot(const fs::path& dataDir) {
  std::error_code error;
  const fs::file_status status = fs::status(dataDir, error);
  if (status.type() == fs::file_type::not_found) return "is not there";
  // Without the right to look, what is configured is believed.
  if (!fs::is_directory(status) && !error) return "is no directory";
  if (fs::exists(dataDir / "aria_log_control", error)) return "is MariaDB's";
  return std::nullopt;
}

// Nothing when it is no server, with the reason in `problems` where there is one.
std::optional<ConfiguredServer> serverOf(const Reading& reading, const fs::path& beside,
                                         const DiscoveryPlaces& places, std::vector<std::string>& problems) {
  ConfiguredServer server;
  server.origin = reading.origin();
  server.basedir = basedirFrom(reading, beside);
  const std::string told = reading.get("datadir").value_or("");
  server.dataDir = told.empty() ? usualDataDir(places, server.basedir) : server.basedir / told;
  if (server.dataDir.empty()) return std::nullopt;
  if (const auto why = whyNot(server.dataDir)) {
    problems.push_back(server.origin + ": the data directory " + server.dataDir.string() + " " + *why);
    return std::nullopt;
  }
  const std::string port = reading.get("port").value_or("");
  if (!port.empty() && port != "0") server.port = port;
  server.socket = reading.get("socket").value_or("");
  return server;
}

void addServersOf(const OptionSet& set, const DiscoveryPlaces& places, std::vector<ConfiguredServer>& servers,
                  std::vector<std::string>& problems) {
  const OptionFiles files(set.files, problems);
  std::vector<std::string> variants;
  const auto groups = files.groups();
  std::copy_if(groups.begin(), groups.end(), std::back_inserter(variants), isVariant);
  if (!files.fileOf(baseGroups).empty()) variants.insert(variants.begin(), "");
  for (const std::string& variant : variants) {
    const Reading reading(files, variant);
    // Without a data directory of its own a variant is the same server.
    if (!variant.empty() && !reading.own("datadir")) continue;
    if (const auto server = serverOf(reading, set.basedir, places, problems)) servers.push_back(*server);
  }
}

}  // namespace

OptionFiles::OptionFiles(const std::vector<fs::path>& files, std::vector<std::string>& problems) {
  for (const fs::path& file : files) files_.emplace_back(file, readableOptions(file, problems));
}

std::vector<std::string> OptionFiles::groups() const {
  std::set<std::string> all;
  for (const auto& [path, file] : files_) {
    const auto groups = file.groups();
    all.insert(groups.begin(), groups.end());
  }
  return {all.begin(), all.end()};
}

std::optional<std::string> OptionFiles::get(const std::vector<std::string>& groups,
                                            const std::string& name) const {
  std::optional<std::string> value;
  for (const auto& [path, file] : files_) {
    for (const std::string& group : groups) {
      if (auto here = file.get(group, name)) value = std::move(here);
    }
  }
  return value;
}

fs::path OptionFiles::fileOf(const std::vector<std::string>& groups) const {
  fs::path last;
  for (const auto& [path, file] : files_) {
    for (const std::string& here : file.groups()) {
      if (std::find(groups.begin(), groups.end(), here) != groups.end()) last = path;
    }
  }
  return last;
}

std::vector<fs::path> defaultOptionFiles(const DiscoveryPlaces& places) {
  std::vector<fs::path> files = {places.root / "etc/my.cnf", places.root / "etc/mysql/my.cnf"};
  if (!places.mysqlHome.empty()) files.push_back(places.mysqlHome / "my.cnf");
  if (!places.home.empty()) files.push_back(places.home / ".my.cnf");
  return files;
}

fs::path usualDataDir(const DiscoveryPlaces& places, const fs::path& basedir) {
  const bool packaged = basedir.empty() || basedir == places.root / "usr";
  const fs::path place = packaged ? places.root / "var/lib/mysql" : basedir / "data";
  std::error_code error;
  return fs::is_directory(place, error) ? place : fs::path();
}

std::vector<ConfiguredServer> configuredServers(const DiscoveryPlaces& places,
                                                std::vector<std::string>& problems) {
  std::vector<ConfiguredServer> servers;
  for (const OptionSet& set : optionSets(places)) addServersOf(set, places, servers, problems);
  return servers;
}

}  // namespace dlpx
