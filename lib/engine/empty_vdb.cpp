#include "base/error.h"
#include "engine/operation.h"
#include "engine/workflow_checks.h"
#include "engine/workflows.h"

namespace dlpx {

EngineObject newEmptyVdb(const EmptyVdbRequest& request, const std::string& pool) {
  return newObject(ObjectKind::vdb, request, pool);
}

void requireSameEmptyVdb(const EngineObject& there, const EmptyVdbRequest& request) {
  const bool same = there.kind == ObjectKind::vdb && !there.parent &&
                    there.settings.parameters == request.settings.parameters && hasNumbersOf(there, request);
  if (!same) throw nameTaken(there);
}

namespace {

EngineObject alreadyMade(Operation& operation, const EmptyVdbRequest& request) {
  const EngineObject& there = operation.object;
  requireSameEmptyVdb(there, request);
  if (operation.isActive()) return there;
  throw Error(ExitCode::usage, "VDB '" + there.name + "' is there already, but it does not run",
              "start it with 'dlpx-mysql-engine start " + there.name + "'");
}

}  // namespace

EngineObject createEmpty(Engine& engine, const EmptyVdbRequest& request) {
  checkName(request.name);
  Operation operation(engine, request.name, "create-empty");
  const std::string pool = choosePool(engine, request.pool);
  if (clearUnfinished(operation)) return alreadyMade(operation, request);
  operation.object = newEmptyVdb(request, pool);
  requireFree(operation.pool(), kLeastFreeBytes);
  operation.step("record the VDB");
  engine.catalogue().addObject(operation.object);
  Undo undo;
  undo.add("remove the half-made VDB '" + request.name + "'", [&] { dismantle(operation); });
  operation.step("create the dataset");
  clearStorage(operation);
  operation.pool().createDataset(request.name);
  operation.prepareMount();
  operation.step("initialize");
  operation.object.sourceConfig = operation.hook("initialize").json;
  operation.userHook("configure-clone");
  operation.object.pending = Pending::none;
  operation.object.state = ObjectState::enabled;
  operation.step("record the VDB");
  engine.catalogue().save(operation.object);  // from here on it is what the catalogue says
  undo.commit();
  operation.finish();
  return operation.object;
}

}  // namespace dlpx
