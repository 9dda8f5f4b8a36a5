#include "staging/ingest.h"

#include <algorithm>

#include "backup/accounts.h"
#include "backup/clone.h"
#include "backup/copy.h"
#include "backup/data_directory.h"
#include "backup/dump.h"
#include "backup/fast_load.h"
#include "backup/file_restore.h"
#include "base/error.h"
#include "base/log.h"
#include "mysql/dialect.h"
#include "staging/cut_off.h"
#include "staging/options.h"
#include "staging/room.h"

namespace dlpx {
namespace {

Instance::Start startWith(const StagingRequest& request, std::vector<std::string> options) {
  return {.options = std::move(options), .deadline = Deadline::in(request.timeout)};
}

void startFirst(const StagingRequest& request, const NewInstance& created, std::vector<std::string> options) {
  Instance::Start start = startWith(request, std::move(options));
  start.initStatements = created.firstStatements;
  created.instance.start(start);
}

void waitForEnd(const Instance& instance, const Deadline& deadline) {
  if (waitUntil(deadline, [&] { return !instance.process(); })) {
    instance.stop(deadline);  // removes the pid file that a server which ended by itself may leave
    return;
  }
  throw Error(ExitCode::timeout, "the cloned server did not shut down in time",
              "give it more time with --timeout", instance.mount().errorLog());
}

// The donor's data is in place: its accounts, channels and events must not act when it is started.
Session startCutOff(const StagingRequest& request, const Plan& plan, const Instance& instance,
                    const AdminCredential& admin, Journal& journal) {
  journal.step("cut off");
  Instance::Start start = startWith(request, cutOffOptions(plan.installation.version));
  start.initStatements = cutOffStatements(admin, plan.installation.version);
  instance.start(start);
  Session session = instance.connect(request.adminUser, request.adminPassword, ExitCode::connectAfterRestore);
  proveCutOff(session, plan.source ? plan.source->uuid : "");
  return session;
}

void restartDurably(const StagingRequest& request, const Instance& instance, Journal& journal) {
  journal.step("restart durably");
  instance.stop(Deadline::in(request.timeout));
  instance.start(startWith(request, {}));
}

AdminCredential credentialOn(const Instance& instance, const StagingRequest& request) {
  Session session = instance.connect(request.adminUser, request.adminPassword);
  return readCredential(session, request.adminUser);
}

Ingested ingestByClone(const StagingRequest& request, const Plan& plan, const NewInstance& created,
                       Journal& journal) {
  const Instance& instance = created.instance;
  journal.step("start for clone");
  startFirst(request, created, cloningOptions());
  const AdminCredential admin = credentialOn(instance, request);
  journal.step("clone");
  cloneInto({.source = request.source, .target = adminConnection(instance, request.adminPassword)});
  waitForEnd(instance, Deadline::in(request.timeout));
  Session session = startCutOff(request, plan, instance, admin, journal);
  return {cloneCoordinates(session, plan.source->usesGtid()), {}};
}

Accounts accountsOfSource(const StagingRequest& request) {
  Session source = Session::connect(request.source, ExitCode::backup);
  return readAccounts(source, {{request.adminUser, "localhost"}});
}

// Without them, statements that change an account of the source would break replication.
void copyAccounts(const Accounts& accounts, const StagingRequest& request, const Instance& instance,
                  std::vector<std::string>& notes) {
  if (!accounts.unreadable.empty()) {
    notes.push_back("no accounts were copied: " + accounts.unreadable);
    return;
  }
  Session target = instance.connect(request.adminUser, request.adminPassword, ExitCode::connectAfterRestore);
  const AccountName root{"root", "localhost"};
  if (std::find(accounts.names.begin(), accounts.names.end(), root) != accounts.names.end()) {
    // Ours has a password that nobody knows: the source's takes its place.
    target.execute("SET SESSION sql_log_bin = 0");
    target.execute(std::string_view(Dialect(target.version()).dropUser(root.user, root.host)));
  }
  const AccountsReport report = createAccounts(target, accounts);
  log::info(std::to_string(report.copied) + " accounts copied");
  notes.insert(notes.end(), report.notes.begin(), report.notes.end());
}

// Its pages hold the password hashes that have just been copied.
void followSystemTablespace(const Plan& plan, const StagingRequest& request, const Instance& instance) {
  if (!plan.encryption.systemTablespace || !instance.facts().version.atLeast(8, 0, 16)) return;
  Session target = instance.connect(request.adminUser, request.adminPassword, ExitCode::connectAfterRestore);
  target.execute("SET SESSION sql_log_bin = 0");
  target.execute("ALTER TABLESPACE mysql ENCRYPTION = 'Y'");
}

// What loadingOptions() is for a start.
void setForLoading(LoadSettings& settings, Session& control) {
  settings.set("super_read_only", "OFF");
  settings.set("read_only", "OFF");
  const uint64_t pool = loadingPool();
  if (control.number("SELECT @@GLOBAL.innodb_buffer_pool_size") < pool)
    settings.set("innodb_buffer_pool_size", std::to_string(pool));
}

// By copy or dump.
Ingested ingestLogically(const StagingRequest& request, const Plan& plan, const NewInstance& created,
                         Journal& journal) {
  const Instance& instance = created.instance;
  const std::string method(text(plan.choice.method));
  journal.step("start for " + method);
  const bool online = copiesOnline(plan);
  startFirst(request, created,
             online ? std::vector<std::string>{} : loadingOptions(plan.installation.version));
  Session control = instance.connect(request.adminUser, request.adminPassword);
  control.failWith(ExitCode::restore);
  control.execute("SET SESSION wait_timeout = 2147483");
  LoadSettings settings(control);
  if (online) setForLoading(settings, control);
  journal.step(method);
  // As of the snapshot: an account that is created later comes by replication.
  Accounts accounts;
  const DumpRequest dump{.source = request.source,
                         .databases = plan.source->databases,
                         .target = adminConnection(instance, request.adminPassword),
                         .installation = plan.installation,
                         .atSnapshot = [&] { accounts = accountsOfSource(request); }};
  DumpReport report = plan.choice.method == Method::copy ? copyInto({dump}) : dumpInto(dump);
  journal.step("copy accounts");
  copyAccounts(accounts, request, instance, report.notes);
  followSystemTablespace(plan, request, instance);
  if (online) {
    journal.step("put settings back");
    settings.finish();
  } else {
    control.close();
    restartDurably(request, instance, journal);
  }
  report.coordinates.usesGtid = plan.source->usesGtid();
  return {report.coordinates, report.notes};
}

Ingested restoreLogically(const StagingRequest& request, const Plan& plan, const NewInstance& created,
                          Journal& journal) {
  const Instance& instance = created.instance;
  journal.step("start for restore");
  startFirst(request, created, loadingOptions(plan.installation.version));
  journal.step("restore");
  const bool subset = plan.source && !request.databases.empty();
  FileRestoreReport report =
      restoreFile({.backup = *plan.backup,
                   .target = adminConnection(instance, request.adminPassword),
                   .databases = subset ? plan.source->databases : std::vector<std::string>{},
                   .expendable = true});
  if (!report.accounts && plan.source) {
    journal.step("copy accounts");
    copyAccounts(accountsOfSource(request), request, instance, report.notes);
    followSystemTablespace(plan, request, instance);
  }
  restartDurably(request, instance, journal);
  return {report.coordinates.value_or(Coordinates{}), report.notes};
}

// The backup's files take the place of those that were initialised.
Ingested restorePhysically(const StagingRequest& request, const Plan& plan, const NewInstance& created,
                           Journal& journal) {
  const Instance& instance = created.instance;
  journal.step("start for restore");
  startFirst(request, created, {});
  const AdminCredential admin = credentialOn(instance, request);
  instance.stop(Deadline::in(request.timeout));
  journal.step("restore");
  removeTree(instance.mount().data());
  copyDataDirectory(*plan.backup, instance.mount().data(), instance.owner(), leastRoom);
  requireMasterKeys(instance.mount().data(), firstKeyring(request, plan));
  Session session = startCutOff(request, plan, instance, admin, journal);
  Coordinates coordinates = plan.backup->coordinates.value_or(Coordinates{});
  if (!plan.source) return {coordinates, plan.backup->notes};
  if (!coordinates.gtids.empty()) setGtidPurged(session, coordinates.gtids);
  if (coordinates.gtids.empty() && plan.source->usesGtid()) {
    coordinates.gtids = GtidSet::parse(session.value("SELECT @@GLOBAL.gtid_executed").value_or(""));
    coordinates.usesGtid = true;
  }
  return {coordinates, plan.backup->notes};
}

Ingested ingestByFile(const StagingRequest& request, const Plan& plan, const NewInstance& created,
                      Journal& journal) {
  Ingested ingested = isPhysical(plan.backup->kind) ? restorePhysically(request, plan, created, journal)
                                                    : restoreLogically(request, plan, created, journal);
  Coordinates& coordinates = ingested.coordinates;
  coordinates.usesGtid = plan.source && plan.source->usesGtid() && coordinates.usesGtid;
  return ingested;
}

}  // namespace

bool copiesOnline(const Plan& plan) {
  return plan.choice.method == Method::copy && Dialect(plan.installation.version).hasDisableRedoLog();
}

ConnectionOptions adminConnection(const Instance& instance, const Secret& password) {
  return {.endpoint = {"localhost", instance.facts().port, instance.mount().socket()},
          .user = instance.facts().adminUser,
          .password = password};
}

Ingested ingest(const StagingRequest& request, const Plan& plan, const NewInstance& created,
                Journal& journal) {
  if (plan.backup) return ingestByFile(request, plan, created, journal);
  if (request.type == StagingType::manual) {
    journal.step("start seed");
    startFirst(request, created, {});
    return {};
  }
  return plan.choice.method == Method::clone ? ingestByClone(request, plan, created, journal)
                                             : ingestLogically(request, plan, created, journal);
}

}  // namespace dlpx
