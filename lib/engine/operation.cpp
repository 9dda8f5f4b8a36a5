#include "engine/operation.h"

#include "base/error.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/connection.h"

namespace dlpx {
namespace {

std::string quoted(const std::string& text) {
  return compact(Json(text));  // a JSON string is a double-quoted YAML scalar
}

std::string yamlLine(const std::string& key, const std::vector<std::string>& values, bool isList) {
  return key + ": " + (isList ? compact(Json(values)) : quoted(values.front())) + "\n";
}

bool isListKey(const std::string& key) {
  return key == "databases" || key == "setting";
}

}  // namespace

std::string asideName(const std::string& name) {
  return name + ".old";  // '.' is in no object's name
}

Operation::Operation(Engine& engine, const std::string& name, const std::string& operation)
    : engine_(engine),
      name_(name),
      lock_(engine.lock(name, operation)),
      journal_(engine.journalFile(name), operation, {0600, std::nullopt}) {
  removeTree(engine.scratchDirectory(name));  // a killed operation may have left a result
}

Operation::~Operation() {
  logStep("did not end well, after");
  std::error_code ignored;  // the next operation removes it as well
  fs::remove_all(engine_.scratchDirectory(name_), ignored);
}

void Operation::load() {
  object = catalogue().object(name_);
  recover(*this);
}

Pool& Operation::pool() {
  if (!pool_) pool_ = engine_.pool(object.pool);
  return *pool_;
}

void Operation::step(const std::string& step) {
  logStep("took");
  step_ = step;
  stepBegan_ = std::chrono::steady_clock::now();
  log::debug(name_ + ": " + step);
  journal_.step(step);
}

void Operation::logStep(const std::string& end) {
  if (step_.empty()) return;
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - stepBegan_;
  log::debug(step_ + " of " + name_ + " " + end + " " + humanDuration(time.count()));
  step_.clear();
}

void Operation::finish() {
  logStep("took");
  journal_.finish();
}

void Operation::forget() {
  logStep("took");
  removeTree(engine_.scratchDirectory(name_));  // nobody may come to this name again
  removeTree(engine_.journalFile(name_));
}

HookResult Operation::hook(const std::string& operation, const HookEnvironment& more) {
  prepareHooks();
  HookEnvironment all = environment();
  for (const auto& [variable, value] : more) all[variable] = value;
  const std::string kind = object.kind == ObjectKind::dsource ? "linked/" : "virtual/";
  return hooks_->run(kind + operation, all);
}

void Operation::userHook(const std::string& point) {
  const auto script = object.settings.userHooks.find(point);
  if (script == object.settings.userHooks.end()) return;
  step("hook " + point);
  prepareHooks();
  HookEnvironment all = environment();
  all.merge(connectionOf(object));
  hooks_->runUserScript(point, script->second, all);
}

void Operation::prepareMount() {
  step("mount-specification");
  const HookResult result = hook("mount-specification");
  const Json wanted = Json::parse(result.json, nullptr, false);
  if (!wanted.is_object() || !wanted.contains("uid") || !wanted.contains("gid")) {
    throw Error(ExitCode::internal, "hook mount-specification returned no uid and gid",
                "mend the hook: see hooks/README.md");
  }
  setOwner(mount(), {wanted["uid"].get<uid_t>(), wanted["gid"].get<gid_t>()});
}

Json Operation::status() {
  const HookResult result = hook("status");
  const Json told = Json::parse(result.json, nullptr, false);
  if (told.is_object()) return told;
  return {{"status", told.is_string() ? told.get<std::string>() : result.out}};
}

bool Operation::isActive() {
  const Json told = status();
  return told.contains("status") && told["status"] == "ACTIVE";
}

// The archived plugin's names where it has one, ours otherwise; never a password, only the files that hold
// them.
HookEnvironment Operation::environment() {
  const std::string port = std::to_string(object.port);
  const std::string serverId = std::to_string(object.serverId);
  HookEnvironment all = {{"DLPX_MYSQL_NAME", name_},
                         {"DLPX_MYSQL_CONFIG", engine_.configFile(name_)},
                         {"DLPX_DATA_DIRECTORY", mount()}};
  // Files that are copied one after the other are of one moment only while no server writes to them.
  if (!pool().atomicSnapshots()) all["DLPX_MYSQL_SNAPSHOT_MODE"] = "stop";
  if (object.kind == ObjectKind::dsource) {
    all.insert({{"STAGINGDATADIR", mount()}, {"STAGINGPORT", port}, {"STAGINGSERVERID", serverId}});
  } else {
    all.insert({{"PORT", port}, {"SERVERID", serverId}});
  }
  return all;
}

void Operation::prepareHooks() {
  makeDirectory(engine_.scratchDirectory(name_), {0700, std::nullopt});
  if (!hooks_) {
    hooks_ = std::make_unique<HookRunner>(engine_.hooksDirectory(), engine_.scratchDirectory(name_));
  }
  writeConfig();
}

// One source of truth: the catalogue. The file is what hooks can read of it.
void Operation::writeConfig() {
  std::string yaml =
      "# Written by dlpx-mysql-engine for the hooks of '" + name_ + "'; changes are overwritten.\n";
  for (const auto& [key, values] : object.settings.parameters) yaml += yamlLine(key, values, isListKey(key));
  yaml += "port: " + std::to_string(object.port) + "\nserver_id: " + std::to_string(object.serverId) + "\n";
  yaml += "mount: " + quoted(mount().string()) + "\n";
  if (!object.settings.replicaOf.empty())
    yaml += "replicate_from: " + quoted(pool().pathOf(object.settings.replicaOf).string()) + "\n";
  const fs::path file = engine_.configFile(name_);
  if (readFileIfThere(file) != yaml) writeFile(file, yaml, {0600, std::nullopt});
}

}  // namespace dlpx
