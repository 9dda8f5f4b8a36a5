#include <algorithm>

#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "engine/operation.h"

namespace dlpx {
namespace {

// Also those whose removal was begun: their storage goes before their row does.
void removeUnknownSnapshots(Operation& operation) {
  const auto known = operation.catalogue().snapshots(operation.object);
  for (const std::string& id : operation.pool().snapshots(operation.name())) {
    const bool counts = std::any_of(known.begin(), known.end(), [&](const auto& s) { return s.name == id; });
    if (!counts) operation.pool().removeSnapshot({operation.name(), id});
  }
  operation.catalogue().forgetRemoved(operation.object);
}

}  // namespace

std::string newSnapshotName(Operation& operation) {
  std::string stamp = utcNow();
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  std::string name = stamp;
  for (int n = 2; operation.pool().hasSnapshot({operation.name(), name}) ||
                  operation.catalogue().findSnapshot(operation.object, name);
       ++n) {
    name = stamp + "-" + std::to_string(n);
  }
  return name;
}

void recover(Operation& operation) {
  for (const std::string& dataset : {operation.name(), asideName(operation.name())})
    operation.pool().mend(dataset);
  const Pending pending = operation.object.pending;
  if (pending == Pending::building || pending == Pending::deleting) return;  // their own commands go on
  removeUnknownSnapshots(operation);
  if (pending == Pending::replacing) {
    putBack(operation);
  } else {
    operation.pool().removeDataset(asideName(operation.name()));
  }
}

void stopServer(Operation& operation) {
  if (!operation.pool().hasDataset(operation.name())) return;
  operation.step("stop the server");
  if (operation.object.kind == ObjectKind::dsource) {
    operation.hook("stop-staging");
  } else {
    operation.hook("unconfigure");
    operation.hook("cleanup");
  }
}

void removeAll(Operation& operation) {
  Pool& pool = operation.pool();
  const std::string& name = operation.name();
  operation.step("remove the storage");
  pool.removeDataset(name);
  pool.removeDataset(asideName(name));
  for (const std::string& id : pool.snapshots(name)) pool.removeSnapshot({name, id});
  operation.step("remove the record");
  removeTree(operation.engine().configFile(name));
  operation.catalogue().removeObject(operation.object);
  operation.forget();
}

void putBack(Operation& operation) {
  Pool& pool = operation.pool();
  const std::string& name = operation.name();
  const std::string aside = asideName(name);
  operation.step("put back what was before");
  if (pool.hasDataset(aside)) {
    if (pool.hasDataset(name)) operation.hook("unconfigure");
    pool.removeDataset(name);
    pool.renameDataset(aside, name);
  }
  operation.prepareMount();
  if (operation.object.state == ObjectState::enabled) operation.hook("reconfigure");
  operation.object.pending = Pending::none;
  operation.catalogue().save(operation.object);
}

SnapshotRecord takeSnapshot(Operation& operation, bool resync, Undo& undo, const std::string& name) {
  Pool& pool = operation.pool();
  const SnapshotRef ref = {operation.name(), name.empty() ? newSnapshotName(operation) : name};
  operation.step("pre-snapshot");
  operation.hook("pre-snapshot", {{"DLPX_MYSQL_RESYNC", resync ? "true" : "false"}});
  Undo resume;  // pre-snapshot may have paused the server: post-snapshot lets it go on, snapshot or not
  resume.add("let the server of '" + ref.dataset + "' go on", [&] { operation.hook("post-snapshot"); });
  operation.step("snapshot");
  const std::string created = utcNow();
  pool.snapshot(ref);
  resume.commit();
  undo.add("remove snapshot " + ref.id, [&pool, ref] { pool.removeSnapshot(ref); });
  operation.step("post-snapshot");
  const std::string details = operation.hook("post-snapshot").json;
  return {0, operation.object.id, ref.id, operation.object.origin, details, created};
}

}  // namespace dlpx
