#include "mysql/dialect.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {

namespace {

// Statements and words: from which version on they have which form.
struct Wording {
  Version since;
  const char* text;
};

template <size_t Count>
const char* pick(const Wording (&table)[Count], const Version& version) {
  const char* text = "";
  for (const auto& [since, form] : table)
    if (version >= since) text = form;
  return text;
}

constexpr Version always{0, 0, 0};
constexpr Version replicaWords{8, 0, 22};  // SHOW REPLICA STATUS, START REPLICA …
constexpr Version sourceWords{8, 0, 23};   // CHANGE REPLICATION SOURCE TO SOURCE_…
constexpr Version channels{5, 7, 6};
constexpr Version conditionalUsers{5, 7, 8};  // CREATE USER IF NOT EXISTS

constexpr Wording replicaWord[] = {{always, "SLAVE"}, {replicaWords, "REPLICA"}};
constexpr Wording sourceWord[] = {{always, "MASTER"}, {sourceWords, "SOURCE"}};
constexpr Wording changeSource[] = {{always, "CHANGE MASTER TO"},
                                    {sourceWords, "CHANGE REPLICATION SOURCE TO"}};
constexpr Wording binaryLogStatus[] = {{always, "SHOW MASTER STATUS"}, {{8, 2, 0}, "SHOW BINARY LOG STATUS"}};
constexpr Wording replicas[] = {{always, "SHOW SLAVE HOSTS"}, {replicaWords, "SHOW REPLICAS"}};
constexpr Wording resetBinaryLogs[] = {{always, "RESET MASTER"}, {{8, 2, 0}, "RESET BINARY LOGS AND GTIDS"}};
constexpr Wording waitFor[] = {{always, "SELECT WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS(?, ?) < 0"},
                               {{5, 7, 5}, "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?)"}};
constexpr Wording passwordColumns[] = {{always, "Password"}, {{5, 7, 6}, "authentication_string"}};
constexpr Wording authentication[] = {{always, "mysql_native_password"},
                                      {{8, 0, 4}, "caching_sha2_password"}};

Error tooOld(const Version& version, const std::string& what) {
  return Error(ExitCode::installation, fmt::format("MySQL {} has no {}", version.text(), what),
               "Use MySQL 5.7.6 or newer.");
}

}  // namespace

Dialect::Dialect(const Version& version) : version_(version) {
  if (version.isMariaDb())
    throw Error(ExitCode::installation, fmt::format("the server is MariaDB {}, not MySQL", version.text()),
                "Use MySQL 5.7.6 or newer.");
  if (!version.atLeast(5, 6))
    throw Error(ExitCode::installation, fmt::format("MySQL {} is too old", version.text()),
                "Use MySQL 5.7.6 or newer.");
}

bool Dialect::supported() const {
  return version_.atLeast(5, 7, 6);
}
bool Dialect::hasGetSourcePublicKey() const {
  return version_.atLeast(8, 0, 4);
}
bool Dialect::hasGtidsOnline() const {
  return version_.atLeast(5, 7, 6);
}
bool Dialect::hasClone() const {
  return version_.atLeast(8, 0, 17);
}
bool Dialect::hasAtomicDdl() const {
  return version_.atLeast(8, 0);
}
bool Dialect::hasDynamicPrivileges() const {
  return version_.atLeast(8, 0);
}
bool Dialect::hasOfflineMode() const {
  return version_.atLeast(5, 7, 5);
}
bool Dialect::hasPersistedVariables() const {
  return version_.atLeast(8, 0);
}
bool Dialect::hasDaemonize() const {
  return version_.atLeast(5, 7, 6);
}
bool Dialect::hasInitialize() const {
  return version_.atLeast(5, 7, 6);
}
bool Dialect::hasDisableRedoLog() const {
  return version_.atLeast(8, 0, 21);
}
bool Dialect::binlogOnByDefault() const {
  return version_.atLeast(8, 0, 3);
}
bool Dialect::appliesInOrderWithoutBinlog() const {
  return version_.atLeast(8, 0, 19);
}

namespace {

// " FOR CHANNEL 'x'" or nothing; versions without channels refuse a named one.
std::string forChannel(const Version& version, const std::string& channel) {
  if (channel.empty()) return {};
  if (version < channels) throw tooOld(version, "replication channels");
  return " FOR CHANNEL " + quoteString(channel);
}

// For statements that mean all channels without the clause.
std::string forTheChannel(const Version& version, const std::string& channel) {
  return version < channels ? forChannel(version, channel) : " FOR CHANNEL " + quoteString(channel);
}

}  // namespace

