#include "base/error.h"
#include "base/log.h"
#include "engine/operation.h"
#include "engine/pair.h"
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

void disableSteps(Operation& operation) {
  operation.step("stop the server");
  operation.hook(operation.object.kind == ObjectKind::dsource ? "stop-staging" : "unconfigure");
  operation.object.state = ObjectState::disabled;
  operation.catalogue().save(operation.object);
  operation.finish();
}

void enableOne(Engine& engine, const std::string& name) {
  Operation operation(engine, name, "enable");
  operation.load();
  requireReady(operation.object);
  enableSteps(operation);
}

void removeOneSnapshot(Engine& engine, const std::string& name, const std::string& snapshotName) {
  Pair pair = Pair::load(engine, name, "delete");
  for (Operation* part : pair.primaryFirst()) {
    requireReady(part->object);
    const auto snapshot = engine.catalogue().findSnapshot(part->object, snapshotName);
    if (snapshot) engine.catalogue().requireNoDependents(*snapshot);
  }
  for (Operation* part : pair.replicaFirst()) {
    const auto snapshot = engine.catalogue().findSnapshot(part->object, snapshotName);
    if (!snapshot) continue;
    part->step("remove snapshot " + snapshotName);
    engine.catalogue().beginRemoval(*snapshot);
    part->pool().removeSnapshot({part->name(), snapshotName});
    engine.catalogue().removeSnapshot(*snapshot);
    part->finish();
  }
}

fs::path keyringsLeftBy(const EngineObject& object) {
  const auto given = object.settings.parameters.find("keyring_dir");
  const bool stays = object.kind == ObjectKind::dsource && given != object.settings.parameters.end();
  return stays && !given->second.empty() ? given->second.front() : "";
}

fs::path removeOne(Operation& operation) {
  const bool wholeVdb =
      operation.object.kind == ObjectKind::vdb && operation.object.pending != Pending::building;
  operation.catalogue().beginDelete(operation.object);
  if (wholeVdb) operation.userHook("pre-stop");
  stopServer(operation);
  if (wholeVdb) operation.userHook("post-stop");
  const fs::path keyrings = keyringsLeftBy(operation.object);
  removeAll(operation);
  return keyrings;
}

fs::path removeObject(Engine& engine, const std::string& name) {
  if (!engine.catalogue().findObject(name)) return {};
  Pair pair = Pair::load(engine, name, "delete");
  for (Operation* part : pair.primaryFirst()) engine.catalogue().requireNoDependents(part->object);
  fs::path keyrings;
  for (Operation* part : pair.replicaFirst()) keyrings = removeOne(*part);
  return keyrings;
}

}  // namespace

void enable(Engine& engine, const std::string& name) {
  Pair pair = Pair::loadOrReplica(engine, name, "enable");
  for (Operation* part : pair.primaryFirst()) requireReady(part->object);
  for (Operation* part : pair.primaryFirst()) enableSteps(*part);
}

void disable(Engine& engine, const std::string& name) {
  Pair pair = Pair::loadOrReplica(engine, name, "disable");
  for (Operation* part : pair.primaryFirst()) requireReady(part->object);
  for (Operation* part : pair.replicaFirst()) disableSteps(*part);
}

fs::path remove(Engine& engine, const std::string& name) {
  const size_t at = name.find('@');
  if (at == std::string::npos) return removeObject(engine, name);
  removeOneSnapshot(engine, name.substr(0, at), name.substr(at + 1));
  return {};
}

bool isToRun(const EngineObject& object) {
  return object.state == ObjectState::enabled && object.pending != Pending::building &&
         object.pending != Pending::deleting;
}

std::vector<UpResult> up(Engine& engine) {
  std::vector<UpResult> results;
  const auto poolProblems = mountPools(engine);
  for (const EngineObject& object : engine.catalogue().objects()) {
    if (!isToRun(object)) continue;
    try {
      const auto problem = poolProblems.find(object.pool);
      if (problem != poolProblems.end()) throw problem->second;
      enableOne(engine, object.name);
      results.push_back({object.name, ""});
    } catch (const Error& error) {
      if (error.code() == ExitCode::interrupted) throw;
      log::error(object.name + ": " + error.what());
      results.push_back({object.name, error.what() + (error.remedy().empty() ? "" : "; " + error.remedy())});
    }
  }
  return results;
}

}  // namespace dlpx
