#include "engine/catalogue.h"

#include <iterator>
#include <random>

#include "base/error.h"
#include "base/text.h"
#include "engine/catalogue_rows.h"
#include "process/proc.h"

namespace dlpx {
namespace {

// Below the range from which the kernel takes ports for outgoing connections.
constexpr int kFirstPort = 20000;
constexpr int kPorts = 12000;

// The first version's tables.
constexpr const char* kSchema[] = {
    "CREATE TABLE pool (name TEXT PRIMARY KEY, kind TEXT NOT NULL, root TEXT NOT NULL, image TEXT NOT NULL,"
    " identity TEXT NOT NULL)",
    // snapshot.origin and object.origin are what a dataset was cloned from: a snapshot with dependents stays.
    "CREATE TABLE object (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,"
    " state TEXT NOT NULL, pending TEXT NOT NULL, pool TEXT NOT NULL REFERENCES pool(name),"
    " parent INTEGER REFERENCES object(id), origin INTEGER REFERENCES snapshot(id),"
    " port INTEGER NOT NULL UNIQUE, server_id INTEGER NOT NULL UNIQUE, settings TEXT NOT NULL,"
    " source_config TEXT NOT NULL, created TEXT NOT NULL)",
    "CREATE TABLE snapshot (id INTEGER PRIMARY KEY AUTOINCREMENT, object INTEGER NOT NULL REFERENCES "
    "object(id),"
    " name TEXT NOT NULL, origin INTEGER REFERENCES snapshot(id), details TEXT NOT NULL, created TEXT NOT "
    "NULL,"
    " removing INTEGER NOT NULL DEFAULT 0, UNIQUE(object, name))",
};

// What leads from version 1 to 2, from 2 to 3 …
constexpr const char* kChanges[] = {"ALTER TABLE pool ADD COLUMN dataset TEXT NOT NULL DEFAULT ''"};
constexpr int64_t kSchemaVersion = 1 + std::size(kChanges);

}  // namespace

Catalogue::Catalogue(const fs::path& file, Database::Use use) : database_(file, use) {
  database_.transaction([this] { makeSchema(); });
}

void Catalogue::makeSchema() {
  int64_t version = integerOf(database_.query("PRAGMA user_version").at(0).at(0));
  if (version == kSchemaVersion) return;
  if (version < 0 || version > kSchemaVersion) {
    throw Error(ExitCode::storage,
                "the catalogue has schema version " + std::to_string(version) + ", this program knows " +
                    std::to_string(kSchemaVersion),
                "use the version of dlpx-mysql that wrote it, or a newer one");
  }
  if (version == 0) {
    for (const char* statement : kSchema) database_.execute(statement);
    version = 1;
  }
  for (; version < kSchemaVersion; ++version) database_.execute(kChanges[version - 1]);
  database_.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
}

std::vector<PoolConfig> Catalogue::pools() {
  std::vector<PoolConfig> pools;
  for (const SqlRow& row : database_.query(std::string(kPoolColumns) + "ORDER BY rowid"))
    pools.push_back(poolOf(row));
  return pools;
}

std::optional<PoolConfig> Catalogue::findPool(const std::string& name) {
  for (const PoolConfig& pool : pools()) {
    if (pool.name == name) return pool;
  }
  return std::nullopt;
}

PoolConfig Catalogue::pool(const std::string& name) {
  if (const auto found = findPool(name)) return *found;
  throw Error(
      ExitCode::usage, "there is no pool '" + name + "'",
      "see the pools with 'dlpx-mysql-engine pool status', or make one with 'dlpx-mysql-engine pool create'");
}

void Catalogue::addPool(const PoolConfig& pool) {
  database_.execute(
      "INSERT INTO pool (name, kind, root, image, identity, dataset) VALUES (?, ?, ?, ?, ?, ?)",
      {pool.name, word(pool.kind), pool.root.string(), pool.image.string(), pool.id, pool.dataset});
}

void Catalogue::removePool(const std::string& name) {
  database_.transaction([&] {
    std::vector<std::string> inside;
    for (const EngineObject& object : objects()) {
      if (object.pool == name) inside.push_back(object.name);
    }
    if (!inside.empty()) {
      throw Error(ExitCode::storage, "pool '" + name + "' still holds " + join(inside, ", "),
                  "delete them first with 'dlpx-mysql-engine delete'");
    }
    database_.execute("DELETE FROM pool WHERE name = ?", {name});
  });
}

std::vector<EngineObject> Catalogue::objects() {
  std::vector<EngineObject> objects;
  for (const SqlRow& row : database_.query(std::string(kObjectColumns) + "ORDER BY id")) {
    objects.push_back(objectOf(row));
  }
  return objects;
}

std::optional<EngineObject> Catalogue::findObject(const std::string& name) {
  const auto rows = database_.query(std::string(kObjectColumns) + "WHERE name = ?", {name});
  return rows.empty() ? std::nullopt : std::optional(objectOf(rows[0]));
}

EngineObject Catalogue::object(const std::string& name) {
  if (const auto found = findObject(name)) return *found;
  std::vector<std::string> names;
  for (const EngineObject& object : objects()) names.push_back(object.name);
  const std::string close = nearest(name, names);
  throw Error(
      ExitCode::usage, "there is no dSource or VDB '" + name + "'",
      close.empty() ? "see what there is with 'dlpx-mysql-engine list'" : "did you mean '" + close + "'?");
}

EngineObject Catalogue::object(int64_t id) {
  return objectOf(database_.query(std::string(kObjectColumns) + "WHERE id = ?", {id}).at(0));
}

void Catalogue::addObject(EngineObject& object) {
  database_.transaction([&] {
    choosePort(object);
    chooseServerId(object);
    if (object.origin) {
      const auto rows = database_.query("SELECT removing FROM snapshot WHERE id = ?", {*object.origin});
      if (rows.empty() || integerOf(rows[0][0]) != 0) {
        throw Error(ExitCode::storage, "the snapshot to provision from is being removed",
                    "choose another snapshot");
      }
    }
    object.created = utcNow();
    object.id = database_.execute(
        "INSERT INTO object (name, kind, state, pending, pool, parent, origin, port, server_id, settings,"
        " source_config, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {object.name, word(object.kind), word(object.state), word(object.pending), object.pool,
         orNull(object.parent), orNull(object.origin), int64_t(object.port), int64_t(object.serverId),
         toText(object.settings), object.sourceConfig, object.created});
  });
}

