#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "engine/workflow_checks.h"
#include "engine/workflows.h"
#include "process/proc.h"

namespace dlpx {
namespace {

std::vector<EngineObject> objectsIn(Engine& engine, const PoolConfig& config) {
  std::vector<EngineObject> inside = engine.catalogue().objects();
  std::erase_if(inside, [&](const EngineObject& object) { return object.pool != config.name; });
  // What was made from another before it.
  std::reverse(inside.begin(), inside.end());
  return inside;
}

bool canBeMounted(const PoolConfig& config) {
  try {
    openPool(config)->mount();
    return true;
  } catch (const Error&) {
    return false;
  }
}

// A server that still runs on what is left would be nobody's.
void requireNoProcess(const PoolConfig& config) {
  std::vector<std::string> users;
  for (const ProcessFacts& process : processesUsing(config.root))
    users.push_back(process.executable.filename().string() + " (pid " + std::to_string(process.pid) + ")");
  if (users.empty()) return;
  throw Error(ExitCode::storage,
              "the storage of pool '" + config.name + "' is lost, but " + join(users, ", ") + " uses " +
                  config.root.string() + " still",
              "end that first, then repeat the command");
}

void forget(Engine& engine, const EngineObject& object) {
  removeTree(engine.scratchDirectory(object.name));
  removeTree(engine.configFile(object.name));
  removeTree(engine.journalFile(object.name));
  engine.catalogue().removeObject(object);
}

void addKeyrings(const EngineObject& object, std::vector<fs::path>& keyrings) {
  const auto given = object.settings.parameters.find("keyring_dir");
  if (given == object.settings.parameters.end() || given->second.empty()) return;
  const fs::path directory = given->second.front();
  if (std::find(keyrings.begin(), keyrings.end(), directory) == keyrings.end()) keyrings.push_back(directory);
}

}  // namespace

std::vector<std::string> lostWith(Engine& engine, const PoolConfig& config) {
  requireNoProcess(config);
  std::vector<std::string> names;
  for (const EngineObject& object : objectsIn(engine, config)) names.push_back(object.name);
  return names;
}

std::optional<ForgottenPool> forgetLostPool(Engine& engine, const std::string& name) {
  const FileLock lock = engine.lock(poolKey(name), "pool destroy");
  const auto config = engine.catalogue().findPool(name);
  if (!config || canBeMounted(*config)) return std::nullopt;
  std::vector<FileLock> locks;  // all, before the first goes
  for (const EngineObject& object : objectsIn(engine, *config))
    locks.push_back(engine.lock(object.name, "pool destroy"));
  ForgottenPool forgotten{.objects = lostWith(engine, *config), .keyrings = {}};
  for (const EngineObject& object : objectsIn(engine, *config)) {
    addKeyrings(object, forgotten.keyrings);
    forget(engine, object);
  }
  engine.catalogue().removePool(name);
  return forgotten;
}

}  // namespace dlpx
