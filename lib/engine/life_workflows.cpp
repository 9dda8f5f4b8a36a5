#include "base/error.h"
#include "base/log.h"
#include "engine/operation.h"
#include "engine/workflow_checks.h"
#include "engine/workflows.h"

namespace dlpx {
namespace {

void enableSteps(Operation& operation) {
  const bool dsource = operation.object.kind == ObjectKind::dsource;
  if (!operation.isActive()) {
    operation.prepareMount();
    operation.step("start the server");
    operation.hook(dsource ? "start-staging" : "reconfigure");
  }
  operation.object.state = ObjectState::enabled;
  operation.catalogue().save(operation.object);
  operation.finish();
}

void removeOneSnapshot(Engine& engine, const std::string& name, const std::string& snapshotName) {
  Operation operation(engine, name, "delete");
  operation.load();
  requireReady(operation.object);
  const auto snapshot = engine.catalogue().findSnapshot(operation.object, snapshotName);
  if (!snapshot) return;
  operation.step("remove snapshot " + snapshotName);
  engine.catalogue().beginRemoval(*snapshot);
  operation.pool().removeSnapshot({name, snapshotName});
  engine.catalogue().removeSnapshot(*snapshot);
  operation.finish();
}

void removeObject(Engine& engine, const std::string& name) {
  Operation operation(engine, name, "delete");
  if (!engine.catalogue().findObject(name)) return;
  operation.load();
  const bool wholeVdb =
      operation.object.kind == ObjectKind::vdb && operation.object.pending != Pending::building;
  engine.catalogue().beginDelete(operation.object);
  if (wholeVdb) operation.userHook("pre-stop");
  stopServer(operation);
  if (wholeVdb) operation.userHook("post-stop");
  removeAll(operation);
}

}  // namespace

void enable(Engine& engine, const std::string& name) {
  Operation operation(engine, name, "enable");
  operation.load();
  requireReady(operation.object);
  enableSteps(operation);
}

void disable(Engine& engine, const std::string& name) {
  Operation operation(engine, name, "disable");
  operation.load();
  requireReady(operation.object);
  operation.step("stop the server");
  operation.hook(operation.object.kind == ObjectKind::dsource ? "stop-staging" : "unconfigure");
  operation.object.state = ObjectState::disabled;
  engine.catalogue().save(operation.object);
  operation.finish();
}

void remove(Engine& engine, const std::string& name) {
  const size_t at = name.find('@');
  if (at == std::string::npos) return removeObject(engine, name);
  removeOneSnapshot(engine, name.substr(0, at), name.substr(at + 1));
}

std::vector<UpResult> up(Engine& engine) {
  std::vector<UpResult> results;
  mountPools(engine);
  for (const EngineObject& object : engine.catalogue().objects()) {
    if (object.state != ObjectState::enabled || object.pending == Pending::building ||
        object.pending == Pending::deleting) {
      continue;
    }
    try {
      enable(engine, object.name);
      results.push_back({object.name, ""});
    } catch (const Error& error) {
      log::error(object.name + ": " + error.what());
      results.push_back({object.name, error.what()});
    }
  }
  return results;
}

}  // namespace dlpx
