#include "staging/build.h"

#include "backup/fresh_data.h"
#include "base/error.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "mysql/dialect.h"
#include "replication/memory_tables.h"
#include "server/keyring.h"
#include "server/server_options.h"
#include "server/tls_identity.h"
#include "staging/account.h"
#include "staging/ingest.h"
#include "staging/options.h"
#include "staging/room.h"

namespace dlpx {
namespace {

// The accounts of a new server: root with a password that nobody knows, first of all, and ours.
std::string firstStatements(const StagingRequest& request, const Version& version) {
  const Dialect dialect(version);
  std::vector<std::string> statements = {"SET SESSION sql_log_bin = 0", std::string(neutralSqlMode)};
  if (request.adminUser != "root") {
    for (const std::string& each : dialect.setPassword("root", "localhost", randomSecret()))
      statements.push_back(each);
    statements.push_back(dialect.lockAccount("root", "localhost", true));
  }
  for (const std::string& each : accountStatements(request.adminUser, request.adminPassword, version))
    statements.push_back(each);
  // Not in ALL: without it the root of a stock source could not be copied whole.
  if (version.atLeast(8, 0)) {
    const std::string account = quoteAccount(request.adminUser, "localhost");
    statements.push_back("GRANT PROXY ON ''@'' TO " + account + " WITH GRANT OPTION");
  }
  return join(statements, ";\n") + ";\n";
}

// Servers before 8.0 may be built with a TLS library that cannot read our keys: they make their own. Returns
// what the first start has to run.
std::string initialise(const Instance& instance, const StagingRequest& request, const Plan& plan) {
  const Version& version = plan.installation.version;
  const bool ourKeys = version.atLeast(8, 0);
  const std::vector<std::string> options =
      ourKeys ? std::vector<std::string>{"--auto-generate-certs=OFF"} : std::vector<std::string>{};
  std::string statements =
      makeFreshData(instance, {options, firstStatements(request, version), Deadline::in(request.timeout)});
  if (ourKeys) writeTlsIdentity(instance.mount().data(), instance.owner());
  return statements;
}

NewInstance createInstance(const StagingRequest& request, const Plan& plan, const Mount& mount,
                           Journal& journal) {
  const Instance instance(mount, stagingInstance(request, plan));
  journal.step("create");
  const Owner owner = ownerOf(request.osUser);
  setOwner(mount.root(), owner);
  mount.create(owner);
  setOwnerOfTree(mount.control(), owner);
  instance.record();
  if (plan.keyring) writeKeyring(instance.facts().keyring, firstKeyring(request, plan), owner);
  writeStagingOptions(instance, request, plan);
  journal.step("initialise");
  return {instance, initialise(instance, request, plan)};
}

StagingFacts factsOf(const StagingRequest& request, const Plan& plan, const Ingested& ingested) {
  StagingFacts facts;
  facts.type = request.type;
  facts.name = request.name;
  facts.logSync = request.logSync;
  facts.ingestedAt = utcNow();
  if (plan.backup) {
    facts.method = text(Method::file);
    facts.methodReason = plan.choice.reason;
    facts.coordinates = ingested.coordinates.text();
  }
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

void noteMemoryTables(const StagingRequest& request, BuiltStaging& built) {
  Session session = built.instance.connect(request.adminUser, request.adminPassword);
  const std::vector<std::string> tables = memoryTables(session);
  if (tables.empty()) return;
  built.notes.push_back(
      "MEMORY tables, which each restart of staging empties; an UPDATE or DELETE of the "
      "source for a row that went stops replication: " +
      join(tables, ", "));
}

BuiltStaging build(const StagingRequest& request, const Plan& plan, const Mount& mount, Journal& journal) {
  const NewInstance created = createInstance(request, plan, mount, journal);
  const Instance& instance = created.instance;
  const Ingested ingested = ingest(request, plan, created, journal);
  const StagingFacts facts = factsOf(request, plan, ingested);
  const ChannelStatus channel = replicate(request, plan, facts, ingested, instance, journal);
  BuiltStaging built{instance, facts, channel, ingested.notes};
  if (facts.replicates()) noteMemoryTables(request, built);
  return built;
}

}  // namespace

InstanceFacts stagingInstance(const StagingRequest& request, const Plan& plan) {
  return {.role = "staging",
          .basedir = plan.installation.basedir,
          .mysqld = plan.installation.mysqld,
          .version = plan.installation.version,
          .port = request.port,
          .serverId = request.serverId,
          .osUser = request.osUser,
          .adminUser = request.adminUser,
          .keyring = plan.keyring ? keyringFile(Mount(request.mount), request.keyringDir) : fs::path()};
}

void writeStagingOptions(const Instance& instance, const StagingRequest& request, const Plan& plan) {
  std::vector<Option> role = stagingOptions(request, plan);
  if (request.port == 0) role.push_back({"skip-networking", "ON"});
  writeOptionFile(instance, {.bindAddress = request.bindAddress, .starter = request.starter, .role = role});
}

Plan checkedPlan(const StagingRequest& request) {
  Preflight table;
  Plan plan = preflight(request, table);
  table.throwIfFailed();
  for (const Check& check : table.checks()) {
    if (check.verdict == Verdict::warn) log::warning(check.name + ": " + check.finding + "; " + check.remedy);
  }
  return plan;
}

BuiltStaging buildStaging(const StagingRequest& request, const Plan& plan, const Mount& mount,
                          Journal& journal) {
  const RoomWatch room(mount);
  try {
    BuiltStaging built = build(request, plan, mount, journal);
    room.require();
    return built;
  } catch (const Error& e) {
    room.requireFor(e);
    throw;
  }
}

Output describe(const BuiltStaging& built, bool verified) {
  const Instance& instance = built.instance;
  const StagingFacts& facts = built.facts;
  Output output;
  output.json = {{"mount", instance.mount().root().string()},
                 {"port", instance.facts().port},
                 {"version", instance.facts().version.text()},
                 {"verified", verified},
                 {"staging", facts.json()},
                 {"replication", built.channel.json()},
                 {"notes", built.notes}};
  output.text = std::string(verified ? "staging is there" : "staging is ready") + ": " +
                instance.mount().root().string() + ", port " + std::to_string(instance.facts().port) +
                ", MySQL " + instance.facts().version.text() + "\n";
  if (facts.type == StagingType::replication) {
    output.text += "source: " + facts.source() + " (" + facts.method + ": " + facts.methodReason + ")\n" +
                   "replication: " + (facts.replicates() ? built.channel.summary() : "not wanted") + "\n";
  }
  for (const std::string& note : built.notes) output.text += "note: " + note + "\n";
  return output;
}

}  // namespace dlpx
