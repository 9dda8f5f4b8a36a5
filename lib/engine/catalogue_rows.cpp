#include "engine/catalogue_rows.h"

#include "base/error.h"
#include "base/json_full.h"

namespace dlpx {
namespace {

template <typename Enum>
Enum parse(const std::string& word, std::initializer_list<Enum> all) {
  for (const Enum value : all) {
    if (name(value) == word) return value;
  }
  throw Error(ExitCode::storage, "the catalogue holds the unknown word '" + word + "'",
              "use the version of dlpx-mysql that wrote it, or a newer one");
}

ObjectSettings settingsOf(const std::string& text) {
  const Json json = Json::parse(text);
  ObjectSettings settings;
  json.at("parameters").get_to(settings.parameters);
  json.at("hooks").get_to(settings.userHooks);
  settings.replicaOf = json.value("replicaOf", "");
  return settings;
}

}  // namespace

std::string_view name(ObjectKind kind) {
  return kind == ObjectKind::dsource ? "dsource" : "vdb";
}

std::string_view name(ObjectState state) {
  switch (state) {
    case ObjectState::enabled:
      return "enabled";
    case ObjectState::stopped:
      return "stopped";
    case ObjectState::disabled:
      return "disabled";
  }
  return "unknown";
}

std::string_view name(Pending pending) {
  switch (pending) {
    case Pending::none:
      return "none";
    case Pending::building:
      return "building";
    case Pending::replacing:
      return "replacing";
    case Pending::deleting:
      return "deleting";
  }
  return "unknown";
}

std::string toText(const ObjectSettings& settings) {
  Json json = {{"parameters", settings.parameters}, {"hooks", settings.userHooks}};
  if (!settings.replicaOf.empty()) json["replicaOf"] = settings.replicaOf;
  return compact(json);
}

EngineObject objectOf(const SqlRow& row) {
  EngineObject object;
  object.id = integerOf(row[0]);
  object.name = textOf(row[1]);
  object.kind = parse(textOf(row[2]), {ObjectKind::dsource, ObjectKind::vdb});
  object.state = parse(textOf(row[3]), {ObjectState::enabled, ObjectState::stopped, ObjectState::disabled});
  object.pending =
      parse(textOf(row[4]), {Pending::none, Pending::building, Pending::replacing, Pending::deleting});
  object.pool = textOf(row[5]);
  object.parent = integerIfThere(row[6]);
  object.origin = integerIfThere(row[7]);
  object.port = static_cast<uint16_t>(integerOf(row[8]));
  object.serverId = static_cast<uint32_t>(integerOf(row[9]));
  object.settings = settingsOf(textOf(row[10]));
  object.sourceConfig = textOf(row[11]);
  object.created = textOf(row[12]);
  return object;
}

SnapshotRecord snapshotOf(const SqlRow& row) {
  return {integerOf(row[0]),      integerOf(row[1]), textOf(row[2]),
          integerIfThere(row[3]), textOf(row[4]),    textOf(row[5])};
}

PoolConfig poolOf(const SqlRow& row) {
  PoolConfig pool;
  pool.name = textOf(row[0]);
  pool.kind = poolKindOf(textOf(row[1]));
  pool.root = textOf(row[2]);
  pool.image = textOf(row[3]);
  pool.id = textOf(row[4]);
  pool.dataset = textOf(row[5]);
  return pool;
}

}  // namespace dlpx
