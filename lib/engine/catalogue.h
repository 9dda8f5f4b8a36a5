#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/database.h"
#include "engine/pool.h"

namespace dlpx {

enum class ObjectKind { dsource, vdb };
// What its user wants of it; a reboot does not change it.
enum class ObjectState { enabled, stopped, disabled };
// What a workflow was doing to it when it wrote this: not over until it is `none` again.
enum class Pending { none, building, replacing, deleting };

std::string_view name(ObjectKind kind);
std::string_view name(ObjectState state);
std::string_view name(Pending pending);

// What was asked for at link or provision; it never holds a password.
struct ObjectSettings {
  std::map<std::string, std::vector<std::string>> parameters;  // YAML key → its values: what hooks read
  std::map<std::string, std::string> userHooks;                // hook point → absolute path of a script
  std::string replicaOf;  // the VDB, in the same pool, that this one is a replica of; empty: of none
};

// A dSource or a VDB.
struct EngineObject {
  int64_t id = 0;
  std::string name;  // also of its dataset
  ObjectKind kind = ObjectKind::dsource;
  ObjectState state = ObjectState::enabled;
  Pending pending = Pending::building;
  std::string pool;
  std::optional<int64_t> parent;  // the object that a VDB was provisioned from
  std::optional<int64_t> origin;  // the snapshot that its present dataset was cloned from
  uint16_t port = 0;
  uint32_t serverId = 0;
  ObjectSettings settings;
  std::string sourceConfig;  // JSON that the hooks returned; may be empty
  std::string created;       // UTC
};

struct SnapshotRecord {
  int64_t id = 0;
  int64_t object = 0;
  std::string name;               // unique within its object; ascending in time
  std::optional<int64_t> origin;  // its object's origin when it was taken
  std::string details;            // JSON that post-snapshot returned
  std::string created;            // UTC
};

// What the local engine knows, in <home>/catalogue.db; one that an older version wrote is brought up to date
// when it is opened. A snapshot counts once its row is there: rows are written last. Throws as Database does,
// and Error{usage} for names and ports that are taken or unknown.
class Catalogue {
 public:
  explicit Catalogue(const fs::path& file, Database::Use use = Database::Use::file);

  std::vector<PoolConfig> pools();
  std::optional<PoolConfig> findPool(const std::string& name);
  PoolConfig pool(const std::string& name);
  void addPool(const PoolConfig& pool);
  // Refused while an object lives in it.
  void removePool(const std::string& name);

  std::vector<EngineObject> objects();
  std::optional<EngineObject> findObject(const std::string& name);
  EngineObject object(const std::string& name);
  EngineObject object(int64_t id);
  // Takes name, port and server id, and from now on the origin cannot be removed. Sets the id. A port or
  // server id of 0 is chosen free.
  void addObject(EngineObject& object);
  // Writes state, pending, origin and source config; with a snapshot, in the same transaction, its row.
  void save(const EngineObject& object, const SnapshotRecord* snapshot = nullptr);
  // As save for all of them, or for none.
  using Saved = std::pair<const EngineObject*, const SnapshotRecord*>;
  void save(const std::vector<Saved>& objects);
  // The replica of a VDB.
  std::optional<EngineObject> findReplica(const std::string& primary);
  // Marks the object as deleting. Throws Error{storage} while other objects depend on its snapshots.
  void beginDelete(EngineObject& object);
  // With the rows of its snapshots.
  void removeObject(const EngineObject& object);

  std::vector<SnapshotRecord> snapshots(const EngineObject& object);  // oldest first
  std::optional<SnapshotRecord> findSnapshot(const EngineObject& object, const std::string& name);
  // By name, or the newest; Error{usage} when there is none.
  SnapshotRecord snapshot(const EngineObject& object, const std::optional<std::string>& name);
  SnapshotRecord snapshot(int64_t id);
  // Names of what was cloned from it: "vdb1", "vdb1@20260131T134500Z".
  std::vector<std::string> dependents(const SnapshotRecord& snapshot);
  // Throw Error{storage} while others, not counting `exceptOf`, depend on the snapshot or on one of the
  // object's.
  void requireNoDependents(const SnapshotRecord& snapshot, const EngineObject* exceptOf = nullptr);
  void requireNoDependents(const EngineObject& object);
  // From now on nothing can be made from it. Throws Error{storage} while it has dependents.
  void beginRemoval(const SnapshotRecord& snapshot);
  void removeSnapshot(const SnapshotRecord& snapshot);
  // Forgets snapshots whose removal was begun and whose storage is gone.
  void forgetRemoved(const EngineObject& object);

 private:
  void makeSchema();
  std::vector<SqlRow> dependentRows(const SnapshotRecord& snapshot);
  void choosePort(EngineObject& object);
  void chooseServerId(EngineObject& object);
  void insertSnapshot(const SnapshotRecord& snapshot);

  Database database_;
};

}  // namespace dlpx
