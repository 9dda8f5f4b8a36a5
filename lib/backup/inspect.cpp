#include "backup/inspect.h"

#include "base/error.h"

namespace dlpx {
namespace {

// Series in which a data directory may be started by the next one's server: it upgrades it.
bool upgradesInPlace(const Version& data, const Version& server) {
  if (sameSeries(data, server)) return !(server < data);
  if (data.major == 5) return data.minor == 7 && server.major == 8 && server.minor == 0;
  if (data.major == 8) {
    const bool toLts = server.major == 8 && server.minor == 4 && data.minor < 4;
    return toLts || (data.minor == 4 && server.major == 9);
  }
  return data.major == 9 && server.major == 9 && data < server;
}

}  // namespace

BackupFacts inspectBackup(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    throw Error(ExitCode::providedBackup, "backup " + path.string() + " does not exist, or we may not see it",
                "name an existing file or directory that this user may read");
  }
  try {
    return fs::is_directory(path) ? inspectDirectory(path) : inspectFile(path);
  } catch (const fs::filesystem_error& e) {
    throw unreadableBackup(e.path1().empty() ? path : e.path1(), e.code().message());
  } catch (const Error& e) {
    if (e.code() == ExitCode::storage) throw unreadableBackup(path, e.what());
    throw;
  }
}

Error unreadableBackup(const fs::path& path, const std::string& why) {
  return Error(ExitCode::providedBackup, "backup " + path.string() + " cannot be read: " + why,
               "let this user read it, or name another backup; nothing was changed");
}

std::string versionProblem(const BackupFacts& facts, const Version& target) {
  if (!facts.serverVersion) {
    return isPhysical(facts.kind) ? "it is not known which release of MySQL wrote it" : std::string();
  }
  const Version& from = *facts.serverVersion;
  if (from.isMariaDb()) return "it is of a MariaDB server, " + from.text();
  const std::string both = "it is of MySQL " + from.text() + " and the server is " + target.text();
  if (isPhysical(facts.kind)) return upgradesInPlace(from, target) ? std::string() : both;
  const bool newer = from.major > target.major || (from.major == target.major && from.minor > target.minor);
  return newer ? both : std::string();
}

BackupFacts requireBackup(const fs::path& path, const Version& target, bool trustUnknown) {
  BackupFacts facts = inspectBackup(path);
  const std::string name = "backup " + path.string();
  if (facts.completeness == Completeness::incomplete) {
    throw Error(ExitCode::providedBackup, name + " is not complete: " + facts.incompleteBecause,
                (facts.remedy.empty() ? "take the backup again" : facts.remedy) + "; nothing was changed");
  }
  if (facts.completeness == Completeness::unknown && !trustUnknown) {
    throw Error(ExitCode::providedBackup,
                "it cannot be told whether " + name + " is complete: " + facts.incompleteBecause,
                "take it without --skip-comments, or repeat the command with --force");
  }
  if (const std::string problem = versionProblem(facts, target); !problem.empty()) {
    throw Error(ExitCode::providedBackup, name + " does not fit: " + problem,
                "use a MySQL installation that fits the backup; nothing was changed");
  }
  return facts;
}

}  // namespace dlpx
