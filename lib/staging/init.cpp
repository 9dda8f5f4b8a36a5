#include "staging/init.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "base/undo.h"
#include "mysql/dialect.h"
#include "server/server_options.h"
#include "staging/facts.h"
#include "staging/ingest.h"
#include "staging/mount_use.h"
#include "staging/options.h"
#include "staging/preflight.h"
#include "staging/replicate.h"

namespace dlpx {
namespace {

constexpr Seconds timeToClear(60);

Output report(const Instance& instance, const StagingFacts& facts, const ChannelStatus& channel,
              const std::vector<std::string>& notes, bool verified) {
  Output output;
  output.json = {{"mount", instance.mount().root().string()},
                 {"port", instance.facts().port},
                 {"version", instance.facts().version.text()},
                 {"verified", verified},
                 {"staging", facts.json()},
                 {"replication", channel.json()},
                 {"notes", notes}};
  output.text = std::string(verified ? "staging is there" : "staging is ready") + ": " +
                instance.mount().root().string() + ", port " + std::to_string(instance.facts().port) +
                ", MySQL " + instance.facts().version.text() + "\n";
  if (facts.type == StagingType::replication) {
    output.text += "source: " + facts.source() + " (" + facts.method + ": " + facts.methodReason + ")\n" +
                   "replication: " + (facts.replicates() ? channel.summary() : "not wanted") + "\n";
  }
  for (const std::string& note : notes) output.text += "note: " + note + "\n";
  return output;
}

InstanceFacts instanceFacts(const StagingRequest& request, const Plan& plan) {
  return {.role = "staging",
          .basedir = plan.installation.basedir,
          .mysqld = plan.installation.mysqld,
          .version = plan.installation.version,
          .port = request.port,
          .serverId = request.serverId,
          .osUser = request.osUser,
          .adminUser = request.adminUser};
}

// The accounts of a new server: ours, and root without a password that anybody knows.
std::string firstStatements(const StagingRequest& request, const Version& version) {
  const Dialect dialect(version);
  std::vector<std::string> statements = {"SET SESSION sql_log_bin = 0", std::string(neutralSqlMode)};
  for (const std::string& each : dialect.setPassword(request.adminUser, "localhost", request.adminPassword))
    statements.push_back(each);
  statements.push_back(dialect.grantAll(request.adminUser, "localhost"));
  if (request.adminUser != "root") {
    for (const std::string& each : dialect.setPassword("root", "localhost", randomSecret()))
      statements.push_back(each);
    statements.push_back(dialect.lockAccount("root", "localhost", true));
  }
  return join(statements, ";\n") + ";\n";
}

Instance createInstance(const StagingRequest& request, const Plan& plan, const Mount& mount,
                        Journal& journal) {
  const Instance instance(mount, instanceFacts(request, plan));
  journal.step("create");
  const Owner owner = ownerOf(request.osUser);
  setOwner(mount.root(), owner);
  mount.create(owner);
  setOwnerOfTree(mount.control(), owner);
  instance.record();
  writeOptionFile(instance, {.bindAddress = request.bindAddress,
                             .starter = request.starter,
                             .role = stagingOptions(request, plan)});
  journal.step("initialise");
  instance.initialise({}, firstStatements(request, plan.installation.version), Deadline::in(request.timeout));
  return instance;
}

StagingFacts factsOf(const StagingRequest& request, const Plan& plan, const Ingested& ingested) {
  StagingFacts facts;
  facts.type = request.type;
  facts.name = request.name;
  facts.logSync = request.logSync;
  facts.ingestedAt = utcNow();
  if (request.type == StagingType::manual) return facts;
  facts.sourceHost = request.source.endpoint.host;
  facts.sourcePort = request.source.endpoint.port;
  facts.sourceUser = request.source.user;
  facts.sourceUuid = plan.source->uuid;
  facts.sourceVersion = plan.source->version.text();
  facts.method = text(plan.choice.method);
  facts.methodReason = plan.choice.reason;
  if (!request.databases.empty()) facts.databases = plan.source->databases;
  facts.coordinates = ingested.coordinates.text();
  facts.replicationUser = request.replicationUser;
  return facts;
}

ChannelStatus replicate(const StagingRequest& request, const Plan& plan, const StagingFacts& facts,
                        const Ingested& ingested, const Instance& instance, Journal& journal) {
  if (!facts.replicates()) return {};
  journal.step("replicate");
  Session session = instance.connect(request.adminUser, request.adminPassword);
  Channel channel(session);
  channel.configure({.source = request.source.endpoint,
                     .ssl = request.source.ssl,
                     .sourceOffersTls = plan.source->encrypted,
                     .sslCa = request.source.sslCa,
                     .databases = facts.databases},
                    ingested.coordinates);
  channel.start(request.replicationUser, request.replicationPassword);
  return channel.waitUntilRunning(Deadline::in(request.timeout));
}

// The mount is ours, locked, and empty but for the control directory.
Output build(const StagingRequest& request, const Plan& plan, const Mount& mount,
             const std::string& operation) {
  Journal journal = mount.journal(operation);
  Undo undo;
  undo.add("staging on " + mount.root().string(), [&] {
    const InterruptShield shield;
    clearMount(mount, true, Deadline::in(timeToClear));
  });
  const Instance instance = createInstance(request, plan, mount, journal);
  const Ingested ingested = ingest(request, plan, instance, journal);
  const StagingFacts facts = factsOf(request, plan, ingested);
  const ChannelStatus channel = replicate(request, plan, facts, ingested, instance, journal);
  journal.step("publish");
  mergeFacts(mount.stateFile(), {{"staging", facts.json()}}, {0640, instance.owner()});
  // Last: from here on the mount holds a complete staging server, and repeating the command only verifies it.
  journal.finish();
  undo.commit();
  return report(instance, facts, channel, ingested.notes, false);
}

Plan checked(const StagingRequest& request) {
  Preflight table;
  Plan plan = preflight(request, table);
  table.throwIfFailed();
  for (const Check& check : table.checks()) {
    if (check.verdict == Verdict::warn) log::warning(check.name + ": " + check.finding + "; " + check.remedy);
  }
  return plan;
}

void refuseOthers(const StagingRequest& request) {
  const MountUse use = useOf(Mount(request.mount));
  if (use != MountUse::foreign && use != MountUse::vdb) return;
  throw Error(ExitCode::preflight,
              "mount " + request.mount.string() +
                  (use == MountUse::vdb ? " holds a VDB" : " is not empty and not ours"),
              "name an empty directory with --mount; nothing was changed");
}

Output verify(const StagingRequest& request, const Mount& mount) {
  const Instance instance = requireStaging(mount);
  const StagingFacts facts = StagingFacts::on(mount);
  const bool same = facts.type == request.type && instance.facts().port == request.port &&
                    (facts.type == StagingType::manual || (facts.sourceHost == request.source.endpoint.host &&
                                                           facts.sourcePort == request.source.endpoint.port));
  if (!same) {
    throw Error(
        ExitCode::usage,
        "mount " + mount.root().string() + " holds a staging server with another source, type or port",
        "remove it first (dlpx-mysql-stage remove), or name another directory with --mount");
  }
  instance.start({.deadline = Deadline::in(request.timeout)});
  Session session = instance.connect(request.adminUser, request.adminPassword);
  ChannelStatus channel;
  if (facts.replicates())
    channel = startReplication(session, facts, request.replicationUser, request.replicationPassword,
                               Deadline::in(request.timeout));
  return report(instance, facts, channel, {}, true);
}

// The mount's directory and its lock, undone when the work never began.
FileLock takeMount(const Mount& mount, const std::string& operation, Undo& undo) {
  if (!fs::exists(mount.root())) {
    undo.add("directory " + mount.root().string(), [root = mount.root()] { fs::remove(root); });
    makeDirectory(mount.root(), {0755, std::nullopt});
  }
  const bool fresh = !mount.exists();
  FileLock lock = mount.lock(operation, Deadline::in(Milliseconds(0)));
  if (fresh) undo.add("control directory", [mount] { removeTree(mount.control()); });
  return lock;
}

// A kill between the facts and the journal's end left complete work behind.
void finishPublished(const Mount& mount) {
  if (Journal::unfinished(mount.stateFile()).step != "publish") return;
  if (readFacts(mount.stateFile()).contains("staging")) mount.journal("init").finish();
}

}  // namespace

Output checkStaging(const StagingRequest& request) {
  Preflight table;
  preflight(request, table);
  table.throwIfFailed();
  return table.output();
}

Output initialiseStaging(const StagingRequest& request) {
  refuseOthers(request);
  const Mount mount(request.mount);
  Undo directories;
  const FileLock lock = takeMount(mount, "init", directories);
  finishPublished(mount);
  if (useOf(mount) == MountUse::staging) return verify(request, mount);
  clearMount(mount, false, Deadline::in(timeToClear));
  const Plan plan = checked(request);
  const Output output = build(request, plan, mount, "init");
  directories.commit();
  return output;
}

Output resyncStaging(const StagingRequest& request) {
  refuseOthers(request);
  const Mount mount(request.mount);
  Undo directories;
  const FileLock lock = takeMount(mount, "resync", directories);
  const Plan plan = checked(request);
  if (mount.exists() && Instance::on(mount)) mount.journal("resync").step("clear");
  clearMount(mount, false, Deadline::in(request.timeout));
  const Output output = build(request, plan, mount, "resync");
  directories.commit();
  return output;
}

Output ingestAnew(const StagingRequest& request) {
  return useOf(Mount(request.mount)) == MountUse::staging ? resyncStaging(request)
                                                          : initialiseStaging(request);
}

}  // namespace dlpx
