#include "base/error.h"
#include "base/journal.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/undo.h"
#include "engine/workflow_checks.h"
#include "engine/workflows.h"

namespace dlpx {
namespace {

constexpr const char* destroyOperation = "pool destroy";

// On a file of ours, where it is not on storage that the user has.
bool isImagePool(const PoolRequest& request) {
  if (request.kind == PoolKind::btrfs) return request.image || !request.directory;
  return request.kind == PoolKind::zfs && request.dataset.empty();
}

void requirePlace(const PoolRequest& request) {
  if (request.dataset.empty()) return;
  if (request.kind != PoolKind::zfs) {
    throw Error(ExitCode::usage, "a " + std::string(name(request.kind)) + " pool has no ZFS dataset",
                "leave --dataset out, or give --driver zfs");
  }
  if (request.image) {
    throw Error(ExitCode::usage, "a pool lies in a ZFS dataset or in an image file, not in both",
                "leave --dataset or --image out");
  }
}

}  // namespace

std::string poolKey(const std::string& name) {
  return "pool." + name;  // '.' is in no object's name
}

PoolConfig poolConfigOf(const Engine& engine, const PoolRequest& request) {
  requirePlace(request);
  const fs::path beside = engine.home() / "pools" / request.name;
  PoolConfig config;
  config.name = request.name;
  config.kind = request.kind;
  config.root = fs::absolute(request.directory.value_or(beside));
  config.imageBytes = request.imageBytes;
  config.id = randomHex(8);
  config.dataset = request.dataset;
  if (isImagePool(request)) config.image = fs::absolute(request.image.value_or(beside.string() + ".img"));
  return config;
}

static bool isSame(const PoolConfig& there, const PoolConfig& wanted) {
  return there.kind == wanted.kind && there.root == wanted.root && there.image == wanted.image &&
         there.dataset == wanted.dataset;
}

void requireSamePool(const PoolConfig& there, const PoolConfig& wanted) {
  if (isSame(there, wanted)) return;
  throw Error(ExitCode::usage, "there is a pool '" + wanted.name + "' already, made otherwise",
              "choose another name, or destroy that one first");
}

void requireEmptyPool(Engine& engine, const std::string& name) {
  for (const EngineObject& object : engine.catalogue().objects()) {
    if (object.pool != name) continue;
    throw Error(ExitCode::storage, "pool '" + name + "' still holds '" + object.name + "'",
                "delete what is in it first with 'dlpx-mysql-engine delete'");
  }
}

namespace {

Json describe(const PoolConfig& config) {
  return {{"kind", std::string(name(config.kind))},
          {"root", config.root.string()},
          {"image", config.image.string()},
          {"dataset", config.dataset},
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
  config.dataset = left["details"].value("dataset", "");
  config.id = left["details"].value("id", "");
  openPool(config)->destroy();
}

}  // namespace

PoolConfig createPool(Engine& engine, const PoolRequest& request) {
  checkName(request.name);
  const FileLock lock = engine.lock(poolKey(request.name), "pool create");
  const PoolConfig wanted = poolConfigOf(engine, request);
  if (const auto there = engine.catalogue().findPool(request.name)) {
    requireSamePool(*there, wanted);
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

void requireReachable(const Engine& engine, const PoolConfig& config) {
  // An image that is there goes whole, also one that cannot be mounted any more.
  if (!config.image.empty() && fs::exists(config.image)) return;
  // One that was killed may have removed it all.
  if (Journal::unfinished(engine.journalFile(poolKey(config.name))).operation == destroyOperation) return;
  try {
    openPool(config)->mount();
  } catch (const Error& error) {
    if (error.code() == ExitCode::interrupted) throw;
    throw Error(
        ExitCode::storage,
        "pool '" + config.name + "' cannot be reached, so what lies in it would stay: " + error.what(),
        "bring its storage back (mount its file system, 'zpool import'), then repeat the command; "
        "with --force a pool that is lost is only forgotten");
  }
}

void destroyPool(Engine& engine, const std::string& name) {
  const FileLock lock = engine.lock(poolKey(name), destroyOperation);
  const auto config = engine.catalogue().findPool(name);
  if (!config) return clearUnfinishedPool(engine, name);
  requireEmptyPool(engine, name);
  requireReachable(engine, *config);
  Journal journal(engine.journalFile(poolKey(name)), destroyOperation, {0600, std::nullopt});
  journal.step("destroy");
  openPool(*config)->destroy();
  journal.step("record");
  engine.catalogue().removePool(name);
  removeTree(engine.journalFile(poolKey(name)));
}

std::map<std::string, Error> mountPools(Engine& engine) {
  std::map<std::string, Error> problems;
  for (const PoolConfig& config : engine.catalogue().pools()) {
    try {
      openPool(config)->mount();
    } catch (const Error& error) {
      if (error.code() == ExitCode::interrupted) throw;
      problems.emplace(config.name, error);
    }
  }
  return problems;
}

}  // namespace dlpx
