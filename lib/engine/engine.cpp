#include "engine/engine.h"

#include <algorithm>

#include "base/error.h"

namespace dlpx {
namespace {

constexpr FileTraits kClosed = {0700, std::nullopt};

EngineOptions withHome(EngineOptions options) {
  options.home = options.toLook ? fs::absolute(options.home) : makeHome(options.home);
  return options;
}

}  // namespace

// Others must be able to walk to the mounts below; everything else in the home is closed.
fs::path makeHome(const fs::path& path) {
  const fs::path home = fs::absolute(path);
  if (!fs::exists(home)) makeDirectory(home, {0755, std::nullopt});
  makeDirectory(home / "pools", {0755, std::nullopt});
  for (const char* closed : {"config", "operations", "locks", "logs"}) makeDirectory(home / closed, kClosed);
  return home;
}

Engine::Engine(EngineOptions options)
    : options_(withHome(std::move(options))),
      catalogue_(home() / "catalogue.db", options_.toLook ? Database::Use::copy : Database::Use::file) {}

std::unique_ptr<Pool> Engine::pool(const std::string& name) {
  std::unique_ptr<Pool> pool = openPool(catalogue_.pool(name));
  pool->check();
  return pool;
}

FileLock Engine::lock(const std::string& name, const std::string& operation) const {
  return FileLock::acquire(home() / "locks" / (name + ".lock"), operation, Deadline::in(Seconds(2)));
}

fs::path Engine::journalFile(const std::string& name) const {
  return home() / "operations" / (name + ".state.json");
}

fs::path Engine::scratchDirectory(const std::string& name) const {
  return home() / "operations" / (name + ".run");
}

fs::path Engine::configFile(const std::string& name) const {
  return home() / "config" / (name + ".yaml");
}

void checkName(const std::string& name) {
  const auto letter = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  const bool right =
      !name.empty() && name.size() <= 64 && letter(name.front()) &&
      std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || c == '-' || c == '_'; });
  if (right) return;
  throw Error(ExitCode::usage, "'" + name + "' is not a name",
              "use letters, digits, '-' and '_', at most 64, beginning with a letter or digit");
}

}  // namespace dlpx
