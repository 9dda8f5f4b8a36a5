#include "engine/workflow_checks.h"

namespace dlpx {

Error nameTaken(const EngineObject& object) {
  return Error(ExitCode::usage,
               "there is a " + std::string(object.kind == ObjectKind::dsource ? "dSource" : "VDB") + " '" +
                   object.name + "' already, made otherwise",
               "choose another name, or delete that one first");
}

void requireReady(const EngineObject& object, std::optional<ObjectKind> kind) {
  const std::string known = "'" + object.name + "'";
  const bool dsource = object.kind == ObjectKind::dsource;
  if (object.pending == Pending::building) {
    throw Error(ExitCode::usage, known + " is not finished: its making was interrupted",
                std::string("repeat the ") + (dsource ? "link" : "provision") + ", or delete it");
  }
  if (object.pending == Pending::deleting) {
    throw Error(ExitCode::usage, known + " is being deleted",
                "repeat 'dlpx-mysql-engine delete " + object.name + "'");
  }
  if (!kind || *kind == object.kind) return;
  throw Error(ExitCode::usage, known + (dsource ? " is a dSource, not a VDB" : " is a VDB, not a dSource"),
              dsource ? "use sync, enable and disable for a dSource" : "use snapshot and refresh for a VDB");
}

std::string replicaName(const std::string& primary) {
  return primary + "-replica";
}

void requireNoReplica(const EngineObject& object, const std::string& command) {
  const std::string& primary = object.settings.replicaOf;
  if (primary.empty()) return;
  throw Error(ExitCode::usage, "'" + object.name + "' is the replica of '" + primary + "'",
              command == "provision"
                  ? "provision from '" + primary + "', which holds the same"
                  : "use 'dlpx-mysql-engine " + command + " " + primary + "', which does it to both");
}

void dismantle(Operation& operation) {
  stopServer(operation);
  removeAll(operation);
}

bool clearUnfinished(Operation& operation) {
  const auto found = operation.catalogue().findObject(operation.name());
  if (!found) return false;
  operation.load();
  if (operation.object.pending == Pending::deleting) requireReady(operation.object);
  if (operation.object.pending == Pending::none) return true;
  dismantle(operation);
  return false;
}

void clearStorage(Operation& operation) {
  Pool& pool = operation.pool();
  for (const std::string& id : pool.snapshots(operation.name())) pool.removeSnapshot({operation.name(), id});
  pool.removeDataset(operation.name());
  pool.removeDataset(asideName(operation.name()));
}

}  // namespace dlpx
