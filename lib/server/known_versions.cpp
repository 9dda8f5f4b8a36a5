#include "server/known_versions.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json_full.h"
#include "base/log.h"
#include "server/discovery_places.h"
#include "server/registry.h"

namespace dlpx::known_versions {
namespace {

fs::path file() {
  return registry::stateDirectory() / "versions.json";
}

bool isBinary(const fs::path& path) {
  char head[4] = {};
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd && read(fd.get(), head, sizeof head) == sizeof head &&
         std::string(head, 4) ==
             "\x7f"
             "ELF";
}

Json readKnown() {
  const Json known = Json::parse(readFileIfThere(file()).value_or("{}"), nullptr, false);
  return known.is_object() ? known : Json::object();
}

std::string wordOf(const Json& entry, const char* member) {
  return entry.is_object() && entry.contains(member) && entry[member].is_string()
             ? entry[member].get<std::string>()
             : std::string();
}

}  // namespace

std::string stampOf(const fs::path& program) {
  struct stat status = {};
  if (stat(program.c_str(), &status) != 0 || access(program.c_str(), X_OK) != 0 || !isBinary(program))
    return {};
  const auto text = [](const timespec& time) {
    return std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec);
  };
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + ":" +
         std::to_string(status.st_size) + ":" + text(status.st_mtim) + ":" + text(status.st_ctim);
}

std::optional<Installation> find(const fs::path& basedir) {
  const auto mysqld = findMysqld(basedir);
  if (!mysqld) return std::nullopt;
  const fs::path program = fs::absolute(*mysqld).lexically_normal();
  try {
    const std::string stamp = stampOf(program);
    const Json known = readKnown();
    if (stamp.empty() || !known.contains(program.string())) return std::nullopt;
    const Json& entry = known[program.string()];
    if (wordOf(entry, "file") != stamp) return std::nullopt;
    return installationKnown(basedirOf(program), program, Version::parse(wordOf(entry, "version")));
  } catch (const Error&) {
    return std::nullopt;  // the binary itself is asked
  }
}

void note(const fs::path& mysqld, const Version& version) {
  const std::string stamp = stampOf(mysqld);
  if (stamp.empty()) return;
  try {
    const Json known = readKnown();
    if (known.contains(mysqld.string()) && wordOf(known[mysqld.string()], "file") == stamp) return;
    Json kept = Json::object();
    std::error_code unseen;  // may be another user's: it goes, and is asked again
    for (const auto& [path, entry] : known.items())
      if (fs::exists(path, unseen)) kept[path] = entry;
    kept[mysqld.string()] = {{"file", stamp}, {"version", version.text()}};
    if (!fs::is_directory(file().parent_path())) makeDirectory(file().parent_path(), {0755, std::nullopt});
    writeFile(file(), pretty(kept), {0644, std::nullopt});
  } catch (const Error& e) {
    log::debug(std::string("the version of ") + mysqld.string() + " is not kept: " + e.what());
  }
}

}  // namespace dlpx::known_versions
