#include "engine/dry_run.h"

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "engine/workflow_checks.h"

namespace dlpx {
namespace {

// A workflow's steps being written down, for one object.
class Draft {
 public:
  explicit Draft(const EngineObject& object) : object_(object) {}

  Draft& add(const std::string& name, const std::string& what) {
    steps_.push_back({name, what});
    return *this;
  }
  Draft& hook(const std::string& name) { return add(name, "call the hook " + kind() + name); }
  Draft& hook(const std::string& step, const std::string& name) {
    return add(step, "call the hook " + kind() + name);
  }
  Draft& userHook(const std::string& point) {
    const auto script = object_.settings.userHooks.find(point);
    if (script != object_.settings.userHooks.end()) add("hook " + point, "run " + script->second);
    return *this;
  }
  Draft& snapshot(bool resync = false) {
    add("pre-snapshot",
        "call the hook " + kind() + "pre-snapshot" + (resync ? ", which ingests the source anew" : ""));
    add("snapshot", "take a snapshot of " + object_.name + " in pool " + object_.pool);
    return hook("post-snapshot");
  }
  Draft& clone(const SnapshotRecord& snapshot, const std::string& parent, const std::string& with) {
    add("clone", "clone snapshot " + parent + "@" + snapshot.name + " to " + object_.name);
    return hook("mount-specification").hook(with);
  }
  StepList steps() const { return steps_; }

 private:
  std::string kind() const { return object_.kind == ObjectKind::dsource ? "linked/" : "virtual/"; }

