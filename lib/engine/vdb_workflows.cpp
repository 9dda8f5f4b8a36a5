#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "engine/operation.h"
#include "engine/workflow_checks.h"
#include "engine/workflows.h"

namespace dlpx {
namespace {

struct Origin {
  EngineObject parent;
  SnapshotRecord snapshot;
};

// "shop" or "shop@20260131T134500Z".
Origin findOrigin(Catalogue& catalogue, const std::string& from) {
  const size_t at = from.find('@');
  const EngineObject parent = catalogue.object(from.substr(0, at));
  requireReady(parent);
  const auto name = at == std::string::npos ? std::nullopt : std::optional(from.substr(at + 1));
  return {parent, catalogue.snapshot(parent, name)};
}

void inherit(ObjectSettings& settings, const ObjectSettings& parent, const std::string& key) {
  const auto found = parent.parameters.find(key);
  if (found != parent.parameters.end()) settings.parameters.insert(*found);
}

// What the VDB's server must have in common with its parent's: the installation and the account it runs as.
EngineObject newVdb(const ProvisionRequest& request, const Origin& origin) {
  EngineObject object;
  object.name = request.name;
  object.kind = ObjectKind::vdb;
  object.pool = origin.parent.pool;
  object.parent = origin.parent.id;
  object.origin = origin.snapshot.id;
  object.port = request.port;
  object.serverId = request.serverId;
  object.settings = request.settings;
  const Json details = Json::parse(origin.snapshot.details, nullptr, false);
  inherit(object.settings, origin.parent.settings, "basedir");
  inherit(object.settings, origin.parent.settings, "os_user");
  if (details.is_object() && details.contains("snapBaseDir") && details["snapBaseDir"].is_string()) {
    object.settings.parameters.insert({"basedir", {details["snapBaseDir"].get<std::string>()}});
  }
  return object;
}

EngineObject alreadyProvisioned(Operation& operation, const ProvisionRequest& request) {
  const EngineObject& there = operation.object;
  const Origin origin = findOrigin(operation.catalogue(), request.from);
  const bool namesSnapshot = request.from.find('@') != std::string::npos;
  const bool same = there.kind == ObjectKind::vdb && there.parent == origin.parent.id &&
                    (!namesSnapshot || there.origin == origin.snapshot.id) &&
                    (request.port == 0 || request.port == there.port) &&
                    (request.serverId == 0 || request.serverId == there.serverId);
  if (!same) throw nameTaken(there);
  if (operation.isActive()) return there;
  throw Error(ExitCode::usage, "VDB '" + there.name + "' is there already, but it does not run",
              "start it with 'dlpx-mysql-engine start " + there.name + "'");
}

SnapshotRef refOf(Catalogue& catalogue, const SnapshotRecord& snapshot) {
  return {catalogue.object(snapshot.object).name, snapshot.name};
}

void cloneAndConfigure(Operation& operation, const SnapshotRecord& snapshot, const std::string& hook) {
  operation.step("clone");
  operation.pool().clone(refOf(operation.catalogue(), snapshot), operation.name());
  operation.prepareMount();
  operation.step(hook);
  operation.object.sourceConfig = operation.hook(hook).json;
}

EngineObject finishVdb(Operation& operation, const SnapshotRecord* snapshot) {
  operation.object.pending = Pending::none;
  operation.object.state = ObjectState::enabled;
  operation.step("record the VDB");
  operation.catalogue().save(operation.object, snapshot);  // from here on it is what the catalogue says
  return operation.object;
}

struct Replacement {
  const char* before;
  const char* hook;
  const char* after;
};

// The VDB's dataset gives way to a clone of another snapshot. It is only set aside until the new one serves.
EngineObject replaceDataset(Operation& operation, const SnapshotRecord& snapshot, const Replacement& how) {
  Pool& pool = operation.pool();
  const std::string& name = operation.name();
  requireFree(pool, kLeastFreeBytes + pool.bytesToCopy(refOf(operation.catalogue(), snapshot)));
  operation.userHook(how.before);
  operation.step("unconfigure");
  operation.object.pending = Pending::replacing;
  operation.catalogue().save(operation.object);
  Undo undo;
  undo.add("put back the VDB '" + name + "'", [&] { putBack(operation); });
  operation.hook("unconfigure");
  operation.step("set aside");
  pool.renameDataset(name, asideName(name));
  cloneAndConfigure(operation, snapshot, how.hook);
  if (std::string(how.hook) == "configure") operation.userHook("configure-clone");
  const EngineObject before = operation.object;
  operation.object.origin = snapshot.id;
  try {
    finishVdb(operation, nullptr);
  } catch (...) {
    operation.object = before;  // not committed: put back under what the catalogue says
    throw;
  }
  undo.commit();
  operation.step("remove what was set aside");
  pool.removeDataset(asideName(name));
  operation.userHook(how.after);
  operation.finish();
  return operation.object;
}

void requireEnabled(const EngineObject& object) {
  requireReady(object, ObjectKind::vdb);
  if (object.state != ObjectState::disabled) return;
  throw Error(ExitCode::usage, "VDB '" + object.name + "' is disabled",
              "enable it with 'dlpx-mysql-engine enable " + object.name + "'");
}

}  // namespace

EngineObject provision(Engine& engine, const ProvisionRequest& request) {
  checkName(request.name);
  Operation operation(engine, request.name, "provision");
  if (clearUnfinished(operation)) return alreadyProvisioned(operation, request);
  const Origin origin = findOrigin(engine.catalogue(), request.from);
  operation.object = newVdb(request, origin);
  // A copy for the clone and one for its first snapshot, where the storage copies.
  const uint64_t copy = operation.pool().bytesToCopy(refOf(engine.catalogue(), origin.snapshot));
  requireFree(operation.pool(), kLeastFreeBytes + 2 * copy);
  operation.step("record the VDB");
  engine.catalogue().addObject(operation.object);
  Undo undo;
  undo.add("remove the half-made VDB '" + request.name + "'", [&] { dismantle(operation); });
  clearStorage(operation);
  cloneAndConfigure(operation, origin.snapshot, "configure");
  operation.userHook("configure-clone");
  Undo snapshotUndo;
  const SnapshotRecord first = takeSnapshot(operation, false, snapshotUndo);
  finishVdb(operation, &first);
  snapshotUndo.commit();
  undo.commit();
  operation.finish();
  return operation.object;
}

SnapshotRecord takeVdbSnapshot(Engine& engine, const std::string& name) {
  Operation operation(engine, name, "snapshot");
  operation.load();
  requireEnabled(operation.object);
  requireFree(operation.pool(), kLeastFreeBytes + operation.pool().bytesToCopy(name));
  operation.userHook("pre-snapshot");
  Undo undo;
  const SnapshotRecord snapshot = takeSnapshot(operation, false, undo);
  operation.step("record the snapshot");
  engine.catalogue().save(operation.object, &snapshot);
  undo.commit();
  operation.userHook("post-snapshot");
  operation.finish();
  return snapshot;
}

EngineObject refresh(Engine& engine, const std::string& name, const std::optional<std::string>& to) {
  Operation operation(engine, name, "refresh");
  operation.load();
  requireEnabled(operation.object);
  if (!operation.object.parent) {
    throw Error(ExitCode::usage, "VDB '" + name + "' has no parent", "rewind it to a snapshot of its own");
  }
  const EngineObject parent = engine.catalogue().object(*operation.object.parent);
  return replaceDataset(operation, engine.catalogue().snapshot(parent, to),
                        {"pre-refresh", "configure", "post-refresh"});
}

EngineObject rewind(Engine& engine, const std::string& name, const std::optional<std::string>& to) {
  Operation operation(engine, name, "rewind");
  operation.load();
  requireEnabled(operation.object);
  return replaceDataset(operation, engine.catalogue().snapshot(operation.object, to),
                        {"pre-rollback", "reconfigure", "post-rollback"});
}

void start(Engine& engine, const std::string& name) {
  Operation operation(engine, name, "start");
  operation.load();
  requireEnabled(operation.object);
  operation.userHook("pre-start");
  operation.prepareMount();
  operation.step("start");
  operation.hook("start");
  operation.object.state = ObjectState::enabled;
  engine.catalogue().save(operation.object);
  operation.userHook("post-start");
  operation.finish();
}

void stop(Engine& engine, const std::string& name) {
  Operation operation(engine, name, "stop");
  operation.load();
  requireReady(operation.object, ObjectKind::vdb);
  if (operation.object.state == ObjectState::disabled) return;
  operation.userHook("pre-stop");
  operation.step("stop");
  operation.hook("stop");
  operation.object.state = ObjectState::stopped;
  engine.catalogue().save(operation.object);
  operation.userHook("post-stop");
  operation.finish();
}

}  // namespace dlpx
