#include "engine/report.h"

#include "base/error.h"
#include "base/text.h"
#include "engine/operation.h"
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

// ACTIVE or INACTIVE from the object's hook; "UNKNOWN" and the reason when it cannot tell. Takes the lock
// only for as long as the hook runs; an object that a workflow works on is "BUSY".
std::pair<std::string, std::string> activity(Engine& engine, const EngineObject& object) {
  try {
    Operation operation(engine, object.name, "status");
    operation.object = object;
    if (!operation.pool().hasDataset(object.name)) return {"INACTIVE", "its dataset is not there"};
    return {operation.isActive() ? "ACTIVE" : "INACTIVE", ""};
  } catch (const Error& error) {
    return {error.code() == ExitCode::locked ? "BUSY" : "UNKNOWN", error.what()};
  }
}

Json objectStatus(Engine& engine, const EngineObject& object) {
  Json json = describe(engine, object);
  const auto [state, problem] = activity(engine, object);
  json["status"] = state;
  if (!problem.empty()) json["problem"] = problem;
  const auto pool = engine.pool(object.pool);
  if (pool->hasDataset(object.name)) json["ownBytes"] = pool->ownBytes(object.name);
  const auto snapshots = engine.catalogue().snapshots(object);
  json["snapshots"] = snapshots.size();
  if (!snapshots.empty()) json["newestSnapshot"] = snapshots.back().name;
  return json;
}

std::string bytesOf(const Json& json, const char* member) {
  return json.contains(member) ? humanBytes(json[member].get<uint64_t>()) : "-";
}

std::string wordOf(const Json& json, const char* member) {
  return json.contains(member) && json[member].is_string() ? json[member].get<std::string>() : "-";
}

Json poolStatus(const PoolConfig& config) {
  Json json = {
      {"name", config.name}, {"driver", std::string(name(config.kind))}, {"directory", config.root.string()}};
  if (!config.image.empty()) json["image"] = config.image.string();
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

void tellProblems(const Json& items, std::string& text) {
  for (const Json& item : items) {
    if (item.contains("problem"))
      text += item["name"].get<std::string>() + ": " + item["problem"].get<std::string>() + "\n";
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
  TextTable table({"NAME", "KIND", "STATE", "FROM", "PORT", "SNAPSHOTS", "CREATED"});
  table.alignRight({4, 5});
  for (const EngineObject& object : engine.catalogue().objects()) {
    Json json = describe(engine, object);
    json["snapshots"] = engine.catalogue().snapshots(object).size();
    table.add({object.name, std::string(name(object.kind)), stateWord(object), wordOf(json, "origin"),
               std::to_string(object.port), std::to_string(json["snapshots"].get<size_t>()), object.created});
    objects.push_back(std::move(json));
  }
  return {{{"objects", objects}}, objects.empty() ? "there is no dSource and no VDB\n" : table.text()};
}

Output snapshotsReport(Engine& engine, const std::string& name) {
  const EngineObject object = engine.catalogue().object(name);
  const auto pool = engine.pool(object.pool);
  Json all = Json::array();
  TextTable table({"SNAPSHOT", "CREATED", "OWN", "IN USE BY"});
  table.alignRight({2});
  for (const SnapshotRecord& snapshot : engine.catalogue().snapshots(object)) {
    Json json = describe(engine, snapshot);
    json["ownBytes"] = pool->ownBytes(SnapshotRef{name, snapshot.name});
    table.add({snapshot.name, snapshot.created, bytesOf(json, "ownBytes"),
               join(json["dependents"].get<std::vector<std::string>>(), ", ")});
    all.push_back(std::move(json));
  }
  return {{{"name", name}, {"snapshots", all}},
          all.empty() ? "'" + name + "' has no snapshot\n" : table.text()};
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
    return {json, text};
  }
  Json objects = Json::array();
  TextTable table({"NAME", "KIND", "STATE", "STATUS", "PORT", "OWN", "NEWEST SNAPSHOT"});
  table.alignRight({4, 5});
  for (const EngineObject& object : engine.catalogue().objects()) {
    Json json = objectStatus(engine, object);
    table.add({object.name, std::string(dlpx::name(object.kind)), stateWord(object), wordOf(json, "status"),
               std::to_string(object.port), bytesOf(json, "ownBytes"), wordOf(json, "newestSnapshot")});
    objects.push_back(std::move(json));
  }
  std::string text = objects.empty() ? "there is no dSource and no VDB\n" : table.text();
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
