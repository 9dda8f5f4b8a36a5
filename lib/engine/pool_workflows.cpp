#include "base/error.h"
#include "base/journal.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/undo.h"
#include "engine/workflows.h"

namespace dlpx {
namespace {

std::string poolKey(const std::string& name) {
  return "pool." + name;  // '.' is in no object's name
}

PoolConfig configOf(const Engine& engine, const PoolRequest& request) {
  const fs::path beside = engine.home() / "pools" / request.name;
  PoolConfig config;
  config.name = request.name;
  config.kind = request.kind;
  config.root = fs::absolute(request.directory.value_or(beside));
  config.imageBytes = request.imageBytes;
  config.id = randomHex(8);
  if (request.kind == PoolKind::btrfs && (request.image || !request.directory)) {
    config.image = fs::absolute(request.image.value_or(beside.string() + ".img"));
  }
  return config;
}

bool isSame(const PoolConfig& there, const PoolConfig& wanted) {
  return there.kind == wanted.kind && there.root == wanted.root && there.image == wanted.image;
}

Json describe(const PoolConfig& config) {
  return {{"kind", std::string(name(config.kind))},
          {"root", config.root.string()},
          {"image", config.image.string()},
          {"id", config.id}};
}

// A killed 'pool create' has left what its journal names; the root was empty before and the image not there.
void clearUnfinishedPool(const Engine& engine, const std::string& poolName) {
  const Json left = Journal::entry(engine.journalFile(poolKey(poolName)));
  if (!left.is_object() || left.value("operation", "") != "pool create" || !left.contains("details")) return;
  PoolConfig config;
  config.name = poolName;
  config.kind = poolKindOf(left["details"].value("kind", ""));
  config.root = left["details"].value("root", "");
  config.image = left["details"].value("image", "");
  config.id = left["details"].value("id", "");
  openPool(config)->destroy();
}

}  // namespace

PoolConfig createPool(Engine& engine, const PoolRequest& request) {
  checkName(request.name);
  const FileLock lock = engine.lock(poolKey(request.name), "pool create");
  const PoolConfig wanted = configOf(engine, request);
  if (const auto there = engine.catalogue().findPool(request.name)) {
    if (!isSame(*there, wanted)) {
      throw Error(ExitCode::usage, "there is a pool '" + request.name + "' already, made otherwise",
                  "choose another name, or destroy that one first");
    }
    openPool(*there)->mount();
    return *there;
  }
  clearUnfinishedPool(engine, request.name);
  Journal journal(engine.journalFile(poolKey(request.name)), "pool create", {0600, std::nullopt});
  const auto pool = openPool(wanted);
  pool->requireNothingThere();
  journal.step("create", describe(wanted));
  Undo undo;
  pool->create();
  undo.add("destroy the pool", [&] { pool->destroy(); });
  journal.step("record", describe(wanted));
  engine.catalogue().addPool(wanted);
  undo.commit();
  removeTree(engine.journalFile(poolKey(request.name)));
  return wanted;
}

void destroyPool(Engine& engine, const std::string& name) {
  const FileLock lock = engine.lock(poolKey(name), "pool destroy");
  const auto config = engine.catalogue().findPool(name);
  if (!config) return clearUnfinishedPool(engine, name);
  for (const EngineObject& object : engine.catalogue().objects()) {
    if (object.pool != name) continue;
    throw Error(ExitCode::storage, "pool '" + name + "' still holds '" + object.name + "'",
                "delete what is in it first with 'dlpx-mysql-engine delete'");
  }
  openPool(*config)->destroy();
  engine.catalogue().removePool(name);
}

void mountPools(Engine& engine) {
  for (const PoolConfig& config : engine.catalogue().pools()) openPool(config)->mount();
}

}  // namespace dlpx
