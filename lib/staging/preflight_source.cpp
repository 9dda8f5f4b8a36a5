#include <set>

#include "backup/clone.h"
#include "backup/copy.h"
#include "backup/schema.h"
#include "base/error.h"
#include "base/text.h"
#include "mysql/dialect.h"
#include "replication/channel.h"
#include "staging/preflight.h"

namespace dlpx {
namespace {

void checkVersion(const Installation& installation, const SourceFacts& source, Preflight& table) {
  const std::string finding = "source " + source.version.text() + ", staging " + installation.version.text();
  if (canFollow(installation.version, source.version)) return table.pass("version", finding);
  table.fail("version", finding,
             "use a staging installation of the source's series, or of the one that follows it, with "
             "--basedir (MySQL 5.7.6 to 9.7)");
}

void checkBinaryLog(const StagingRequest& request, const SourceFacts& source, Preflight& table) {
  if (!request.logSync) return table.pass("binary log", "not needed: log sync is off");
  if (!source.binaryLog) {
    return table.fail("binary log", "the source writes no binary log (log_bin is OFF)",
                      "turn log_bin on at the source and restart it, or use --no-log-sync");
  }
  if (source.binlogFilter.empty()) {
    table.pass("binary log", "on");
  } else {
    table.warn("binary log", "the source logs " + source.binlogFilter,
               "remove binlog-do-db and binlog-ignore-db at the source, or staging misses changes");
  }
  if (toLower(source.binlogFormat) == "row" || source.binlogFormat.empty()) {
    table.pass("binary log format", "ROW");
  } else {
    table.warn("binary log format", source.binlogFormat,
               "set binlog_format=ROW at the source: other formats can let staging drift");
  }
  constexpr uint64_t day = 86400;
  if (source.binlogExpirySeconds != 0 && source.binlogExpirySeconds < day) {
    table.warn("binary log expiry",
               "logs are kept for " + humanDuration(static_cast<double>(source.binlogExpirySeconds)),
               "keep them for some days (binlog_expire_logs_seconds), or a longer pause needs a resync");
  } else {
    table.pass("binary log expiry", source.binlogExpirySeconds == 0
                                        ? "never"
                                        : humanDuration(static_cast<double>(source.binlogExpirySeconds)));
  }
}

// Ids of the source's other replicas; empty when the account may not ask.
std::set<uint64_t> replicaIds(Session& session) {
  std::set<uint64_t> ids;
  try {
    for (const Row& row : session.query(std::string_view(Dialect(session.version()).showReplicas())))
      ids.insert(row.number("Server_id"));
  } catch (const SqlError& e) {
    if (e.connectionLost()) throw;
  }
  return ids;
}

void checkServerId(const StagingRequest& request, const SourceFacts& source, Session& session,
                   Preflight& table) {
  const std::string id = std::to_string(request.serverId);
  if (source.serverId == request.serverId) {
    table.fail("server id", "the source has the same server id, " + id, "choose another with --server-id");
  } else if (request.logSync && source.serverId == 0) {
    table.fail("server id", "the source has no server id", "set server_id at the source");
  } else if (replicaIds(session).count(request.serverId) != 0) {
    // A staging server of ours that is built anew is such a replica itself.
    table.warn("server id", "a replica of the source has the same server id, " + id,
               "choose another with --server-id, unless it is this staging server");
  } else {
    table.pass("server id", id + ", the source's is " + std::to_string(source.serverId));
  }
}

void checkGtid(const SourceFacts& source, Preflight& table) {
  if (source.usesGtid()) return table.pass("gtid", "on: auto-position will be used");
  if (source.gtidMode == "OFF") return table.pass("gtid", "off: file and position will be used");
  table.warn("gtid", "gtid_mode is " + source.gtidMode + ": file and position will be used",
             "finish turning GTIDs on at the source");
}

std::vector<std::string> missingToDump(const SourceFacts& source) {
  std::vector<std::string> missing;
  const Dialect dialect(source.version);
  for (const std::string& privilege : dialect.privilegesToDump()) {
    for (const std::string& database : source.databases) {
      if (source.privileges.hasOn(privilege, database)) continue;
      missing.push_back(privilege + " on " + database);
      break;
    }
  }
  for (const std::string& privilege : source.privileges.missing(dialect.privilegesToReadCoordinates()))
    missing.push_back(privilege);
  return missing;
}

void checkPrivileges(const StagingRequest& request, const Plan& plan, Preflight& table) {
  const SourceFacts& source = *plan.source;
  const std::string account = "source account " + request.source.user;
  if (plan.choice.method == Method::clone) {
    const auto missing = source.privileges.missing(Dialect(source.version).privilegesToClone());
    if (missing.empty()) return table.pass("source privileges", account + " may clone");
    return table.fail("source privileges", account + " lacks " + join(missing, ", "),
                      "grant that, or choose another --method");
  }
  if (plan.choice.method == Method::file)
    return table.pass("source privileges", "none are needed to restore a backup");
  const auto missing = missingToDump(source);
  if (!missing.empty()) {
    return table.fail("source privileges", account + " lacks " + join(missing, ", "),
                      "grant that to it on the source");
  }
  if (source.privileges.hasOn("SELECT", "mysql"))
    return table.pass("source privileges", account + " may read all that is copied");
  table.warn("source privileges", account + " may not read the accounts in mysql.*",
             "grant SELECT ON mysql.* to it: without the accounts, statements that change them can break "
             "replication");
}

void checkReplicationAccount(const StagingRequest& request, Preflight& table) {
  if (!request.logSync) return;
  const std::string account = "replication account " + request.replicationUser;
  try {
    checkReplicationPassword(request.replicationPassword);
    ConnectionOptions options = request.source;
    options.user = request.replicationUser;
    options.password = request.replicationPassword;
    Session session = Session::connect(options, ExitCode::preflight);
    const auto missing =
        Privileges::ofCurrentUser(session).missing(Dialect(session.version()).privilegesToReplicate());
    if (missing.empty()) return table.pass("replication account", account + " can log in and replicate");
    table.fail("replication account", account + " lacks " + join(missing, ", "),
               "grant that to it on the source");
  } catch (const Error& e) {
    if (e.code() == ExitCode::interrupted) throw;
    table.fail("replication account", e.what(), e.remedy());
  }
}

void chooseMethod(const StagingRequest& request, Session& session, Plan& plan, Preflight& table) {
  if (request.method == Method::file) return checkBackup(request, plan, table);
  const bool automatic = request.method == Method::automatic;
  MethodVerdict clone;
  if (automatic || request.method == Method::clone)
    clone =
        cloneFits(session, request.source, plan.installation, request.databases, usableBytes(request.mount));
  MethodVerdict copy;
  if ((automatic && !clone.fits) || request.method == Method::copy)
    copy = copyFits(session, plan.source->databases);
  try {
    plan.choice = methodFor(request.method, clone, copy);
    table.pass("method", std::string(text(plan.choice.method)) + ": " + plan.choice.reason);
  } catch (const Error& e) {
    if (e.code() == ExitCode::usage) throw;
    table.fail("method", e.what(), e.remedy());
    plan.choice.method = request.method;
  }
}

// A server of another series may not know the source's words; what must fit is how names compare.
std::vector<Option> recipientOptions(Session& session, const Installation& installation) {
  if (sameSeries(session.version(), installation.version) && Dialect(session.version()).hasClone())
    return cloneRecipientOptions(session);
  return {{"lower-case-table-names", session.variable("lower_case_table_names")},
          {"character-set-server", session.variable("character_set_server")},
          {"collation-server", session.variable("collation_server")},
          {"max-allowed-packet", session.variable("max_allowed_packet")}};
}

void readAndJudge(const StagingRequest& request, Session& session, Plan& plan, Preflight& table) {
  plan.source = readSource(session, request.databases);
  checkVersion(plan.installation, *plan.source, table);
  if (!canFollow(plan.installation.version, plan.source->version)) return;
  checkServerId(request, *plan.source, session, table);
  checkBinaryLog(request, *plan.source, table);
  checkGtid(*plan.source, table);
  chooseMethod(request, session, plan, table);
  checkPrivileges(request, plan, table);
  checkReplicationAccount(request, table);
  checkSpace(request, plan.source->size.rows + plan.source->size.indexes, plan.choice.method, table);
  plan.recipient = recipientOptions(session, plan.installation);
  checkEncryption(request, readEncryption(session), plan, table);
}

}  // namespace

void checkSource(const StagingRequest& request, Plan& plan, Preflight& table) {
  try {
    Session session = Session::connect(request.source, ExitCode::preflight);
    table.pass("source", request.source.endpoint.text() + " answers as MySQL " + session.version().text() +
                             (session.encrypted() ? ", by TLS" : ", without TLS"));
    readAndJudge(request, session, plan, table);
  } catch (const Error& e) {
    if (e.code() == ExitCode::interrupted || e.code() == ExitCode::usage ||
        e.code() == ExitCode::providedBackup) {
      throw;
    }
    table.fail("source", e.what(), e.remedy());
  }
}

}  // namespace dlpx
