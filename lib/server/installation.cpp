#include "server/installation.h"

#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "process/probe.h"
#include "server/discovery_places.h"

namespace dlpx {
namespace {

const char* const installRemedy =
    "name the installation with --basedir, or install MySQL; 'dlpx-mysql-stage discover' lists what is here";

bool isExecutable(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

Error notMysql(const fs::path& mysqld, const std::string& why) {
  return Error(ExitCode::installation, mysqld.string() + " " + why, installRemedy);
}

Version askVersion(const fs::path& mysqld, Milliseconds patience) {
  if (!isExecutable(mysqld)) throw notMysql(mysqld, "cannot be executed");
  Finished answer;
  try {
    answer =
        probe({.argv = {mysqld.string(), "--no-defaults", "--version"}, .deadline = Deadline::in(patience)});
  } catch (const Error& e) {
    if (e.code() == ExitCode::interrupted) throw;
    throw notMysql(mysqld, std::string("does not tell its version: ") + e.what());
  }
  const size_t at = answer.out.find("Ver ");
  if (!answer.ok() || at == std::string::npos) {
    throw notMysql(mysqld, "does not tell its version: " + trim(lastLines(answer.err + answer.out, 1)));
  }
  if (toLower(answer.out).find("mariadb") != std::string::npos)
    throw notMysql(mysqld, "is MariaDB, not MySQL");
  return Version::parse(trim(answer.out.substr(at + 4)));
}

}  // namespace

std::optional<fs::path> Installation::programIfThere(const std::string& name) const {
  for (const fs::path& directory : {mysqld.parent_path(), basedir / "bin", basedir / "sbin"}) {
    if (isExecutable(directory / name)) return directory / name;
  }
  return std::nullopt;
}

fs::path Installation::program(const std::string& name) const {
  if (const auto found = programIfThere(name)) return *found;
  throw Error(ExitCode::installation,
              "the MySQL installation " + basedir.string() + " has no program " + name,
              "install MySQL's client programs beside it, or name a complete installation with --basedir");
}

fs::path Installation::pluginDir() const {
  for (const char* place :
       {"lib/plugin", "lib/mysql/plugin", "lib64/mysql/plugin", "lib/x86_64-linux-gnu/mysql/plugin"}) {
    if (fs::is_directory(basedir / place)) return basedir / place;
  }
  return {};
}

bool Installation::hasPlugin(const std::string& fileName) const {
  return !pluginDir().empty() && fs::exists(pluginDir() / fileName);
}

std::optional<fs::path> findMysqld(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return path;
  for (const char* place : {"bin/mysqld", "sbin/mysqld", "libexec/mysqld", "mysqld"}) {
    if (fs::is_regular_file(path / place, error)) return path / place;
  }
  return std::nullopt;
}

Installation installationAt(const fs::path& path, Milliseconds patience) {
  const auto mysqld = findMysqld(path);
  if (!mysqld) throw Error(ExitCode::installation, "no mysqld in " + path.string(), installRemedy);
  const fs::path program = fs::absolute(*mysqld).lexically_normal();
  return {basedirOf(program), program, askVersion(program, patience)};
}

Installation installationKnown(const fs::path& basedir, const fs::path& mysqld, const Version& version) {
  return {basedir, mysqld, version};
}

}  // namespace dlpx
