#include "base/error.h"
#include "base/text.h"
#include "engine/operation.h"
#include "engine/workflow_checks.h"
#include "engine/workflows.h"

namespace dlpx {

EngineObject newDsource(const LinkRequest& request, const std::string& pool) {
  return newObject(ObjectKind::dsource, request, pool);
}

std::string choosePool(Engine& engine, const std::string& named) {
  if (!named.empty()) return engine.catalogue().pool(named).name;
  const auto pools = engine.catalogue().pools();
  if (pools.size() == 1) return pools[0].name;
  throw Error(ExitCode::usage, pools.empty() ? "there is no pool" : "there are several pools",
              pools.empty() ? "make one with 'dlpx-mysql-engine pool create'" : "name one with --pool");
}

void requireSameLink(const EngineObject& there, const LinkRequest& request) {
  const bool same = there.kind == ObjectKind::dsource &&
                    there.settings.parameters == request.settings.parameters &&
                    there.settings.userHooks == request.settings.userHooks && hasNumbersOf(there, request);
  if (!same) throw nameTaken(there);
}

namespace {

SnapshotRecord syncSteps(Operation& operation, bool resync) {
  requireFree(operation.pool(), kLeastFreeBytes + operation.pool().bytesToCopy(operation.name()));
  Undo undo;
  operation.prepareMount();
  operation.userHook("pre-sync");
  const SnapshotRecord snapshot = takeSnapshot(operation, resync, undo);
  operation.object.pending = Pending::none;
  operation.object.state = ObjectState::enabled;
  operation.step("record the snapshot");
  operation.catalogue().save(operation.object, &snapshot);  // from here on the snapshot counts
  undo.commit();
  return snapshot;
}

}  // namespace

SnapshotRecord link(Engine& engine, const LinkRequest& request) {
  checkName(request.name);
  Operation operation(engine, request.name, "link");
  const std::string pool = choosePool(engine, request.pool);
  if (clearUnfinished(operation)) {
    requireSameLink(operation.object, request);
    return engine.catalogue().snapshot(operation.object, std::nullopt);
  }
  operation.object = newDsource(request, pool);
  requireFree(operation.pool(), kLeastFreeBytes);
  operation.step("record the dSource");
  engine.catalogue().addObject(operation.object);
  Undo undo;
  undo.add("remove the half-made dSource '" + request.name + "'", [&] { dismantle(operation); });
  operation.step("create the dataset");
  clearStorage(operation);
  operation.pool().createDataset(request.name);
  const SnapshotRecord snapshot = syncSteps(operation, true);
  undo.commit();
  operation.userHook("post-sync");
  operation.finish();
  return snapshot;
}

SnapshotRecord sync(Engine& engine, const std::string& name, bool resync) {
  Operation operation(engine, name, "sync");
  operation.load();
  requireReady(operation.object, ObjectKind::dsource);
  const SnapshotRecord snapshot = syncSteps(operation, resync);
  operation.userHook("post-sync");
  operation.finish();
  return snapshot;
}

}  // namespace dlpx
