#include "vdb/provision.h"

#include <algorithm>

#include "backup/fresh_data.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "base/undo.h"
#include "mysql/dialect.h"
#include "server/kept_log.h"
#include "server/log_index.h"
#include "server/registry.h"
#include "server/server_options.h"
#include "server/tls_identity.h"
#include "server/vacancy.h"
#include "vdb/cut_off.h"
#include "vdb/identity.h"
#include "vdb/keyring.h"
#include "vdb/options.h"
#include "vdb/outside.h"
#include "vdb/prove.h"
#include "vdb/replica.h"
#include "vdb/report.h"

namespace dlpx {
namespace {

constexpr Seconds timeToStop(60);
constexpr const char* createEmptyOperation = "create-empty";

SnapshotFacts readSnapshot(const Mount& mount) {
  if (!fs::exists(mount.snapshotFile())) {
    throw Error(ExitCode::unsafeClone, "mount " + mount.root().string() + " holds no snapshot of ours",
                "mount a clone of a snapshot that was taken between pre-snapshot and post-snapshot");
  }
  return SnapshotFacts::from(readJson(mount.snapshotFile()));
}

// Before a lock is left in a directory that is none of ours.
void refuseUnknown(const Mount& mount) {
  if (fs::is_directory(mount.root()) && !mount.exists()) readSnapshot(mount);  // says that there is none
}

// A parent's own mount is never made a clone by mistake.
void refuseParent(const Mount& mount) {
  const Json facts = readFacts(mount.stateFile());
  const auto instance = Instance::on(mount);
  if (!facts.contains("staging") || !instance) return;
  if (!instance->process() && registry::find(instance->facts().port) != mount.root()) return;
  throw Error(ExitCode::usage,
              "mount " + mount.root().string() + " holds a staging server, not a clone of one",
              "name the clone's mount with --mount");
}

// What a run that was killed, or failed to clean up, has left.
void stopHalfMade(const Instance& server) {
  if (!server.process()) return;
  log::warning("stopping the half-made server on " + server.mount().root().string());
  server.stop(Deadline::in(timeToStop), true);
}

void claimFiles(const VdbPlan& plan) {
  const Owner owner = ownerOf(plan.instance.osUser);
  const Owner now = ownerOf(plan.mount.data());
  if (now.uid != owner.uid) setOwnerOfTree(plan.mount.root(), owner);
  plan.mount.create(owner);
}

void giveIdentity(const VdbPlan& plan, const ParentSettings& parent, ContractReport& report) {
  const NewIdentity identity = makeIdentityNew(plan.mount);
  // Servers before 8.0 may be built with a TLS library that cannot read these keys: they make their own.
  if (plan.instance.version.atLeast(8, 0)) writeTlsIdentity(plan.mount.data(), ownerOf(plan.instance.osUser));
  if (!identity.removed.empty()) report.add(1, "removed " + join(identity.removed, ", "));
  for (const std::string& change : identity.indexes) report.add(2, "log index " + change);
  if (!parent.dropped.empty())
    report.add(2, "persisted variables left behind: " + join(parent.dropped, ", "));
}

void undoStart(const Instance& server, Undo& undo) {
  undo.add("the start of the server on " + server.mount().root().string(), [server] {
    const InterruptShield shield;
    server.stop(Deadline::in(timeToStop), true);
    registry::forget(server.facts().port, server.mount().root());
  });
}

// What the data was made with, where no my.cnf says so.
ParentSettings withSnapshot(ParentSettings parent, const SnapshotFacts& snapshot) {
  const auto add = [&](const std::string& name, uint64_t value, uint64_t usual) {
    const bool there = std::any_of(parent.kept.begin(), parent.kept.end(), [&](const Option& option) {
      return optionKey(option.name) == optionKey(name);
    });
    if (!there && value != usual) parent.kept.push_back({name, std::to_string(value)});
  };
  add("lower_case_table_names", snapshot.lowerCaseTableNames, 0);
  if (snapshot.pageSize != 0) add("innodb_page_size", snapshot.pageSize, 16384);
  return parent;
}

std::string keptValue(const ParentSettings& parent, const char* name) {
  for (const Option& option : parent.kept)
    if (optionKey(option.name) == optionKey(name)) return option.value.value_or("");
  return {};
}

// The server's own words, with what the user can do about them.
Error explained(const VdbPlan& plan, const Error& error) {
  const std::string what = error.what();
  if (error.code() == ExitCode::serverStart) {
    if (const auto refused = refusedSetting(plan.vdb.settings, what)) {
      return Error(ExitCode::optionFile, "the server refuses the setting '" + refused->name + "': " + what,
                   "correct that setting, or leave it out", error.log());
    }
  }
  if (error.code() != ExitCode::unsafeClone || what.find("password") == std::string::npos) return error;
  return Error(error.code(), what,
               "give the VDB user a password that the source's validate_password policy accepts",
               error.log());
}

// An engine clears away what failed, and with it the error log that the error names.
Error withLog(const VdbPlan& plan, const Error& error) {
  return error.log() == plan.mount.errorLog()
             ? withKeptErrorLog(plan.mount, plan.mount.root().filename(), error)
             : error;
}

void startExplained(const VdbPlan& plan, const Instance::Start& start) {
  try {
    plan.server().start(start);
  } catch (const Error& error) {
    throw withLog(plan, explained(plan, error));
  }
}

// Returns what the first start has to run.
std::string initialiseExplained(const VdbPlan& plan) {
  try {
    return makeFreshData(plan.server(), {{}, firstAccountStatements(plan), Deadline::in(plan.timeout)});
  } catch (const Error& error) {
    throw withLog(plan, explained(plan, error));
  }
}

void startCutOff(const VdbPlan& plan, const ParentSettings& parent, Undo& undo) {
  undoStart(plan.server(), undo);
  startExplained(plan, {.options = cutOffOptions(plan, parent),
                        .initStatements = cutOffStatements(plan),
                        .onInitFailure = ExitCode::unsafeClone,
                        .deadline = Deadline::in(plan.timeout)});
}

// A setting that the server refuses must neither keep a VDB from starting as it was, nor pass for a setting
// of the parent's when the provision is repeated.
void replaceOptionFile(const VdbPlan& plan, const ParentSettings& parent, Undo& undo) {
  const fs::path file = plan.mount.optionFile();
  if (const auto before = readFileIfThere(file)) {
    undo.add("the change of " + file.string(), [=, owner = ownerOf(file)] {
      writeFile(file, *before, {0640, owner});
    });
  }
  writeVdbOptionFile(plan, parent);
}

Json connection(const VdbPlan& plan) {
  return {{"host", plan.vdb.bindAddress},
          {"port", plan.instance.port},
          {"socket", plan.mount.socket().string()},
          {"user", plan.instance.adminUser}};
}

Output output(const VdbPlan& plan, const std::string& result, Json report) {
  Output out;
  out.json = sourceConfig(plan);
  Json head = {{"result", result},
               {"mount", plan.mount.root().string()},
               {"version", plan.instance.version.text()},
               {"serverId", plan.instance.serverId},
               {"serverUuid", plan.vdb.serverUuid},
               {"connection", connection(plan)}};
  head.update(report);
  out.json["report"] = head;
  out.text = "VDB " + plan.name() + " " + result + ": port " + std::to_string(plan.instance.port) +
             ", user " + plan.instance.adminUser +
             "\nconnect with: mysql --socket=" + plan.mount.socket().string() +
             " --user=" + plan.instance.adminUser + " --password\n";
  return out;
}

Json snapshotReport(const VdbPlan& plan, const Proven& proven) {
  return {{"id", plan.snapshot.id},     {"time", plan.snapshot.time}, {"role", plan.snapshot.role},
          {"name", plan.snapshot.name}, {"mode", plan.snapshot.mode}, {"gtidSet", proven.gtidSet}};
}

// A VDB of ours: started when it is not running, and looked at.
Output verified(const VdbRequest& request, bool rewrite, const std::string& result) {
  const Mount mount(request.mount);
  VdbPlan plan = completed(request, SnapshotFacts());
  refuseReserved(plan.vdb.settings);
  requireKeyringPlace(request, plan);
  const Instance server = plan.server();
  Steps steps(mount.journal("enable"));
  Undo undo;
  const bool ran = server.state() == InstanceState::running;
  if (!ran) {
    steps.begin("start");
    claimFiles(plan);
    refuseOutsidePaths(mount);
    checkLogIndexes(mount);
    if (rewrite) replaceOptionFile(plan, parentSettings(mount), undo);
    undoStart(server, undo);
    startExplained(plan, {.deadline = Deadline::in(plan.timeout)});
  }
  steps.begin("prove");
  ContractReport report;
  plan.vdb.serverUuid = proveOurs(plan, report);
  proveKeyring(plan, report);
  if (plan.vdb.isReplica()) {
    steps.begin("replicate");
    report.add(3, followPrimary(plan));
  }
  noteComplete(plan);
  steps.finish();
  undo.commit();
  return output(plan, ran ? "already runs" : result,
                {{"contract", report.json()}, {"seconds", steps.seconds()}});
}

Output makeVdb(const VdbRequest& request, const std::string& operation) {
  VdbPlan plan = checkedClone(request);
  const Mount& mount = plan.mount;
  const Keyring keyring = parentKeyring(plan);
  stopHalfMade(plan.server());
  const ParentSettings parent = withSnapshot(parentSettings(mount), plan.snapshot);

  Steps steps(mount.journal(operation));
  ContractReport report;
  Undo undo;
  steps.begin("check-paths");
  refuseOutsidePaths(mount);
  refuseFilesElsewhere(mount, plan.snapshot.version, keptValue(parent, "innodb_data_file_path"));
  report.add(2, "no symbolic link, no pointer file and no tablespace leads out of the clone");
  steps.begin("identity");
  claimFiles(plan);
  noteBegun(plan);
  giveIdentity(plan, parent, report);
  giveKeyring(plan, keyring, report);
  steps.begin("option-file");
  replaceOptionFile(plan, parent, undo);
  steps.begin("start");
  startCutOff(plan, parent, undo);
  steps.begin("prove");
  proveKeyring(plan, report);
  const Proven proven = proveSafe(plan, report);
  plan.vdb.serverUuid = proven.serverUuid;
  plan.vdb.parentUuid = plan.snapshot.serverUuid;
  plan.vdb.snapshotId = plan.snapshot.id;
  plan.vdb.snapshotTime = plan.snapshot.time;
  plan.vdb.provisionedAt = utcNow();
  if (plan.vdb.isReplica()) {
    steps.begin("replicate");
    report.add(3, followPrimary(plan));
  }
  steps.begin("publish");
  // Last: an engine that sees a complete VDB may use it.
  noteComplete(plan);
  steps.finish();
  undo.commit();
  return output(plan, "is provisioned",
                {{"snapshot", snapshotReport(plan, proven)},
                 {"contract", report.json()},
                 {"accounts", proven.accounts},
                 {"tables", proven.tables},
                 {"seconds", steps.seconds()}});
}

}  // namespace

void refuseOther(const VdbRequest& request, const Instance& here) {
  const auto differs = [&](const std::string& what, const std::string& asked, const std::string& is) {
    if (asked == is) return;
    throw Error(
        ExitCode::usage,
        "mount " + here.mount().root().string() + " holds a VDB with " + what + " " + is + ", not " + asked,
        "change it with dlpx-mysql-vdb enable, or remove the VDB first");
  };
  const InstanceFacts& facts = here.facts();
  differs("port", std::to_string(request.port.value_or(facts.port)), std::to_string(facts.port));
  differs("server id", std::to_string(request.serverId.value_or(facts.serverId)),
          std::to_string(facts.serverId));
  const std::string primary = VdbFacts::on(here.mount()).value_or(VdbFacts()).replicateFrom.string();
  differs("primary", request.replicateFrom.value_or(primary).string(), primary);
  differs("user", request.user.value_or(facts.adminUser), facts.adminUser);
}

bool isVdbMadeHere(const Mount& mount) {
  const auto facts = VdbFacts::on(mount);
  return facts && facts->complete && facts->madeHere(mount) && Instance::on(mount);
}

VdbPlan checkedClone(const VdbRequest& request) {
  const Mount mount(request.mount);
  refuseParent(mount);
  VdbPlan plan = completed(request, readSnapshot(mount));
  checkServerFits(plan.server().installation(), plan.snapshot);
  refuseReserved(plan.vdb.settings);
  requireKeyringPlace(request, plan);
  parentKeyring(plan);  // or throws
  refuseUnfit(plan);
  if (plan.vdb.isReplica()) checkPrimary(plan);
  return plan;
}

void refuseFilled(const Mount& mount) {
  if (isVacant(mount)) return;
  const auto noted = VdbFacts::on(mount);
  if (noted && noted->madeHere(mount)) return;
  if (Journal::unfinished(mount.stateFile()).operation == createEmptyOperation) return;
  throw Error(ExitCode::usage, "mount " + mount.root().string() + " is not empty",
              "name an empty directory with --mount");
}

void checkServerFits(const Installation& installation, const SnapshotFacts& snapshot) {
  const Version& mine = installation.version;
  if (!Dialect(mine).supported())
    throw Error(ExitCode::installation, "MySQL " + mine.text() + " cannot run a VDB",
                "name a MySQL of 5.7.6 or newer with --basedir");
  if (!sameSeries(mine, snapshot.version) || mine < snapshot.version) {
    throw Error(ExitCode::installation,
                "the snapshot is of MySQL " + snapshot.version.text() + ", and " +
                    installation.basedir.string() + " is MySQL " + mine.text(),
                "name a MySQL " + snapshot.version.series() + " of at least " + snapshot.version.text() +
                    " with --basedir");
  }
  if (snapshot.encryptedTablespaces == 0 && snapshot.keyringKeys.empty()) return;
  if (const std::string why = noKeyringBecause(installation); !why.empty()) {
    throw Error(ExitCode::unsafeClone, "the snapshot is encrypted, and " + why,
                "name a MySQL with component_keyring_file with --basedir");
  }
}

Output provision(const VdbRequest& request) {
  const Mount mount(request.mount);
  refuseUnknown(mount);
  const FileLock lock = mount.lock("provision", Deadline::in(Milliseconds(0)));
  if (!isVdbMadeHere(mount)) return makeVdb(request, "provision");
  refuseOther(request, Instance::require(mount));
  return verified(request, false, "is provisioned");
}

Output enableVdb(const VdbRequest& request) {
  const Mount mount(request.mount);
  refuseUnknown(mount);
  const FileLock lock = mount.lock("enable", Deadline::in(Milliseconds(0)));
  if (!isVdbMadeHere(mount)) return makeVdb(request, "enable");
  return verified(request, true, "is enabled");
}

Output createEmptyVdb(const VdbRequest& request) {
  const Mount mount(request.mount);
  refuseFilled(mount);
  const FileLock lock = mount.lock(createEmptyOperation, Deadline::in(Milliseconds(0)));
  if (isVdbMadeHere(mount)) return verified(request, false, "is created");
  VdbPlan plan = completed(request, SnapshotFacts());
  refuseReserved(plan.vdb.settings);
  const Instance server = plan.server();
  stopHalfMade(server);
  const Owner owner = ownerOf(plan.instance.osUser);
  refuseFilled(mount);
  Steps steps(mount.journal(createEmptyOperation));
  Undo undo;
  steps.begin("initialise");
  noteBegun(plan);
  removeTree(mount.data());
  mount.create(owner);
  setOwner(mount.root(), owner);
  if (!plan.instance.keyring.empty()) writeKeyring(plan.instance.keyring, {}, owner);
  writeVdbOptionFile(plan, {});
  const std::string statements = initialiseExplained(plan);
  steps.begin("start");
  undoStart(server, undo);
  startExplained(plan, {.initStatements = statements, .deadline = Deadline::in(plan.timeout)});
  steps.begin("prove");
  ContractReport report;
  plan.vdb.serverUuid = proveOurs(plan, report);
  plan.vdb.provisionedAt = utcNow();
  noteComplete(plan);
  steps.finish();
  undo.commit();
  return output(plan, "is created", {{"contract", report.json()}, {"seconds", steps.seconds()}});
}

}  // namespace dlpx
