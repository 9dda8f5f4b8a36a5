#include "vdb/facts.h"

#include "base/error.h"
#include "base/host.h"
#include "base/json_full.h"
#include "base/text.h"
#include "command/table.h"
#include "server/known_versions.h"
#include "server/registry.h"
#include "vdb/keyring.h"

namespace dlpx {
namespace {

// Names one host for good; a host name alone may be shared or change.
std::string thisHost() {
  if (const auto id = readFileIfThere("/etc/machine-id"); id && !trim(*id).empty()) return trim(*id);
  return hostName();
}

Json settingsJson(const std::vector<Option>& settings) {
  Json list = Json::array();
  for (const Option& option : settings)
    list.push_back({{"propertyName", option.name}, {"value", option.value.value_or("")}});
  return list;
}

std::vector<Option> settingsFrom(const Json& list) {
  std::vector<Option> settings;
  for (const Json& item : list) settings.push_back({item.value("propertyName", ""), item.value("value", "")});
  return settings;
}

// The same mount always gets the same.
uint32_t derivedId(const fs::path& mount, uint16_t port) {
  const size_t hash = std::hash<std::string>{}(mount.string() + ":" + std::to_string(port));
  return static_cast<uint32_t>(hash % 4'000'000'000U) + 1000;
}

template <typename T>
T required(const std::optional<T>& value, const std::string& parameter) {
  if (value) return *value;
  const ParameterSpec& spec = parameterSpec(parameter);
  throw Error(
      ExitCode::usage, "parameter " + spec.flag() + " is required",
      "give it as " + spec.flag() + ", " + spec.variable() + " or " + spec.key() + ": in the YAML file");
}

// What the request leaves out, from what is noted of a VDB that was made here.
VdbRequest filled(VdbRequest request, const VdbFacts& vdb, const InstanceFacts& instance) {
  if (!request.basedir) request.basedir = instance.mysqld;
  if (!request.port) request.port = instance.port;
  if (!request.serverId) request.serverId = instance.serverId;
  if (!request.user) request.user = instance.adminUser;
  if (request.name.empty()) request.name = vdb.name;
  // What made a half-made one fail is not to be kept.
  if (!vdb.complete) return request;
  if (!request.bindAddress) request.bindAddress = vdb.bindAddress;
  if (!request.settings) request.settings = vdb.settings;
  if (!request.lockAccounts) request.lockAccounts = vdb.lockAccounts;
  if (!request.events) request.events = vdb.events;
  if (!request.dropFederated) request.dropFederated = vdb.dropFederated;
  if (!request.profile) request.profile = vdb.profile;
  if (!request.replicable) request.replicable = vdb.replicable;
  if (!request.replicateFrom) request.replicateFrom = vdb.replicateFrom;
  // The settings of a my.cnf that was given once stay in the VDB's own.
  if (request.starter.empty()) request.starter = Mount(request.mount).optionFile();
  return request;
}

// Saves a start of `mysqld --version` where the answer is known.
Installation installationOf(const fs::path& basedir, const InstanceFacts* noted) {
  if (noted != nullptr && (basedir == noted->basedir || basedir == noted->mysqld))
    return installationKnown(noted->basedir, noted->mysqld, noted->version);
  if (const auto known = known_versions::find(basedir)) return *known;
  return installationAt(basedir);
}

}  // namespace

Json VdbFacts::json() const {
  return {{"complete", complete},
          {"mount", mount.string()},
          {"host", host},
          {"name", name},
          {"bindAddress", bindAddress},
          {"settings", settingsJson(settings)},
          {"accounts", lockAccounts ? "lock" : "keep"},
          {"events", events ? "on" : "off"},
          {"federated", dropFederated ? "drop" : "keep"},
          {"profile", std::string(text(profile))},
          {"replicable", replicable},
          {"replicateFrom", replicateFrom.string()},
          {"serverUuid", serverUuid},
          {"parentUuid", parentUuid},
          {"snapshotId", snapshotId},
          {"snapshotTime", snapshotTime},
          {"provisionedAt", provisionedAt}};
}

VdbFacts VdbFacts::from(const Json& json) {
  VdbFacts facts;
  facts.complete = json.value("complete", false);
  facts.mount = json.value("mount", "");
  facts.host = json.value("host", "");
  facts.name = json.value("name", "");
  facts.bindAddress = json.value("bindAddress", "127.0.0.1");
  facts.settings = settingsFrom(json.value("settings", Json::array()));
  facts.lockAccounts = json.value("accounts", "") == "lock";
  facts.events = json.value("events", "") == "on";
  facts.dropFederated = json.value("federated", "") == "drop";
  facts.profile = json.value("profile", "") == "small" ? VdbProfile::small : VdbProfile::standard;
  facts.replicable = json.value("replicable", false);
  facts.replicateFrom = json.value("replicateFrom", "");
  facts.serverUuid = json.value("serverUuid", "");
  facts.parentUuid = json.value("parentUuid", "");
  facts.snapshotId = json.value("snapshotId", "");
  facts.snapshotTime = json.value("snapshotTime", "");
  facts.provisionedAt = json.value("provisionedAt", "");
  return facts;
}

std::optional<VdbFacts> VdbFacts::on(const Mount& mount) {
  const Json facts = readFacts(mount.stateFile());
  if (!facts.contains("vdb")) return std::nullopt;
  return from(facts["vdb"]);
}

bool VdbFacts::madeHere(const Mount& here) const {
  return mount == here.root() && host == thisHost();
}

std::string VdbFacts::localAddress() const {
  const std::string address = split(bindAddress + ",", ',').front();
  const bool any = address.empty() || address == "*" || address == "0.0.0.0" || address == "::";
  return any ? "127.0.0.1" : address;
}

std::string VdbPlan::name() const {
  return vdb.name.empty() ? mount.root().filename().string() : vdb.name;
}

VdbPlan completed(const VdbRequest& given, const SnapshotFacts& snapshot) {
  const Mount mount(given.mount);
  const auto vdb = VdbFacts::on(mount);
  const auto instance = Instance::on(mount);
  const bool ours = vdb && instance && vdb->madeHere(mount);
  VdbRequest request = ours ? filled(given, *vdb, instance->facts()) : given;
  if (!request.basedir && !snapshot.basedir.empty()) request.basedir = snapshot.basedir;

  VdbPlan plan{.mount = mount, .snapshot = snapshot, .timeout = request.timeout};
  const Installation installation =
      installationOf(required(request.basedir, "basedir"), ours ? &instance->facts() : nullptr);
  const uint16_t port = required(request.port, "port");
  plan.instance = {
      .role = "vdb",
      .basedir = installation.basedir,
      .mysqld = installation.mysqld,
      .version = installation.version,
      .port = port,
      .serverId = request.serverId.value_or(derivedId(mount.root(), port)),
      .osUser = request.osUser,
      .adminUser = required(request.user, "user"),
      .keyring = ours && vdb->complete ? instance->facts().keyring : vdbKeyringFile(request, snapshot)};
  plan.password = required(request.password, "password");
  plan.starter = request.starter;
  plan.parentKeyring = request.keyring;
  plan.resumed = ours && !vdb->complete;
  if (ours) plan.vdb = *vdb;
  plan.vdb.mount = mount.root();
  plan.vdb.host = thisHost();
  plan.vdb.name = request.name;
  plan.vdb.bindAddress = request.bindAddress.value_or("127.0.0.1");
  plan.vdb.settings = request.settings.value_or(std::vector<Option>());
  plan.vdb.lockAccounts = request.lockAccounts.value_or(false);
  plan.vdb.events = request.events.value_or(false);
  plan.vdb.dropFederated = request.dropFederated.value_or(false);
  plan.vdb.profile = request.profile.value_or(VdbProfile::standard);
  plan.vdb.replicateFrom = request.replicateFrom.value_or("");
  plan.vdb.replicable = request.replicable.value_or(false) || plan.vdb.isReplica();
  return plan;
}

void noteBegun(const VdbPlan& plan) {
  Json vdb = plan.vdb.json();
  vdb["complete"] = false;
  mergeFacts(plan.mount.stateFile(),
             {{"staging", nullptr},
              {"quiesced", nullptr},
              {"openSnapshot", nullptr},
              {"changedVariables", nullptr},
              {"instance", plan.instance.json()},
              {"vdb", vdb}},
             {0640, ownerOf(plan.instance.osUser)});
}

void noteComplete(const VdbPlan& plan) {
  Json vdb = plan.vdb.json();
  vdb["complete"] = true;
  mergeFacts(plan.mount.stateFile(), {{"instance", plan.instance.json()}, {"vdb", vdb}},
             {0640, ownerOf(plan.instance.osUser)});
  registry::enter(plan.instance.port, plan.mount.root());
  known_versions::note(plan.instance.mysqld, plan.instance.version);
}

Instance requireVdb(const Mount& mount) {
  const auto facts = VdbFacts::on(mount);
  const auto instance = Instance::on(mount);
  if (!facts || !instance) {
    throw Error(ExitCode::usage, "no VDB on mount " + mount.root().string(),
                "name the right directory with --mount, or create one: dlpx-mysql-vdb provision");
  }
  if (facts->complete && facts->madeHere(mount)) return *instance;
  throw Error(ExitCode::unsafeClone,
              facts->complete ? "mount " + mount.root().string() + " holds a clone of another VDB"
                              : "the VDB on mount " + mount.root().string() + " is half made",
              "make it a VDB: dlpx-mysql-vdb provision, or enable");
}

namespace {

Json sourceConfigOf(const Mount& mount, const InstanceFacts& instance, const std::string& name) {
  return {{"dataDir", mount.data().string()},
          {"port", std::to_string(instance.port)},
          {"baseDir", instance.basedir.string()},
          {"dbName", name}};
}

}  // namespace

Json sourceConfig(const VdbPlan& plan) {
  return sourceConfigOf(plan.mount, plan.instance, plan.name());
}

Json sourceConfig(const Instance& vdb) {
  const std::string name = VdbFacts::on(vdb.mount()).value_or(VdbFacts()).name;
  return sourceConfigOf(vdb.mount(), vdb.facts(),
                        name.empty() ? vdb.mount().root().filename().string() : name);
}

}  // namespace dlpx
