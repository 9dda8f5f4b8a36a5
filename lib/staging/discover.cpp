#include "staging/discover.h"

#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "mysql/option_file.h"
#include "process/proc.h"
#include "server/installation.h"

namespace dlpx {
namespace {

// A server's setting: from its command line, else from the option file that it names.
std::string settingOf(const ProcessFacts& server, const std::string& name) {
  std::string fromFile;
  for (const std::string& argument : server.argv) {
    if (startsWith(argument, "--" + name + "=")) return argument.substr(name.size() + 3);
    if (!startsWith(argument, "--defaults-file=")) continue;
    try {
      fromFile = OptionFile::read(argument.substr(16)).get("mysqld", name).value_or("");
    } catch (const Error&) {  // another user's: what we may not read we do not know
      continue;
    }
  }
  return fromFile;
}

fs::path dataDirOf(const ProcessFacts& server) {
  const std::string told = settingOf(server, "datadir");
  return told.empty() ? server.directory : fs::path(told);
}

std::string portOf(const ProcessFacts& server) {
  const std::string told = settingOf(server, "port");
  return told.empty() || told == "0" ? "3306" : told;
}

// The directory above the program's bin or sbin.
fs::path basedirOf(const ProcessFacts& server) {
  const fs::path directory = server.executable.parent_path();
  const std::string name = directory.filename();
  return name == "bin" || name == "sbin" || name == "libexec" ? directory.parent_path() : directory;
}

// `wanted` is an installation's base directory, its program directory or its mysqld; empty: all.
bool isOf(const ProcessFacts& server, const fs::path& wanted) {
  if (wanted.empty()) return true;
  if (fs::weakly_canonical(basedirOf(server)) == fs::weakly_canonical(wanted)) return true;
  const auto mysqld = findMysqld(wanted);
  return mysqld && fs::weakly_canonical(*mysqld) == fs::weakly_canonical(server.executable);
}

}  // namespace

Output discoverRepositories() {
  Output output;
  output.json = Json::array();
  TextTable table({"name", "version", "install path"});
  for (const Candidate& candidate : discoverInstallations()) {
    if (!candidate.installation) {
      output.text += "left out: " + candidate.problem + "\n";
      continue;
    }
    const std::string path = candidate.installation->basedir;
    const std::string version = candidate.installation->version.text();
    const std::string name = "MySQL " + version + " (" + path + ")";
    output.json.push_back({{"name", name}, {"version", version}, {"installPath", path}});
    table.add({name, version, path});
  }
  output.text = table.text() + output.text;
  return output;
}

Output discoverSourceConfigs(const fs::path& basedir) {
  Output output;
  output.json = Json::array();
  TextTable table({"data directory", "port", "base directory"});
  for (const ProcessFacts& server : processesNamed("mysqld")) {
    const fs::path base = basedirOf(server);
    if (!isAlive(server) || server.executable.empty()) continue;
    if (!isOf(server, basedir)) continue;
    const std::string port = portOf(server), data = dataDirOf(server);
    output.json.push_back(
        {{"dataDir", data}, {"port", port}, {"baseDir", base.string()}, {"dbName", "MySQL on port " + port}});
    table.add({data, port, base.string()});
  }
  output.text = table.text();
  return output;
}

}  // namespace dlpx
