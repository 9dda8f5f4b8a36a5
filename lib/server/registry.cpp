#include "server/registry.h"

#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"

namespace dlpx::registry {
namespace {

// HOME, else what the host knows: never a place that others can fill.
fs::path home() {
  if (const char* given = std::getenv("HOME"); given != nullptr && *given != '\0') return given;
  const passwd* const self = getpwuid(geteuid());
  return self != nullptr ? self->pw_dir : "/nonexistent";
}

fs::path directory() {
  if (const char* given = std::getenv("DLPX_MYSQL_REGISTRY"); given != nullptr && *given != '\0')
    return given;
  if (geteuid() == 0) return "/var/lib/dlpx-mysql/instances";
  return home() / ".local/state/dlpx-mysql/instances";
}

fs::path fileOf(uint16_t port) {
  return directory() / std::to_string(port);
}

}  // namespace

void enter(uint16_t port, const fs::path& mount) {
  if (port == 0 || find(port) == mount) return;
  try {
    if (!fs::is_directory(directory())) makeDirectory(directory(), {0755, std::nullopt});
    writeFile(fileOf(port), mount.string() + "\n", {0644, std::nullopt});
  } catch (const Error& e) {
    log::warning(std::string("the instance is not in the registry of ports: ") + e.what());
  }
}

std::optional<fs::path> find(uint16_t port) {
  const auto entry = readFileIfThere(fileOf(port));
  if (!entry) return std::nullopt;
  return fs::path(trim(*entry));
}

std::vector<fs::path> mounts() {
  std::set<uint16_t> ports;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(directory(), none)) {
    const std::string name = entry.path().filename();
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), port);
    if (error == std::errc() && end == name.data() + name.size()) ports.insert(port);
  }
  std::vector<fs::path> found;
  for (const uint16_t port : ports) {
    if (const auto mount = find(port)) found.push_back(*mount);
  }
  return found;
}

void forget(uint16_t port, const fs::path& mount) {
  if (find(port) != mount) return;
  std::error_code ignored;
  fs::remove(fileOf(port), ignored);
}

fs::path stateDirectory() {
  return fs::absolute(directory()).lexically_normal().parent_path();
}

}  // namespace dlpx::registry
