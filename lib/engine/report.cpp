#include "engine/report.h"

#include "base/error.h"
#include "base/text.h"
#include "engine/operation.h"
#include "engine/report_text.h"
#include "engine/tables.h"
#include "engine/workflows.h"

namespace dlpx {
namespace {

std::string fullName(Engine& engine, const SnapshotRecord& snapshot) {
  return engine.catalogue().object(snapshot.object).name + "@" + snapshot.name;
}

std::string originName(Engine& engine, const EngineObject& object) {
  return object.origin ? fullName(engine, engine.catalogue().snapshot(*object.origin)) : "";
}

std::string stateWord(const EngineObject& object) {
  return std::string(object.pending == Pending::none ? name(object.state) : name(object.pending));
}

Json parsed(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json() : json;
}

struct Activity {
  std::string word;
  std::string problem;
  Json replication;  // of a replica, as its hook tells it
};

// ACTIVE or INACTIVE from the object's hook; "UNKNOWN" and the reason when it cannot tell. Takes the lock
// only for as long as the hook runs; an object that a workflow works on is "BUSY".
Activity activityOf(Engine& engine, const EngineObject& object) {
  try {
    Operation operation(engine, object.name, "status");
    operation.object = object;
    if (!operation.pool().hasDataset(object.name)) return {"INACTIVE", "its dataset is not there", {}};
    const Json told = operation.status();
    return {told["status"] == "ACTIVE" ? "ACTIVE" : "INACTIVE", "", told.value("replication", Json())};
  } catch (const Error& error) {
    return {error.code() == ExitCode::locked ? "BUSY" : "UNKNOWN", error.what(), {}};
  }
}

void addReplication(Json& json, const Json& replication) {
  if (!replication.is_object()) return;
  json["replication"] = replication;
  const Json lag = replication.value("lagSeconds", Json());
  if (lag.is_number()) json["lagSeconds"] = lag;
}

// What its hook knows of a dSource's replication; nothing when it cannot tell.
void askReplication(Engine& engine, const EngineObject& object, Json& json) {
  try {
    Operation operation(engine, object.name, "status");
    operation.object = object;
    const Json told = parsed(operation.hook("status", {{"DLPX_MYSQL_ACTIVE_ONLY", "false"}}).json);
    if (told.is_object()) addReplication(json, told.value("replication", Json()));
  } catch (const Error& error) {
    json["problem"] = error.what();
  }
}

// Nothing while its pool is not there: activityOf() says why.
std::optional<uint64_t> ownBytes(Engine& engine, const EngineObject& object) {
  const auto pool = openPool(engine.catalogue().pool(object.pool));
  try {
    pool->check();
  } catch (const Error&) {
    return std::nullopt;
  }
  return pool->hasDataset(object.name) ? std::optional(pool->ownBytes(object.name)) : std::nullopt;
}

constexpr const char* kNothingThere = "there is no dSource and no VDB\n";

void addTimeflow(Engine& engine, const EngineObject& object, Json& json) {
  const auto snapshots = engine.catalogue().snapshots(object);
  json["snapshots"] = snapshots.size();
  if (snapshots.empty()) return;
  json["newestSnapshot"] = snapshots.back().name;
  json["newestSnapshotCreated"] = snapshots.back().created;
}

Json objectStatus(Engine& engine, const EngineObject& object) {
  Json json = describe(engine, object);
  const Activity activity = activityOf(engine, object);
  json["status"] = activity.word;
  if (!activity.problem.empty()) json["problem"] = activity.problem;
  addReplication(json, activity.replication);
  if (object.kind == ObjectKind::dsource && activity.word == "ACTIVE") askReplication(engine, object, json);
  if (const auto own = ownBytes(engine, object)) json["ownBytes"] = *own;
  addTimeflow(engine, object, json);
  return json;
}

Json poolStatus(const PoolConfig& config) {
  Json json = {
      {"name", config.name}, {"driver", std::string(name(config.kind))}, {"directory", config.root.string()}};
  if (!config.image.empty()) json["image"] = config.image.string();
  if (!config.dataset.empty()) json["dataset"] = config.dataset;
  const auto pool = openPool(config);
  try {
    pool->mount();
    syncFileSystem(config.root);  // what was just written counts
    const PoolUsage usage = pool->usage();
    json.update({{"status", "mounted"}, {"usedBytes", usage.usedBytes}, {"freeBytes", usage.freeBytes}});
  } catch (const Error& error) {
    json.update({{"status", "unavailable"}, {"problem", error.what()}});
  }
  json["thinClones"] = pool->thinClones();
  json["atomicSnapshots"] = pool->atomicSnapshots();
  return json;
}

// Of replication that does not run: what, why and what to do. Nothing where it runs or is not wanted.
std::string replicationProblem(const Json& item) {
  const Json replication = item.value("replication", Json::object());
  const std::string state = replication.value("state", "running");
  if (state == "running" || state == "notConfigured") return {};
  std::string text = "replication is " + state;
  for (const char* member : {"error", "remedy"}) {
    const std::string words = replication.value(member, "");
    if (!words.empty()) text += "; " + words;
  }
  return text;
}

void tellProblems(const Json& items, std::string& text) {
  for (const Json& item : items) {
    for (const std::string& problem : {item.value("problem", ""), replicationProblem(item)}) {
      if (!problem.empty()) text += item["name"].get<std::string>() + ": " + problem + "\n";
    }
  }
}

}  // namespace

Json describe(Engine& engine, const EngineObject& object) {
  const fs::path mount = openPool(engine.catalogue().pool(object.pool))->pathOf(object.name);
  Json json = {{"name", object.name},         {"kind", std::string(name(object.kind))},
               {"state", stateWord(object)},  {"pool", object.pool},
               {"mount", mount.string()},     {"port", object.port},
               {"serverId", object.serverId}, {"created", object.created}};
  if (object.parent) json["parent"] = engine.catalogue().object(*object.parent).name;
  if (!object.settings.replicaOf.empty()) json["replicaOf"] = object.settings.replicaOf;
  if (const auto replica = engine.catalogue().findReplica(object.name)) json["replica"] = replica->name;
  if (object.origin) json["origin"] = originName(engine, object);
  if (!object.sourceConfig.empty()) json["sourceConfig"] = parsed(object.sourceConfig);
  return json;
}

Json describe(Engine& engine, const SnapshotRecord& snapshot) {
  return {{"name", snapshot.name},
          {"fullName", fullName(engine, snapshot)},
          {"created", snapshot.created},
          {"dependents", engine.catalogue().dependents(snapshot)},
          {"details", parsed(snapshot.details)}};
}

Output listReport(Engine& engine) {
  Json objects = Json::array();
  for (const EngineObject& object : engine.catalogue().objects()) {
    Json json = describe(engine, object);
    addTimeflow(engine, object, json);
    objects.push_back(std::move(json));
  }
  return {{{"objects", objects}},
          objects.empty() ? kNothingThere : listText(objects, std::time(nullptr), terminalWidth())};
}

Output snapshotsReport(Engine& engine, const std::string& name) {
  const EngineObject object = engine.catalogue().object(name);
  const auto pool = engine.pool(object.pool);
  Json all = Json::array();
  for (const SnapshotRecord& snapshot : engine.catalogue().snapshots(object)) {
    Json json = describe(engine, snapshot);
    json["ownBytes"] = pool->ownBytes(SnapshotRef{name, snapshot.name});
    if (snapshot.origin) json["origin"] = fullName(engine, engine.catalogue().snapshot(*snapshot.origin));
    json["current"] = object.origin == snapshot.id;
    all.push_back(std::move(json));
  }
  return {{{"name", name}, {"snapshots", all}},
          all.empty() ? "'" + name + "' has no snapshot\n"
                      : snapshotsText(all, std::time(nullptr), terminalWidth())};
}

Output sizeReport(Engine& engine, const std::string& name) {
  const EngineObject object = engine.catalogue().object(name);
  Operation operation(engine, name, "size");
  operation.object = object;
  const Json told = parsed(operation.hook("size").json);
  if (!told.is_object() || !told.contains("bytes") || !told["bytes"].is_number_unsigned())
    throw Error(ExitCode::internal, "hook size returned no bytes", "mend the hook: see hooks/README.md");
  const Json json = {{"name", name}, {"bytes", told["bytes"]}, {"ownBytes", operation.pool().ownBytes(name)}};
  return {json, name + " holds " + bytesOf(json, "bytes") + ", of which it owns " +
                    bytesOf(json, "ownBytes") + "\n"};
}

Output statusReport(Engine& engine, const std::optional<std::string>& name) {
  mountPools(engine);
  if (name) {
    const Json json = objectStatus(engine, engine.catalogue().object(*name));
    std::string text;
    for (const auto& [key, value] : json.items()) {
      if (value.is_object()) continue;
      text += key + ": " +
              (value.is_string()   ? value.get<std::string>()
               : key == "ownBytes" ? bytesOf(json, "ownBytes")
                                   : value.dump()) +
              "\n";
    }
    if (const std::string problem = replicationProblem(json); !problem.empty()) text += problem + "\n";
    return {json, text};
  }
  Json objects = Json::array();
  for (const EngineObject& object : engine.catalogue().objects())
    objects.push_back(objectStatus(engine, object));
  std::string text =
      objects.empty() ? kNothingThere : statusText(objects, std::time(nullptr), terminalWidth());
  tellProblems(objects, text);
  return {{{"objects", objects}}, text};
}

Output poolReport(Engine& engine, const std::optional<std::string>& name) {
  Json pools = Json::array();
  uint64_t used = 0;
  uint64_t free = 0;
  TextTable table({"POOL", "DRIVER", "STATUS", "USED", "FREE", "DIRECTORY"});
  table.alignRight({3, 4});
  if (name) engine.catalogue().pool(*name);
  for (const PoolConfig& config : engine.catalogue().pools()) {
    if (name && config.name != *name) continue;
    Json json = poolStatus(config);
    used += json.value("usedBytes", uint64_t{0});
    free += json.value("freeBytes", uint64_t{0});
    table.add({config.name, wordOf(json, "driver"), wordOf(json, "status"), bytesOf(json, "usedBytes"),
               bytesOf(json, "freeBytes"), config.root.string()});
    pools.push_back(std::move(json));
  }
  std::string text = pools.empty() ? "there is no pool\n" : table.text();
  tellProblems(pools, text);
  return {{{"usedBytes", used}, {"freeBytes", free}, {"pools", pools}}, text};
}

}  // namespace dlpx