  const EngineObject& object_;
  StepList steps_;
};

EngineObject readyObject(Engine& engine, const std::string& name, std::optional<ObjectKind> kind = {}) {
  const EngineObject object = engine.catalogue().object(name);
  requireReady(object, kind);
  return object;
}

// What comes before a workflow of an object whose last one was killed.
void recovery(Draft& draft, const EngineObject& object) {
  if (object.pending == Pending::replacing)
    draft.add("put back what was before", "undo the refresh or rewind that was interrupted");
}

StepList syncSteps(Draft& draft, bool resync) {
  return draft.hook("mount-specification")
      .userHook("pre-sync")
      .snapshot(resync)
      .add("record the snapshot", "write it into the catalogue")
      .userHook("post-sync")
      .steps();
}

// What is left of an object that was not finished goes first.
void clearance(Engine& engine, const std::string& name, Draft& draft) {
  const auto there = engine.catalogue().findObject(name);
  if (!there) return;
  if (there->pending == Pending::deleting) requireReady(*there);
  draft.add("stop the server", "end what an interrupted attempt has started");
  draft.add("remove the storage", "remove what an interrupted attempt has made");
  draft.add("remove the record", "remove it from the catalogue");
}

// Of a VDB and its replica, primary first.
std::vector<EngineObject> partsOf(Engine& engine, const EngineObject& primary) {
  std::vector<EngineObject> parts = {primary};
  if (const auto replica = engine.catalogue().findReplica(primary.name)) parts.push_back(*replica);
  return parts;
}

// The steps of each part in this order; told apart by name where there are several.
StepList stepsOfEach(const std::vector<EngineObject>& parts,
                     const std::function<StepList(const EngineObject&)>& stepsOf) {
  StepList all;
  for (const EngineObject& part : parts) {
    for (Step step : stepsOf(part)) {
      if (parts.size() > 1) step.name = part.name + ": " + step.name;
      all.push_back(std::move(step));
    }
  }
  return all;
}

std::vector<EngineObject> reversed(std::vector<EngineObject> parts) {
  std::reverse(parts.begin(), parts.end());
  return parts;
}

bool isWhole(Engine& engine, const std::string& name) {
  const auto there = engine.catalogue().findObject(name);
  return there && there->pending == Pending::none;
}

StepList replaceSteps(Engine& engine, const EngineObject& vdb, const SnapshotRecord& snapshot,
                      bool isRefresh) {
  const std::string owner = engine.catalogue().object(snapshot.object).name;
  const auto pool = engine.pool(vdb.pool);
  requireFree(*pool, kLeastFreeBytes + pool->bytesToCopy(SnapshotRef{owner, snapshot.name}));
  Draft draft(vdb);
  recovery(draft, vdb);
  draft.userHook(isRefresh ? "pre-refresh" : "pre-rollback").hook("unconfigure");
  draft.add("set aside", "keep what " + vdb.name + " holds until the new one serves");
  draft.clone(snapshot, owner, isRefresh ? "configure" : "reconfigure");
  if (isRefresh) draft.userHook("configure-clone");
  draft.add("record the VDB", "write its origin into the catalogue");
  draft.add("remove what was set aside", "remove what " + vdb.name + " held before");
  return draft.userHook(isRefresh ? "post-refresh" : "post-rollback").steps();
}

void enableSteps(Draft& draft, const EngineObject& object) {
  recovery(draft, object);
  draft.hook("status");
  draft.add("mount-specification", "if it is not active: ask who is to own the mount");
  draft.add("start the server",
            std::string("if it is not active: call the hook ") +
                (object.kind == ObjectKind::dsource ? "linked/start-staging" : "virtual/reconfigure"));
}

}  // namespace

StepList planPoolCreate(Engine& engine, const PoolRequest& request) {
  checkName(request.name);
  const PoolConfig wanted = poolConfigOf(engine, request);
  if (const auto there = engine.catalogue().findPool(request.name)) {
    requireSamePool(*there, wanted);
    return {{"mount", "mount it on " + there->root.string() + " where it is not"}};
  }
  openPool(wanted)->requireNothingThere();
  const std::string kind(name(wanted.kind));
  return {{"create", "make a " + kind + " pool in " + wanted.root.string() +
                         (wanted.image.empty() ? "" : ", in the image file " + wanted.image.string()) +
                         (wanted.dataset.empty() ? "" : ", in the ZFS dataset " + wanted.dataset)},
          {"record", "write it into the catalogue"}};
}

namespace {

bool isThere(const PoolConfig& config) {
  try {
    openPool(config)->check();
    return true;
  } catch (const Error&) {
    return false;
  }
}

StepList forgetSteps(Engine& engine, const PoolConfig& config) {
  StepList steps = {
      {"mount", "mount pool " + config.name + "; where that succeeds, destroy it only if it is empty"}};
  for (const std::string& name : lostWith(engine, config))
    steps.push_back({"forget " + name, "remove it from the catalogue: its storage is lost"});
  steps.push_back({"record", "remove the pool from the catalogue"});
  return steps;
}

}  // namespace

StepList planPoolDestroy(Engine& engine, const std::string& name, bool force) {
  const auto config = engine.catalogue().findPool(name);
  if (!config) return {};
  if (force && !isThere(*config)) return forgetSteps(engine, *config);
  requireEmptyPool(engine, name);
  requireReachable(engine, *config);
  return {{"destroy", "unmount and remove " + config->root.string() +
                          (config->image.empty() ? "" : " and " + config->image.string())},
          {"record", "remove it from the catalogue"}};
}

StepList planLink(Engine& engine, const LinkRequest& request) {
  checkName(request.name);
  const EngineObject object = newDsource(request, choosePool(engine, request.pool));
  if (isWhole(engine, request.name)) {
    requireSameLink(engine.catalogue().object(request.name), request);
    return {};
  }
  requireFree(*engine.pool(object.pool), kLeastFreeBytes);
  Draft draft(object);
  clearance(engine, request.name, draft);
  draft.add("record the dSource", "write it into the catalogue");
  draft.add("create the dataset", "make " + object.name + " in pool " + object.pool);
  return syncSteps(draft, true);
}

StepList planSync(Engine& engine, const std::string& name, bool resync) {
  const EngineObject object = readyObject(engine, name, ObjectKind::dsource);
  const auto pool = engine.pool(object.pool);
  requireFree(*pool, kLeastFreeBytes + pool->bytesToCopy(name));
  Draft draft(object);
  return syncSteps(draft, resync);
}

StepList planProvision(Engine& engine, const ProvisionRequest& request) {
  checkName(request.name);
  const Origin origin = findOrigin(engine.catalogue(), request.from);
  if (isWhole(engine, request.name)) {
    requireSameVdb(engine.catalogue().object(request.name), request, origin);
    return {};
  }
  std::vector<EngineObject> parts = {newVdb(request, origin)};
  if (request.withReplica) parts.push_back(newVdb(replicaRequest(request), origin));
  const auto pool = engine.pool(parts.front().pool);
  const uint64_t copy = pool->bytesToCopy(SnapshotRef{origin.parent.name, origin.snapshot.name});
  requireFree(*pool, parts.size() * (kLeastFreeBytes + 2 * copy));
  StepList steps = stepsOfEach(parts, [&](const EngineObject& part) {
    Draft draft(part);
    clearance(engine, part.name, draft);
    draft.add("record the VDB", "write it into the catalogue");
    draft.clone(origin.snapshot, origin.parent.name, "configure");
    return draft.userHook("configure-clone").steps();
  });
  for (const Step& step : stepsOfEach(reversed(parts), [](const EngineObject& part) {
         return Draft(part)
             .snapshot()
             .add("record the VDB", "write it and its first snapshot into the catalogue")
             .steps();
       }))
    steps.push_back(step);
  return steps;
}

StepList planCreateEmpty(Engine& engine, const EmptyVdbRequest& request) {
  checkName(request.name);
  const EngineObject object = newEmptyVdb(request, choosePool(engine, request.pool));
  if (isWhole(engine, request.name)) {
    requireSameEmptyVdb(engine.catalogue().object(request.name), request);
    return {};
  }
  requireFree(*engine.pool(object.pool), kLeastFreeBytes);
  Draft draft(object);
  clearance(engine, request.name, draft);
  return draft.add("record the VDB", "write it into the catalogue")
      .add("create the dataset", "make " + object.name + " in pool " + object.pool)
      .hook("mount-specification")
      .hook("initialize")
      .userHook("configure-clone")
      .add("record the VDB", "write it into the catalogue")
      .steps();
}

StepList planSnapshot(Engine& engine, const std::string& name) {
  const EngineObject primary = engine.catalogue().object(name);
  requireNoReplica(primary, "snapshot");
  return stepsOfEach(reversed(partsOf(engine, primary)), [&](const EngineObject& object) {
    requireEnabled(object);
    const auto pool = engine.pool(object.pool);
    requireFree(*pool, kLeastFreeBytes + pool->bytesToCopy(object.name));
    Draft draft(object);
    recovery(draft, object);
    return draft.userHook("pre-snapshot")
        .snapshot()
        .add("record the snapshot", "write it into the catalogue")
        .userHook("post-snapshot")
        .steps();
  });
}

StepList planRefresh(Engine& engine, const std::string& name, const std::optional<std::string>& to) {
  const EngineObject vdb = engine.catalogue().object(name);
  requireNoReplica(vdb, "refresh");
  requireEnabled(vdb);
  const SnapshotRecord snapshot = engine.catalogue().snapshot(parentOf(engine.catalogue(), vdb), to);
  return stepsOfEach(partsOf(engine, vdb), [&](const EngineObject& part) {
    requireEnabled(part);
    return replaceSteps(engine, part, snapshot, true);
  });
}

StepList planRewind(Engine& engine, const std::string& name, const std::optional<std::string>& to) {
  const EngineObject vdb = engine.catalogue().object(name);
  requireNoReplica(vdb, "rewind");
  requireEnabled(vdb);
  const std::string snapshot = engine.catalogue().snapshot(vdb, to).name;
  return stepsOfEach(partsOf(engine, vdb), [&](const EngineObject& part) {
    requireEnabled(part);
    return replaceSteps(engine, part, engine.catalogue().snapshot(part, snapshot), false);
  });
}

StepList planStart(Engine& engine, const std::string& name) {
  return stepsOfEach(partsOf(engine, engine.catalogue().object(name)), [](const EngineObject& object) {
    requireEnabled(object);
    Draft draft(object);
    recovery(draft, object);
    return draft.userHook("pre-start")
        .hook("mount-specification")
        .hook("start")
        .userHook("post-start")
        .steps();
  });
}

StepList planStop(Engine& engine, const std::string& name) {
  const EngineObject vdb = readyObject(engine, name, ObjectKind::vdb);
  return stepsOfEach(reversed(partsOf(engine, vdb)), [](const EngineObject& object) {
    if (object.state == ObjectState::disabled) return StepList{};
    Draft draft(object);
    recovery(draft, object);
    return draft.userHook("pre-stop").hook("stop").userHook("post-stop").steps();
  });
}

StepList planEnable(Engine& engine, const std::string& name) {
  return stepsOfEach(partsOf(engine, readyObject(engine, name)), [](const EngineObject& object) {
    requireReady(object);
    Draft draft(object);
    enableSteps(draft, object);
    return draft.steps();
  });
}

StepList planDisable(Engine& engine, const std::string& name) {
  const auto parts = reversed(partsOf(engine, readyObject(engine, name)));
  return stepsOfEach(parts, [](const EngineObject& object) {
    requireReady(object);
    Draft draft(object);
    recovery(draft, object);
    return draft.hook("stop the server", object.kind == ObjectKind::dsource ? "stop-staging" : "unconfigure")
        .steps();
  });
}

namespace {

StepList removeSnapshotSteps(Engine& engine, const EngineObject& object, const std::string& name) {
  requireReady(object);
  const auto snapshot = engine.catalogue().findSnapshot(object, name);
  if (!snapshot) return {};
  engine.catalogue().requireNoDependents(*snapshot);
  return {{"remove snapshot " + name, "remove it from pool " + object.pool + " and the catalogue"}};
}

StepList removeSteps(Engine& engine, const EngineObject& object) {
  engine.catalogue().requireNoDependents(object);
  const bool wholeVdb = object.kind == ObjectKind::vdb && object.pending != Pending::building;
  Draft draft(object);
  if (wholeVdb) draft.userHook("pre-stop");
  if (engine.pool(object.pool)->hasDataset(object.name))
    draft.add("stop the server", object.kind == ObjectKind::dsource
                                     ? "call the hook linked/stop-staging"
                                     : "call the hooks virtual/unconfigure and virtual/cleanup");
  if (wholeVdb) draft.userHook("post-stop");
  return draft
      .add("remove the storage", "remove " + object.name + " and its snapshots from pool " + object.pool)
      .add("remove the record", "remove it from the catalogue")
      .steps();
}

}  // namespace

StepList planRemove(Engine& engine, const std::string& name) {
  const size_t at = name.find('@');
  const std::string objectName = name.substr(0, at);
  if (at == std::string::npos && !engine.catalogue().findObject(name)) return {};
  const EngineObject object = engine.catalogue().object(objectName);
  requireNoReplica(object, "delete");
  return stepsOfEach(reversed(partsOf(engine, object)), [&](const EngineObject& part) {
    return at == std::string::npos ? removeSteps(engine, part)
                                   : removeSnapshotSteps(engine, part, name.substr(at + 1));
  });
}

StepList planRetention(Engine& engine, const std::optional<std::string>& name,
                       const RetentionPolicy& policy) {
  StepList steps;
  for (const std::string& snapshot : chooseForRemoval(engine, name, policy).removed)
    steps.push_back({"delete " + snapshot, "remove it from its pool and the catalogue"});
  return steps;
}

StepList planUp(Engine& engine) {
  StepList steps;
  for (const PoolConfig& pool : engine.catalogue().pools())
    steps.push_back({"mount", "mount pool " + pool.name + " on " + pool.root.string() + " where it is not"});
  for (const EngineObject& object : engine.catalogue().objects()) {
    if (!isToRun(object)) continue;
    Draft draft(object);
    enableSteps(draft, object);
    for (const Step& step : draft.steps()) steps.push_back({object.name + ": " + step.name, step.what});
  }
  return steps;
}

}  // namespace dlpx
