#include "server/discover_instances.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "server/configured_servers.h"
#include "server/installation.h"
#include "server/instance.h"

namespace dlpx {
namespace {

// The settings of a command line, by optionKey; the last of a name counts.
std::map<std::string, std::string> settingsIn(const std::vector<std::string>& argv) {
  static const std::map<std::string, std::string> shortNames = {
      {"-h", "--datadir"}, {"-P", "--port"}, {"-b", "--basedir"}};
  std::map<std::string, std::string> settings;
  for (size_t i = 1; i < argv.size(); ++i) {
    std::string name = argv[i];
    if (const auto full = shortNames.find(name.substr(0, 2)); full != shortNames.end())
      name = full->second + (name.size() > 2 ? "=" + name.substr(2) : "");
    if (!startsWith(name, "--")) continue;
    const size_t equals = name.find('=');
    std::string value = equals == std::string::npos ? "" : name.substr(equals + 1);
    if (equals == std::string::npos && i + 1 < argv.size() && !startsWith(argv[i + 1], "-"))
      value = argv[i + 1];
    settings[optionKey(name.substr(2, equals == std::string::npos ? equals : equals - 2))] = value;
  }
  return settings;
}

std::string told(const std::map<std::string, std::string>& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

// A running server's settings: from its command line, else from the option files that it reads.
class ServerSettings {
 public:
  ServerSettings(const ProcessFacts& server, const DiscoveryPlaces& places,
                 std::vector<std::string>& problems)
      : arguments_(settingsIn(server.argv)) {
    groups_ = {"server", "mysqld"};
    const std::string suffix = told(arguments_, "defaults_group_suffix");
    if (!suffix.empty()) groups_.push_back("mysqld" + suffix);
    files_ = OptionFiles(filesOf(places), problems);
  }

  std::string get(const std::string& name) const {
    const std::string argument = told(arguments_, name);
    return argument.empty() ? files_.get(groups_, name).value_or("") : argument;
  }

 private:
  std::vector<fs::path> filesOf(const DiscoveryPlaces& places) const {
    if (arguments_.count("no_defaults")) return {};
    if (const std::string only = told(arguments_, "defaults_file"); !only.empty()) return {only};
    std::vector<fs::path> files = defaultOptionFiles(places);
    if (const std::string extra = told(arguments_, "defaults_extra_file"); !extra.empty())
      files.insert(files.begin() + 2, extra);
    return files;
  }

  std::map<std::string, std::string> arguments_;
  std::vector<std::string> groups_;
  OptionFiles files_;
};

// Another user's executable is not shown to us, its command line is.
fs::path programOf(const ProcessFacts& server) {
  if (!server.executable.empty() || server.argv.empty()) return server.executable;
  const fs::path program = server.argv.front();
  return program.is_absolute() ? program : fs::path();
}

// mysqld works in its data directory, so where we may see it, that decides.
fs::path dataDirOf(const ProcessFacts& server, const ServerSettings& settings) {
  const fs::path dataDir = settings.get("datadir");
  if (server.directory.empty()) return dataDir;
  return dataDir.is_absolute() && fs::weakly_canonical(dataDir) == server.directory ? dataDir
                                                                                    : server.directory;
}

// What we made there; nothing where we made nothing, or may not look.
std::optional<Instance> ourInstanceOn(const Mount& mount, std::vector<std::string>& problems) {
  std::error_code error;
  if (!fs::is_regular_file(mount.stateFile(), error)) return std::nullopt;
  try {
    return Instance::on(mount);
  } catch (const Error& e) {
    problems.emplace_back(e.what());
    return std::nullopt;
  }
}

std::string roleOf(const fs::path& dataDir, std::vector<std::string>& problems) {
  const Mount mount(dataDir.parent_path());
  if (dataDir != mount.data()) return "";
  const auto ours = ourInstanceOn(mount, problems);
  return ours ? ours->facts().role : "";
}

// An engine may have taken a mount away: then there is no instance.
std::vector<DiscoveredInstance> oursOn(const std::vector<fs::path>& mounts,
                                       std::vector<std::string>& problems) {
  std::vector<DiscoveredInstance> instances;
  for (const fs::path& root : mounts) {
    const auto ours = ourInstanceOn(Mount(root), problems);
    if (!ours) continue;
    const InstanceFacts& facts = ours->facts();
    instances.push_back({ours->mount().data(), std::to_string(facts.port), ours->mount().socket(),
                         facts.basedir, false, facts.role});
  }
  return instances;
}

std::optional<DiscoveredInstance> instanceOf(const ProcessFacts& server, const DiscoveryPlaces& places,
                                             std::vector<std::string>& problems) {
  const ServerSettings settings(server, places, problems);
  DiscoveredInstance instance;
  instance.running = true;
  const fs::path program = programOf(server);
  instance.basedir = basedirOf(program);
  instance.dataDir = dataDirOf(server, settings);
  if (instance.dataDir.empty()) instance.dataDir = usualDataDir(places, instance.basedir);
  if (instance.dataDir.empty() || program.empty()) {
    problems.push_back("the server of process " + std::to_string(server.pid) +
                       ": another user's, whose data directory and program we may not see");
    return std::nullopt;
  }
  const std::string port = settings.get("port");
  instance.port = port.empty() || port == "0" ? "3306" : port;
  instance.socket = settings.get("socket");
  instance.role = roleOf(instance.dataDir, problems);
  return instance;
}

std::vector<std::string> onceEach(const std::vector<std::string>& lines) {
  std::vector<std::string> kept;
  std::set<std::string> seen;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(kept),
               [&](const std::string& line) { return seen.insert(line).second; });
  return kept;
}

fs::path real(const fs::path& path) {
  std::error_code error;
  const fs::path found = fs::weakly_canonical(path, error);
  return error ? path : found;
}

}  // namespace

DiscoveredInstances discoverInstances(const DiscoveryPlaces& places) {
  DiscoveredInstances found;
  std::vector<std::string> problems;
  std::set<fs::path> seen;
  const auto add = [&](const DiscoveredInstance& instance) {
    if (seen.insert(real(instance.dataDir)).second) found.instances.push_back(instance);
  };
  for (const ProcessFacts& server : places.servers) {
    if (const auto instance = instanceOf(server, places, problems)) add(*instance);
  }
  for (const DiscoveredInstance& instance : oursOn(places.mounts, problems)) add(instance);
  for (const ConfiguredServer& server : configuredServers(places, problems))
    add({server.dataDir, server.port, server.socket, server.basedir, false,
         roleOf(server.dataDir, problems)});
  found.leftOut = onceEach(problems);
  return found;
}

bool isOf(const DiscoveredInstance& instance, const fs::path& wanted) {
  if (wanted.empty() || real(instance.basedir) == real(wanted)) return true;
  const auto theirs = findMysqld(wanted), ours = findMysqld(instance.basedir);
  return theirs && ours && real(*theirs) == real(*ours);
}

}  // namespace dlpx