std::string Dialect::showReplicaStatus() const {
  return fmt::format("SHOW {} STATUS", pick(replicaWord, version_));
}

std::string Dialect::startReplica(const std::string& user, const Secret& password,
                                  const std::string& channel) const {
  return fmt::format("START {} {}{}", pick(replicaWord, version_),
                     sql("USER = ? PASSWORD = ?", user, password), forTheChannel(version_, channel));
}

std::string Dialect::startReplicaApplier(const std::string& channel) const {
  return fmt::format("START {} SQL_THREAD{}", pick(replicaWord, version_), forTheChannel(version_, channel));
}

std::string Dialect::startReplicaReceiver(const std::string& channel) const {
  return fmt::format("START {} IO_THREAD{}", pick(replicaWord, version_), forTheChannel(version_, channel));
}

std::string Dialect::startReplicaApplierUntil(const Coordinates& until, const std::string& channel) const {
  const std::string source = version_.atLeast(8, 0, 22) ? "SOURCE" : "MASTER";
  const std::string where = until.usesGtid ? "SQL_AFTER_GTIDS = " + quoteString(until.gtids.text())
                                           : sql("%_LOG_FILE = ?, %_LOG_POS = ?", until.position.value().file,
                                                 until.position.value().position);
  return fmt::format("START {} SQL_THREAD UNTIL {}{}", pick(replicaWord, version_),
                     replaceAll(where, "%_LOG", source + "_LOG"), forTheChannel(version_, channel));
}

std::string Dialect::stopReplica(const std::string& channel) const {
  return fmt::format("STOP {}{}", pick(replicaWord, version_), forTheChannel(version_, channel));
}

std::string Dialect::stopReplicaApplier(const std::string& channel) const {
  return fmt::format("STOP {} SQL_THREAD{}", pick(replicaWord, version_), forTheChannel(version_, channel));
}

std::string Dialect::stopReplicaReceiver(const std::string& channel) const {
  return fmt::format("STOP {} IO_THREAD{}", pick(replicaWord, version_), forTheChannel(version_, channel));
}

std::string Dialect::resetReplicaAll(const std::string& channel) const {
  return fmt::format("RESET {} ALL{}", pick(replicaWord, version_), forChannel(version_, channel));
}

namespace {

std::vector<std::string> sslClauses(const ReplicationSourceOptions& options) {
  const bool on =
      options.ssl > SslMode::preferred || (options.ssl == SslMode::preferred && options.sourceOffersTls);
  std::vector<std::string> out{on ? "@_SSL = 1" : "@_SSL = 0"};
  if (!on) return out;
  if (!options.sslCa.empty()) out.push_back(sql("@_SSL_CA = ?", options.sslCa.string()));
  out.push_back(options.ssl == SslMode::verifyIdentity ? "@_SSL_VERIFY_SERVER_CERT = 1"
                                                       : "@_SSL_VERIFY_SERVER_CERT = 0");
  return out;
}

std::vector<std::string> positionClauses(const ReplicationSourceOptions& options) {
  if (options.autoPosition) return {"@_AUTO_POSITION = 1"};
  std::vector<std::string> out{"@_AUTO_POSITION = 0"};
  if (options.position) {
    out.push_back(sql("@_LOG_FILE = ?", options.position->file));
    out.push_back(sql("@_LOG_POS = ?", options.position->position));
  }
  return out;
}

}  // namespace

std::string Dialect::changeReplicationSource(const ReplicationSourceOptions& options) const {
  if (options.source.host.empty())
    throw Error(ExitCode::replication, "the source has no host name to replicate from",
                "Give the source's host and port.");
  // @ stands for MASTER or SOURCE; no value below is written before it is quoted.
  std::vector<std::string> clauses{sql("@_HOST = ?", options.source.host),
                                   sql("@_PORT = ?", options.source.port)};
  const auto append = [&](const std::vector<std::string>& more) {
    clauses.insert(clauses.end(), more.begin(), more.end());
  };
  append(positionClauses(options));
  append(sslClauses(options));
  if (hasGetSourcePublicKey()) clauses.push_back("GET_@_PUBLIC_KEY = 1");
  if (options.connectRetrySeconds)
    clauses.push_back(sql("@_CONNECT_RETRY = ?", *options.connectRetrySeconds));
  if (options.retryCount) clauses.push_back(sql("@_RETRY_COUNT = ?", *options.retryCount));
  if (options.heartbeatSeconds) clauses.push_back(sql("@_HEARTBEAT_PERIOD = ?", *options.heartbeatSeconds));
  append({"@_USER = ''", "@_PASSWORD = ''"});
  const std::string word = pick(sourceWord, version_);
  for (auto& clause : clauses) clause.replace(clause.find('@'), 1, word);
  return fmt::format("{} {}{}", pick(changeSource, version_), join(clauses, ", "),
                     forTheChannel(version_, options.channel));
}