void Catalogue::choosePort(EngineObject& object) {
  const auto ownerOfPort = [&](int port) -> std::string {
    const auto rows = database_.query("SELECT name FROM object WHERE port = ?", {int64_t(port)});
    return rows.empty() ? "" : textOf(rows[0][0]);
  };
  if (object.port != 0) {
    const std::string owner = ownerOfPort(object.port);
    if (owner.empty()) return;
    throw Error(ExitCode::usage, "port " + std::to_string(object.port) + " belongs to '" + owner + "'",
                "choose another port, or leave --port out");
  }
  std::random_device random;
  const int start = static_cast<int>(random() % kPorts);
  for (int i = 0; i < kPorts && object.port == 0; ++i) {
    const int port = kFirstPort + (start + i) % kPorts;
    if (ownerOfPort(port).empty() && !listenerOf(static_cast<uint16_t>(port))) {
      object.port = static_cast<uint16_t>(port);
    }
  }
  if (object.port == 0) throw Error(ExitCode::usage, "no port is free", "give one with --port");
}

void Catalogue::chooseServerId(EngineObject& object) {
  const auto taken = [&](uint32_t id) {
    return !database_.query("SELECT 1 FROM object WHERE server_id = ?", {int64_t(id)}).empty();
  };
  if (object.serverId != 0 && taken(object.serverId)) {
    throw Error(ExitCode::usage,
                "server id " + std::to_string(object.serverId) + " is taken by another dSource or VDB",
                "choose another server id, or leave --server-id out");
  }
  std::random_device random;
  while (object.serverId == 0 || taken(object.serverId)) object.serverId = random();
}

void Catalogue::save(const EngineObject& object, const SnapshotRecord* snapshot) {
  save({Saved{&object, snapshot}});
}

void Catalogue::save(const std::vector<Saved>& objects) {
  database_.transaction([&] {
    for (const auto& [object, snapshot] : objects) {
      database_.execute(
          "UPDATE object SET state = ?, pending = ?, origin = ?, source_config = ? WHERE id = ?",
          {word(object->state), word(object->pending), orNull(object->origin), object->sourceConfig,
           object->id});
      if (snapshot != nullptr) insertSnapshot(*snapshot);
    }
  });
}

std::optional<EngineObject> Catalogue::findReplica(const std::string& primary) {
  for (const EngineObject& object : objects()) {
    if (object.settings.replicaOf == primary) return object;
  }
  return std::nullopt;
}

void Catalogue::insertSnapshot(const SnapshotRecord& snapshot) {
  database_.execute(
      "INSERT INTO snapshot (object, name, origin, details, created) VALUES (?, ?, ?, ?, ?)",
      {snapshot.object, snapshot.name, orNull(snapshot.origin), snapshot.details, snapshot.created});
}

