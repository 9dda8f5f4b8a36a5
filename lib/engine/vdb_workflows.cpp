#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "engine/operation.h"
#include "engine/pair.h"
#include "engine/workflow_checks.h"
#include "engine/workflows.h"

namespace dlpx {
Origin findOrigin(Catalogue& catalogue, const std::string& from) {
  const size_t at = from.find('@');
  const EngineObject parent = catalogue.object(from.substr(0, at));
  requireReady(parent);
  requireNoReplica(parent, "provision");
  const auto name = at == std::string::npos ? std::nullopt : std::optional(from.substr(at + 1));
  return {parent, catalogue.snapshot(parent, name)};
}

namespace {

void inherit(ObjectSettings& settings, const ObjectSettings& parent, const std::string& key) {
  const auto found = parent.parameters.find(key);
  if (found != parent.parameters.end()) settings.parameters.insert(*found);
}

}  // namespace

// What the VDB's server must have in common with its parent's: the installation, the account it runs as, and
// that keyrings are kept out of snapshots.
EngineObject newVdb(const ProvisionRequest& request, const Origin& origin) {
  EngineObject object = newObject(ObjectKind::vdb, request, origin.parent.pool);
  object.parent = origin.parent.id;
  object.origin = origin.snapshot.id;
  const Json details = Json::parse(origin.snapshot.details, nullptr, false);
  inherit(object.settings, origin.parent.settings, "basedir");
  inherit(object.settings, origin.parent.settings, "os_user");
  inherit(object.settings, origin.parent.settings, "keyring_dir");
  if (details.is_object() && details.contains("snapBaseDir") && details["snapBaseDir"].is_string()) {
    object.settings.parameters.insert({"basedir", {details["snapBaseDir"].get<std::string>()}});
  }
  return object;
}

// Hooks of the user run once for both, with the VDB; so do events, whose effects come to the replica.
ProvisionRequest replicaRequest(const ProvisionRequest& request) {
  ProvisionRequest replica = request;
  replica.name = replicaName(request.name);
  checkName(replica.name);
  replica.settings.replicaOf = request.name;
  replica.settings.userHooks.clear();
  replica.settings.parameters.erase("events");
  replica.port = 0;
  replica.serverId = 0;
  return replica;
}

void requireSameVdb(const EngineObject& there, const ProvisionRequest& request, const Origin& origin) {
  const bool namesSnapshot = request.from.find('@') != std::string::npos;
  const bool same = there.kind == ObjectKind::vdb && there.parent == origin.parent.id &&
                    (!namesSnapshot || there.origin == origin.snapshot.id) && hasNumbersOf(there, request);
  if (!same) throw nameTaken(there);
}

void requireEnabled(const EngineObject& object) {
  requireReady(object, ObjectKind::vdb);
  if (object.state != ObjectState::disabled) return;
  throw Error(ExitCode::usage, "VDB '" + object.name + "' is disabled",
              "enable it with 'dlpx-mysql-engine enable " + object.name + "'");
}

EngineObject parentOf(Catalogue& catalogue, const EngineObject& vdb) {
  if (vdb.parent) return catalogue.object(*vdb.parent);
  throw Error(ExitCode::usage, "VDB '" + vdb.name + "' has no parent", "rewind it to a snapshot of its own");
}

namespace {

EngineObject alreadyProvisioned(Pair& pair, const ProvisionRequest& request) {
  const EngineObject& there = pair.primary().object;
  requireSameVdb(there, request, findOrigin(pair.primary().catalogue(), request.from));
  for (Operation* part : pair.primaryFirst()) {
    if (part->isActive()) continue;
    throw Error(ExitCode::usage, "VDB '" + part->name() + "' is there already, but it does not run",
                "start it with 'dlpx-mysql-engine start " + there.name + "'");
  }
  return there;
}

// Half-made ones go. True when all are there and whole; some of them are not ours to complete.
bool clearUnfinished(Pair& pair, bool withReplica) {
  size_t whole = 0;
  for (Operation* part : pair.replicaFirst()) {
    const auto found = part->catalogue().findObject(part->name());
    if (found && found->settings.replicaOf.empty() != (part == &pair.primary())) throw nameTaken(*found);
    if (clearUnfinished(*part)) ++whole;
  }
  const size_t wanted = pair.primaryFirst().size();
  const bool hasReplica = pair.primary().catalogue().findReplica(pair.primary().name()).has_value();
  if (whole == 0 && !hasReplica) return false;
  if (whole == wanted && hasReplica == withReplica) return true;
  throw nameTaken(pair.primary().catalogue().object(pair.primary().name()));
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

// From here on the catalogue says that they are there.
void finishVdbs(const Pair::Parts& parts, const std::vector<SnapshotRecord>& snapshots = {}) {
  std::vector<Catalogue::Saved> saved;
  for (size_t i = 0; i < parts.size(); ++i) {
    parts[i]->object.pending = Pending::none;
    parts[i]->object.state = ObjectState::enabled;
    parts[i]->step("record the VDB");
    saved.emplace_back(&parts[i]->object, snapshots.empty() ? nullptr : &snapshots[i]);
  }
  parts.front()->catalogue().save(saved);
}

void finishAll(const Pair::Parts& parts) {
  for (Operation* part : parts) part->finish();
}

// All of one name. A replica's is not younger than its primary's: what it lacks, the primary's log has.
std::vector<SnapshotRecord> takeSnapshots(const Pair::Parts& replicaFirst, Undo& undo) {
  const std::string name = newSnapshotName(*replicaFirst.back());
  std::vector<SnapshotRecord> snapshots;
  for (Operation* part : replicaFirst) snapshots.push_back(takeSnapshot(*part, false, undo, name));
  return snapshots;
}

struct Replacement {
  const char* before;
  const char* hook;
  const char* after;
};

void setAside(Operation& operation, Undo& undo) {
  operation.step("unconfigure");
  operation.object.pending = Pending::replacing;
  operation.catalogue().save(operation.object);
  undo.add("put back the VDB '" + operation.name() + "'", [&operation] { putBack(operation); });
  operation.hook("unconfigure");
  operation.step("set aside");
  operation.pool().renameDataset(operation.name(), asideName(operation.name()));
}

using Snapshots = std::vector<SnapshotRecord>;  // of each part, primary first

// What is not committed is put back under what the catalogue says.
void commitReplacement(const Pair::Parts& parts, const Snapshots& snapshots) {
  std::vector<EngineObject> before;
  for (size_t i = 0; i < parts.size(); ++i) {
    before.push_back(parts[i]->object);
    parts[i]->object.origin = snapshots[i].id;
  }
  try {
    finishVdbs(parts);
  } catch (...) {
    for (size_t i = 0; i < parts.size(); ++i) parts[i]->object = before[i];
    throw;
  }
}

// The datasets give way to clones of other snapshots. They are only set aside until the new ones serve.
EngineObject replaceDatasets(Pair& pair, const Snapshots& snapshots, const Replacement& how) {
  Operation& primary = pair.primary();
  const Pair::Parts parts = pair.primaryFirst();
  for (size_t i = 0; i < parts.size(); ++i) {
    Pool& pool = parts[i]->pool();
    requireFree(pool, kLeastFreeBytes + pool.bytesToCopy(refOf(primary.catalogue(), snapshots[i])));
  }
  primary.userHook(how.before);
  Undo undo;
  for (Operation* part : pair.replicaFirst()) setAside(*part, undo);
  for (size_t i = 0; i < parts.size(); ++i) {
    cloneAndConfigure(*parts[i], snapshots[i], how.hook);
    if (std::string(how.hook) == "configure") parts[i]->userHook("configure-clone");
  }
  commitReplacement(parts, snapshots);
  undo.commit();
  for (Operation* part : parts) {
    part->step("remove what was set aside");
    part->pool().removeDataset(asideName(part->name()));
  }
  primary.userHook(how.after);
  finishAll(parts);
  return primary.object;
}

void build(Operation& operation, const ProvisionRequest& request, const Origin& origin, Undo& undo) {
  operation.object = newVdb(request, origin);
  // A copy for the clone and one for its first snapshot, where the storage copies.
  const uint64_t copy = operation.pool().bytesToCopy(refOf(operation.catalogue(), origin.snapshot));
  requireFree(operation.pool(), kLeastFreeBytes + 2 * copy);
  operation.step("record the VDB");
  operation.catalogue().addObject(operation.object);
  undo.add("remove the half-made VDB '" + request.name + "'", [&operation] { dismantle(operation); });
  clearStorage(operation);
  cloneAndConfigure(operation, origin.snapshot, "configure");
  operation.userHook("configure-clone");
}

}  // namespace

EngineObject provision(Engine& engine, const ProvisionRequest& request) {
  checkName(request.name);
  if (request.withReplica) checkName(replicaName(request.name));
  if (const auto replica = engine.catalogue().findReplica(request.name); replica && !request.withReplica)
    requireReady(*replica);
  Pair pair(engine, request.name, "provision", request.withReplica);
  if (clearUnfinished(pair, request.withReplica)) return alreadyProvisioned(pair, request);
  const Origin origin = findOrigin(engine.catalogue(), request.from);
  Undo undo;
  for (Operation* part : pair.primaryFirst())
    build(*part, part == &pair.primary() ? request : replicaRequest(request), origin, undo);
  Undo snapshotUndo;
  const auto snapshots = takeSnapshots(pair.replicaFirst(), snapshotUndo);
  finishVdbs(pair.replicaFirst(), snapshots);
  snapshotUndo.commit();
  undo.commit();
  finishAll(pair.primaryFirst());
  return pair.primary().object;
}

SnapshotRecord takeVdbSnapshot(Engine& engine, const std::string& name) {
  Pair pair = Pair::load(engine, name, "snapshot");
  const Pair::Parts parts = pair.replicaFirst();
  for (Operation* part : parts) {
    requireEnabled(part->object);
    requireFree(part->pool(), kLeastFreeBytes + part->pool().bytesToCopy(part->name()));
  }
  pair.primary().userHook("pre-snapshot");
  Undo undo;
  const auto snapshots = takeSnapshots(parts, undo);
  std::vector<Catalogue::Saved> saved;
  for (size_t i = 0; i < parts.size(); ++i) {
    parts[i]->step("record the snapshot");
    saved.emplace_back(&parts[i]->object, &snapshots[i]);
  }
  engine.catalogue().save(saved);
  undo.commit();
  pair.primary().userHook("post-snapshot");
  finishAll(parts);
  return snapshots.back();
}

EngineObject refresh(Engine& engine, const std::string& name, const std::optional<std::string>& to) {
  Pair pair = Pair::load(engine, name, "refresh");
  for (Operation* part : pair.primaryFirst()) requireEnabled(part->object);
  const EngineObject parent = parentOf(engine.catalogue(), pair.primary().object);
  const SnapshotRecord snapshot = engine.catalogue().snapshot(parent, to);
  return replaceDatasets(pair, Snapshots(pair.primaryFirst().size(), snapshot),
                         {"pre-refresh", "configure", "post-refresh"});
}

EngineObject rewind(Engine& engine, const std::string& name, const std::optional<std::string>& to) {
  Pair pair = Pair::load(engine, name, "rewind");
  for (Operation* part : pair.primaryFirst()) requireEnabled(part->object);
  // By name: what was taken together goes together.
  Snapshots snapshots = {engine.catalogue().snapshot(pair.primary().object, to)};
  for (Operation* part : pair.primaryFirst()) {
    if (part != &pair.primary())
      snapshots.push_back(engine.catalogue().snapshot(part->object, snapshots.front().name));
  }
  return replaceDatasets(pair, snapshots, {"pre-rollback", "reconfigure", "post-rollback"});
}

namespace {

void startOne(Operation& operation) {
  requireEnabled(operation.object);
  operation.userHook("pre-start");
  operation.prepareMount();
  operation.step("start");
  operation.hook("start");
  operation.object.state = ObjectState::enabled;
  operation.catalogue().save(operation.object);
  operation.userHook("post-start");
  operation.finish();
}

void stopOne(Operation& operation) {
  if (operation.object.state == ObjectState::disabled) return;
  operation.userHook("pre-stop");
  operation.step("stop");
  operation.hook("stop");
  operation.object.state = ObjectState::stopped;
  operation.catalogue().save(operation.object);
  operation.userHook("post-stop");
  operation.finish();
}

}  // namespace

void start(Engine& engine, const std::string& name) {
  Pair pair = Pair::loadOrReplica(engine, name, "start");
  for (Operation* part : pair.primaryFirst()) startOne(*part);
}

void stop(Engine& engine, const std::string& name) {
  Pair pair = Pair::loadOrReplica(engine, name, "stop");
  for (Operation* part : pair.primaryFirst()) requireReady(part->object, ObjectKind::vdb);
  for (Operation* part : pair.replicaFirst()) stopOne(*part);
}

}  // namespace dlpx