std::string Dialect::changeReplicationFilter(const std::vector<std::string>& databases) const {
  if (!version_.atLeast(5, 7, 3)) return {};
  if (databases.empty())
    return "CHANGE REPLICATION FILTER REPLICATE_DO_DB = (), REPLICATE_WILD_DO_TABLE = ()";
  std::vector<std::string> patterns;
  for (const auto& database : databases) patterns.push_back(quoteString(escapeLike(database) + ".%"));
  // By table, not by default database: a statement can name a table of another one.
  return "CHANGE REPLICATION FILTER REPLICATE_DO_DB = (), REPLICATE_WILD_DO_TABLE = (" +
         join(patterns, ", ") + ")";
}

std::string Dialect::showBinaryLogStatus() const {
  return pick(binaryLogStatus, version_);
}
std::string Dialect::showReplicas() const {
  return pick(replicas, version_);
}
std::string Dialect::resetBinaryLogsAndGtids() const {
  return pick(resetBinaryLogs, version_);
}

Coordinates Dialect::coordinates(const Row& row) const {
  Coordinates out;
  if (row.has("Executed_Gtid_Set")) out.gtids = GtidSet::parse(row.text("Executed_Gtid_Set"));
  out.position = BinlogPosition{row.text("File"), row.number("Position")};
  return out;
}

std::string Dialect::waitForGtids(const GtidSet& set, unsigned timeoutSeconds) const {
  return formatSql(pick(waitFor, version_), {set.text(), timeoutSeconds});
}

std::vector<std::string> Dialect::setPassword(const std::string& user, const std::string& host,
                                              const Secret& password) const {
  const std::string account = quoteAccount(user, host);
  if (version_ < conditionalUsers)
    return {fmt::format("GRANT USAGE ON *.* TO {} {}", account, sql("IDENTIFIED BY ?", password))};
  // Named, so that an account with auth_socket or another plugin takes the password, too.
  const std::string identified =
      fmt::format("IDENTIFIED WITH {} {}", pick(authentication, version_), sql("BY ?", password));
  return {fmt::format("CREATE USER IF NOT EXISTS {} {}", account, identified),
          fmt::format("ALTER USER {} {} PASSWORD EXPIRE NEVER ACCOUNT UNLOCK", account, identified)};
}

std::string Dialect::grantAll(const std::string& user, const std::string& host) const {
  return fmt::format("GRANT ALL PRIVILEGES ON *.* TO {} WITH GRANT OPTION", quoteAccount(user, host));
}

std::string Dialect::grant(const std::vector<std::string>& privileges, const std::string& user,
                           const std::string& host) const {
  return fmt::format("GRANT {} ON *.* TO {}", join(privileges, ", "), quoteAccount(user, host));
}

std::string Dialect::dropUser(const std::string& user, const std::string& host) const {
  return fmt::format("DROP USER {}{}", version_ < conditionalUsers ? "" : "IF EXISTS ",
                     quoteAccount(user, host));
}

std::string Dialect::lockAccount(const std::string& user, const std::string& host, bool locked) const {
  if (!version_.atLeast(5, 7, 6)) return {};
  return fmt::format("ALTER USER {} ACCOUNT {}", quoteAccount(user, host), locked ? "LOCK" : "UNLOCK");
}

std::string Dialect::passwordColumn() const {
  return pick(passwordColumns, version_);
}

std::vector<std::string> Dialect::privilegesToReplicate() const {
  return {"REPLICATION SLAVE"};
}
std::vector<std::string> Dialect::privilegesToReadCoordinates() const {
  return {"REPLICATION CLIENT"};
}
std::vector<std::string> Dialect::privilegesToClone() const {
  return {"BACKUP_ADMIN"};
}

std::vector<std::string> Dialect::privilegesToDump() const {
  return {"SELECT", "LOCK TABLES", "SHOW VIEW", "TRIGGER", "EVENT"};
}

std::vector<std::string> Dialect::privilegesToControlReplica() const {
  if (hasDynamicPrivileges()) return {"REPLICATION_SLAVE_ADMIN", "RELOAD"};
  return {"SUPER", "RELOAD"};
}

}  // namespace dlpx