void Catalogue::beginDelete(EngineObject& object) {
  database_.transaction([&] {
    requireNoDependents(object);
    database_.execute("UPDATE object SET pending = ? WHERE id = ?", {word(Pending::deleting), object.id});
    database_.execute("UPDATE snapshot SET removing = 1 WHERE object = ?", {object.id});
  });
  object.pending = Pending::deleting;
}

void Catalogue::removeObject(const EngineObject& object) {
  database_.transaction([&] {
    database_.execute("UPDATE object SET origin = NULL WHERE id = ?", {object.id});
    database_.execute("UPDATE snapshot SET origin = NULL WHERE object = ?", {object.id});
    database_.execute("UPDATE object SET parent = NULL WHERE parent = ?", {object.id});
    database_.execute("DELETE FROM snapshot WHERE object = ?", {object.id});
    database_.execute("DELETE FROM object WHERE id = ?", {object.id});
  });
}

std::vector<SnapshotRecord> Catalogue::snapshots(const EngineObject& object) {
  std::vector<SnapshotRecord> snapshots;
  for (const SqlRow& row : database_.query(
           std::string(kSnapshotColumns) + "WHERE object = ? AND removing = 0 ORDER BY id", {object.id})) {
    snapshots.push_back(snapshotOf(row));
  }
  return snapshots;
}

std::optional<SnapshotRecord> Catalogue::findSnapshot(const EngineObject& object, const std::string& name) {
  const auto rows = database_.query(
      std::string(kSnapshotColumns) + "WHERE object = ? AND name = ? AND removing = 0", {object.id, name});
  return rows.empty() ? std::nullopt : std::optional(snapshotOf(rows[0]));
}

SnapshotRecord Catalogue::snapshot(const EngineObject& object, const std::optional<std::string>& name) {
  if (name) {
    if (const auto found = findSnapshot(object, *name)) return *found;
    throw Error(ExitCode::usage, "'" + object.name + "' has no snapshot '" + *name + "'",
                "see its snapshots with 'dlpx-mysql-engine snapshots " + object.name + "'");
  }
  const auto all = snapshots(object);
  if (!all.empty()) return all.back();
  throw Error(ExitCode::usage, "'" + object.name + "' has no snapshot",
              std::string("take one with 'dlpx-mysql-engine ") +
                  (object.kind == ObjectKind::dsource ? "sync " : "snapshot ") + object.name + "'");
}

SnapshotRecord Catalogue::snapshot(int64_t id) {
  return snapshotOf(database_.query(std::string(kSnapshotColumns) + "WHERE id = ?", {id}).at(0));
}

std::vector<SqlRow> Catalogue::dependentRows(const SnapshotRecord& snapshot) {
  return database_.query(
      "SELECT id, name FROM object WHERE origin = ?1 UNION ALL"
      " SELECT o.id, o.name || '@' || s.name FROM snapshot s JOIN object o ON o.id = s.object WHERE s.origin "
      "= ?1",
      {snapshot.id});
}

std::vector<std::string> Catalogue::dependents(const SnapshotRecord& snapshot) {
  std::vector<std::string> names;
  for (const SqlRow& row : dependentRows(snapshot)) names.push_back(textOf(row[1]));
  return names;
}

void Catalogue::requireNoDependents(const EngineObject& object) {
  for (const SnapshotRecord& snapshot : snapshots(object)) requireNoDependents(snapshot, &object);
}

void Catalogue::requireNoDependents(const SnapshotRecord& snapshot, const EngineObject* exceptOf) {
  std::vector<std::string> names;
  for (const SqlRow& row : dependentRows(snapshot)) {
    if (exceptOf == nullptr || integerOf(row[0]) != exceptOf->id) names.push_back(textOf(row[1]));
  }
  if (names.empty()) return;
  throw Error(
      ExitCode::storage,
      "snapshot " + object(snapshot.object).name + "@" + snapshot.name + " is in use by " + join(names, ", "),
      "delete or refresh what depends on it first");
}

void Catalogue::beginRemoval(const SnapshotRecord& snapshot) {
  database_.transaction([&] {
    requireNoDependents(snapshot);
    database_.execute("UPDATE snapshot SET removing = 1 WHERE id = ?", {snapshot.id});
  });
}

void Catalogue::removeSnapshot(const SnapshotRecord& snapshot) {
  database_.execute("DELETE FROM snapshot WHERE id = ?", {snapshot.id});
}

void Catalogue::forgetRemoved(const EngineObject& object) {
  database_.execute("DELETE FROM snapshot WHERE object = ? AND removing = 1", {object.id});
}

}  // namespace dlpx
