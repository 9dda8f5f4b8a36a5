#include "engine/commands.h"

#include "base/error.h"
#include "base/text.h"
#include "engine/dry_run.h"
#include "engine/report.h"
#include "engine/workflows.h"

namespace dlpx {
namespace {

constexpr const char* kDefaultPool = "default";

Engine open(const Parameters& p, bool toLook = false) {
  return Engine({p.path("home"), p.pathIfGiven("hooks-dir"), toLook});
}

std::vector<std::string> valuesOf(const Parameters& p, const std::string& name) {
  const Json value = p.toJson({name})[name]["value"];
  if (value.is_array()) return value.get<std::vector<std::string>>();
  return {value.is_string() ? value.get<std::string>() : value.dump()};
}

// Where the password stands; the password itself goes nowhere.
std::vector<std::string> fileOf(const Parameters& p, const ParameterSpec& spec) {
  if (const auto file = p.secretFileIfGiven(spec.name)) return {file->string()};
  throw Error(ExitCode::usage,
              "the password of " + spec.flag() + " came from " + p.origin(spec.name) +
                  ", which later operations do not have",
              "write it into a file of mode 0600 and name that with " + spec.flag() + " or " + spec.key());
}

ObjectSettings settingsOf(const Parameters& p, const std::vector<std::string>& names) {
  ObjectSettings settings;
  for (const std::string& name : names) {
    if (!p.isGiven(name)) continue;
    const ParameterSpec& spec = parameterSpec(name);
    settings.parameters[spec.key()] = spec.type == ValueType::secret ? fileOf(p, spec) : valuesOf(p, name);
  }
  for (const auto& [point, script] : p.assignments("hook")) settings.userHooks[point] = fs::absolute(script);
  return settings;
}

void checkHookPoints(const ObjectSettings& settings, const std::vector<std::string>& points) {
  for (const auto& [point, script] : settings.userHooks) {
    if (std::find(points.begin(), points.end(), point) == points.end()) {
      throw Error(ExitCode::usage, "there is no hook point '" + point + "'",
                  "use one of " + join(points, ", "));
    }
    if (!fs::is_regular_file(script)) {
      throw Error(ExitCode::usage, "hook " + point + ": there is no script " + script,
                  "name an existing script");
    }
  }
}

const std::vector<std::string>& vdbHookPoints() {
  static const std::vector<std::string> points = {
      "configure-clone", "pre-snapshot", "post-snapshot", "pre-refresh", "post-refresh", "pre-rollback",
      "post-rollback",   "pre-start",    "post-start",    "pre-stop",    "post-stop"};
  return points;
}

// A VDB of the local engine is for this host unless it is told otherwise.
ObjectSettings vdbSettings(const Parameters& p) {
  ObjectSettings settings = settingsOf(p, vdbParameters());
  settings.parameters.insert({"bind_address", {"127.0.0.1"}});
  checkHookPoints(settings, vdbHookPoints());
  return settings;
}

uint16_t portOf(const Parameters& p) {
  return p.isGiven("port") ? p.port("port") : uint16_t{0};
}

uint32_t serverIdOf(const Parameters& p) {
  return static_cast<uint32_t>(p.integerIfGiven("server-id").value_or(0));
}

Output told(const Json& json, const std::string& text) {
  return {json, text + "\n"};
}

Output toldObject(Engine& engine, const std::string& name, const std::string& what) {
  const EngineObject object = engine.catalogue().object(name);
  const std::string kind = object.kind == ObjectKind::dsource ? "dSource '" : "VDB '";
  return told(describe(engine, object), kind + name + "' " + what);
}

Output toldSnapshot(Engine& engine, const SnapshotRecord& snapshot) {
  const SnapshotRecord stored =
      engine.catalogue().snapshot(engine.catalogue().object(snapshot.object), snapshot.name);
  const Json json = describe(engine, stored);
  return told(json, "snapshot " + json["fullName"].get<std::string>());
}

Output toldForgotten(const std::string& pool, const ForgottenPool& forgotten) {
  std::vector<std::string> keyrings;
  for (const fs::path& directory : forgotten.keyrings) keyrings.push_back(directory.string());
  std::string text = "pool '" + pool + "', whose storage is lost, is forgotten";
  if (!forgotten.objects.empty()) text += ", and with it " + join(forgotten.objects, ", ");
  if (!keyrings.empty()) text += "; keyrings may be left in " + join(keyrings, ", ");
  return told({{"destroyed", pool}, {"forgotten", forgotten.objects}, {"keyringDirs", keyrings}}, text);
}

Output toldRunning(Engine& engine, const EngineObject& vdb) {
  return toldObject(engine, vdb.name, "runs on port " + std::to_string(vdb.port));
}

// A command on the object that is named, which returns nothing.
Output runOn(const Parameters& p, void (*workflow)(Engine&, const std::string&), const std::string& what) {
  Engine engine = open(p);
  workflow(engine, p.text("name"));
  return toldObject(engine, p.text("name"), what);
}

PoolRequest poolRequest(const Parameters& p) {
  PoolRequest request;
  request.name = p.textOr("pool", kDefaultPool);
  request.kind = poolKindOf(p.text("driver"));
  request.directory = p.pathIfGiven("directory");
  request.image = p.pathIfGiven("image");
  request.dataset = p.textOr("dataset", "");
  request.imageBytes = p.bytes("size");
  return request;
}

LinkRequest linkRequest(const Parameters& p) {
  LinkRequest request;
  request.name = p.text("name");
  request.pool = p.textOr("pool", "");
  request.settings = settingsOf(p, dsourceParameters());
  request.port = portOf(p);
  request.serverId = serverIdOf(p);
  checkHookPoints(request.settings, {"pre-sync", "post-sync"});
  return request;
}

ProvisionRequest provisionRequest(const Parameters& p) {
  ProvisionRequest request;
  request.name = p.text("name");
  request.from = p.text("from");
  request.settings = vdbSettings(p);
  request.port = portOf(p);
  request.serverId = serverIdOf(p);
  request.withReplica = p.flag("with-replica");
  if (request.withReplica) request.settings.parameters["replicable"] = {"true"};
  return request;
}

EmptyVdbRequest emptyVdbRequest(const Parameters& p) {
  EmptyVdbRequest request;
  request.name = p.text("name");
  request.pool = p.textOr("pool", "");
  request.settings = vdbSettings(p);
  request.port = portOf(p);
  request.serverId = serverIdOf(p);
  return request;
}

RetentionPolicy retentionPolicy(const Parameters& p) {
  RetentionPolicy policy;
  policy.keepLast = p.integerIfGiven("keep-last").value_or(0);
  policy.keepHourly = p.integerIfGiven("keep-hourly").value_or(0);
  policy.keepDaily = p.integerIfGiven("keep-daily").value_or(0);
  policy.keepWeekly = p.integerIfGiven("keep-weekly").value_or(0);
  if (const auto span = p.durationIfGiven("keep-for"))
    policy.keepFor = std::chrono::duration_cast<Seconds>(*span);
  return policy;
}

}  // namespace

const std::vector<std::string>& dsourceParameters() {
  static const std::vector<std::string> names = {"type",
                                                 "source-host",
                                                 "source-port",
                                                 "source-user",
                                                 "source-password",
                                                 "source-ssl-mode",
                                                 "source-ssl-ca",
                                                 "replication-user",
                                                 "replication-password",
                                                 "method",
                                                 "backup",
                                                 "databases",
                                                 "threads",
                                                 "log-sync",
                                                 "staging-user",
                                                 "staging-password",
                                                 "snapshot-mode",
                                                 "basedir",
                                                 "my-cnf",
                                                 "os-user",
                                                 "keyring",
                                                 "keyring-dir",
                                                 "bind-address",
                                                 "timeout"};
  return names;
}

const std::vector<std::string>& vdbParameters() {
  static const std::vector<std::string> names = {
      "user",    "password", "setting", "accounts",     "federated", "events",  "profile",
      "basedir", "my-cnf",   "os-user", "bind-address", "timeout",   "keyring", "keyring-dir"};
  return names;
}

Output runPoolCreate(const Parameters& p) {
  Engine engine = open(p);
  return poolReport(engine, createPool(engine, poolRequest(p)).name);
}

Output runPoolStatus(const Parameters& p) {
  Engine engine = open(p);
  return poolReport(engine, p.textIfGiven("pool"));
}

Output runPoolDestroy(const Parameters& p) {
  Engine engine = open(p);
  const std::string name = p.textOr("pool", kDefaultPool);
  const auto forgotten = p.flag("force") ? forgetLostPool(engine, name) : std::nullopt;
  if (forgotten) return toldForgotten(name, *forgotten);
  destroyPool(engine, name);
  return told({{"destroyed", name}}, "pool '" + name + "' is gone");
}

Output runLink(const Parameters& p) {
  Engine engine = open(p);
  return toldSnapshot(engine, link(engine, linkRequest(p)));
}

Output runSync(const Parameters& p) {
  Engine engine = open(p);
  return toldSnapshot(engine, sync(engine, p.text("name"), p.flag("resync")));
}

Output runProvision(const Parameters& p) {
  Engine engine = open(p);
  return toldRunning(engine, provision(engine, provisionRequest(p)));
}

Output runCreateEmpty(const Parameters& p) {
  Engine engine = open(p);
  return toldRunning(engine, createEmpty(engine, emptyVdbRequest(p)));
}

Output runSnapshot(const Parameters& p) {
  Engine engine = open(p);
  return toldSnapshot(engine, takeVdbSnapshot(engine, p.text("name")));
}

Output runRefresh(const Parameters& p) {
  Engine engine = open(p);
  return toldRunning(engine, refresh(engine, p.text("name"), p.textIfGiven("to")));
}

Output runRewind(const Parameters& p) {
  Engine engine = open(p);
  return toldRunning(engine, rewind(engine, p.text("name"), p.textIfGiven("to")));
}

Output runStart(const Parameters& p) {
  return runOn(p, start, "is started");
}

Output runStop(const Parameters& p) {
  return runOn(p, stop, "is stopped");
}

Output runEnable(const Parameters& p) {
  return runOn(p, enable, "is enabled");
}

Output runDisable(const Parameters& p) {
  return runOn(p, disable, "is disabled");
}

Output runDelete(const Parameters& p) {
  Engine engine = open(p);
  const std::string name = p.text("name");
  const fs::path keyrings = remove(engine, name);
  if (keyrings.empty()) return told({{"deleted", name}}, "'" + name + "' is gone");
  return told({{"deleted", name}, {"keyringDir", keyrings.string()}},
              "'" + name + "' is gone; its keyring stays in " + keyrings.string());
}

Output runRetention(const Parameters& p) {
  Engine engine = open(p);
  const RetentionResult result = applyRetention(engine, p.textIfGiven("name"), retentionPolicy(p));
  std::string text;
  for (const std::string& name : result.removed) text += "removed " + name + "\n";
  for (const std::string& name : result.inUse) text += "kept " + name + ", which is in use\n";
  return {{{"removed", result.removed}, {"inUse", result.inUse}},
          text.empty() ? "nothing to remove\n" : text};
}

Output runUp(const Parameters& p) {
  Engine engine = open(p);
  Output output = {{{"objects", Json::array()}}, ""};
  size_t failed = 0;
  for (const UpResult& result : up(engine)) {
    Json json = {{"name", result.name}, {"running", result.problem.empty()}};
    if (!result.problem.empty()) json["problem"] = result.problem;
    failed += result.problem.empty() ? 0 : 1;
    output.text +=
        result.name + (result.problem.empty() ? " runs" : " does not run: " + result.problem) + "\n";
    output.json["objects"].push_back(std::move(json));
  }
  if (output.text.empty()) output.text = "nothing is enabled\n";
  if (failed == 0) return output;
  throw ReportedError(
      Error(ExitCode::serverStart,
            std::to_string(failed) + " of " + std::to_string(output.json["objects"].size()) + " do not run",
            "mend what the lines above say, then repeat the command"),
      output);
}

Output runList(const Parameters& p) {
  Engine engine = open(p);
  return listReport(engine);
}

Output runSize(const Parameters& p) {
  Engine engine = open(p);
  return sizeReport(engine, p.text("name"));
}

Output runSnapshots(const Parameters& p) {
  Engine engine = open(p);
  return snapshotsReport(engine, p.text("name"));
}

Output runStatus(const Parameters& p) {
  Engine engine = open(p);
  return statusReport(engine, p.textIfGiven("name"));
}

fs::path engineLogDirectory(const Parameters& p) {
  return makeHome(p.path("home")) / "logs";
}

StepList planOf(const std::string& command, const Parameters& given) {
  using Plan = std::function<StepList(Engine&, const Parameters&)>;
  static const std::map<std::string, Plan> plans = {
      {"pool create",
       [](Engine& engine, const Parameters& p) { return planPoolCreate(engine, poolRequest(p)); }},
      {"pool destroy",
       [](Engine& engine, const Parameters& p) {
         return planPoolDestroy(engine, p.textOr("pool", kDefaultPool), p.flag("force"));
       }},
      {"link", [](Engine& engine, const Parameters& p) { return planLink(engine, linkRequest(p)); }},
      {"sync", [](Engine& engine,
                  const Parameters& p) { return planSync(engine, p.text("name"), p.flag("resync")); }},
      {"provision",
       [](Engine& engine, const Parameters& p) { return planProvision(engine, provisionRequest(p)); }},
      {"create-empty",
       [](Engine& engine, const Parameters& p) { return planCreateEmpty(engine, emptyVdbRequest(p)); }},
      {"snapshot", [](Engine& engine, const Parameters& p) { return planSnapshot(engine, p.text("name")); }},
      {"refresh",
       [](Engine& engine, const Parameters& p) {
         return planRefresh(engine, p.text("name"), p.textIfGiven("to"));
       }},
      {"rewind", [](Engine& engine,
                    const Parameters& p) { return planRewind(engine, p.text("name"), p.textIfGiven("to")); }},
      {"start", [](Engine& engine, const Parameters& p) { return planStart(engine, p.text("name")); }},
      {"stop", [](Engine& engine, const Parameters& p) { return planStop(engine, p.text("name")); }},
      {"enable", [](Engine& engine, const Parameters& p) { return planEnable(engine, p.text("name")); }},
      {"disable", [](Engine& engine, const Parameters& p) { return planDisable(engine, p.text("name")); }},
      {"delete", [](Engine& engine, const Parameters& p) { return planRemove(engine, p.text("name")); }},
      {"retention",
       [](Engine& engine, const Parameters& p) {
         return planRetention(engine, p.textIfGiven("name"), retentionPolicy(p));
       }},
      {"up", [](Engine& engine, const Parameters&) { return planUp(engine); }},
  };
  Engine engine = open(given, true);
  return plans.at(command)(engine, given);
}

}  // namespace dlpx
