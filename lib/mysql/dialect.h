#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/binlog_position.h"
#include "mysql/gtid_set.h"
#include "mysql/option_file.h"
#include "mysql/session.h"
#include "mysql/version.h"

namespace dlpx {

// What CHANGE REPLICATION SOURCE is told. Options that are not set are left as they are; no password here
// stays out of the replica's metadata: it is given with startReplica().
struct ReplicationSourceOptions {
  Endpoint source;
  // GTID auto-position, or this position.
  std::optional<BinlogPosition> position;
  bool autoPosition = false;
  SslMode ssl = SslMode::preferred;
  bool sourceOffersTls = false;  // what `preferred` means: a replica itself knows only yes and no
  fs::path sslCa;
  std::optional<unsigned> connectRetrySeconds;
  std::optional<unsigned> retryCount;
  std::optional<unsigned> heartbeatSeconds;
  std::string channel;
};

// A row of SHOW REPLICA STATUS in words that no version changes.
struct ReplicaStatus {
  enum class Thread { stopped, connecting, running };
  struct Problem {
    unsigned number = 0;  // 0: none
    std::string message;
  };

  std::string channel;
  std::string sourceHost;
  uint16_t sourcePort = 0;
  std::string sourceUser;
  std::string sourceUuid;  // "" before the first connection
  Thread receiver = Thread::stopped;
  Thread applier = Thread::stopped;  // never connecting
  Problem receiverProblem;
  Problem applierProblem;
  std::string receiverState;  // what the server says it does
  std::string applierState;
  std::optional<uint64_t> lagSeconds;  // nothing while a thread is not running
  GtidSet retrieved;
  GtidSet executed;
  bool autoPosition = false;
  BinlogPosition received;  // how far the source's log was read
  BinlogPosition applied;   // how far it was applied, as the source's position
  uint64_t relayLogBytes = 0;
};

// The names by which servers of one version know settings that changed theirs.
enum class Setting {
  skipReplicaStart,
  logReplicaUpdates,
  replicaParallelWorkers,
  replicaParallelType,
  replicaPreserveCommitOrder,
  replicaNetTimeout,
  replicaLoadTmpdir,
  redoLogCapacity,  // bytes in all
  superReadOnly,
  binlogExpireSeconds,
  disableBinlog,
  mysqlx,
  persistedGlobalsLoad,
  upgradeMode,
  relayLogInfoTable,
  sourceInfoTable,
  adminAddress,
  nativePassword,
};

// The one place that knows which statement, variable and option name each version takes. Supported are
// MySQL 5.7.6 to 9.7; 5.6 speaks the legacy dialect as far as it goes. MariaDB is not supported as a server:
// the constructor throws Error{installation} for it and for versions before 5.6.
class Dialect {
 public:
  explicit Dialect(const Version& version);
  const Version& version() const { return version_; }
  // 5.7.6 or newer: what our servers must be.
  bool supported() const;

  // Replication, on the replica. An empty channel is the default channel.
  std::string showReplicaStatus() const;
  std::string startReplica(const std::string& user, const Secret& password,
                           const std::string& channel = {}) const;
  std::string startReplicaApplier(const std::string& channel = {}) const;
  std::string startReplicaReceiver(const std::string& channel = {}) const;  // by the password that it stored
  // The applier runs until all of it is applied, and stops by itself: by GTIDs when they are used, else by
  // position.
  std::string startReplicaApplierUntil(const Coordinates& until, const std::string& channel = {}) const;
  std::string stopReplica(const std::string& channel = {}) const;
  std::string stopReplicaApplier(const std::string& channel = {}) const;
  std::string stopReplicaReceiver(const std::string& channel = {}) const;
  // RESET REPLICA ALL: for every channel when `channel` is empty.
  std::string resetReplicaAll(const std::string& channel = {}) const;
  std::string changeReplicationSource(const ReplicationSourceOptions& options) const;
  // Filters for exactly these databases, the empty list for all; "" before 5.7.3, where only my.cnf can tell
  // it.
  std::string changeReplicationFilter(const std::vector<std::string>& databases) const;
  // Normalised, with either version's column names.
  ReplicaStatus replicaStatus(const Row& row) const;

  // Replication, on the source.
  std::string showBinaryLogStatus() const;
  std::string showReplicas() const;
  std::string resetBinaryLogsAndGtids() const;
  // A row of showBinaryLogStatus().
  Coordinates coordinates(const Row& row) const;
  // Waits on the replica until a set is applied: 0 when it is, 1 on timeout.
  std::string waitForGtids(const GtidSet& set, unsigned timeoutSeconds) const;

  bool hasGetSourcePublicKey() const;        // 8.0.4
  bool hasGtidsOnline() const;               // gtid_mode can be changed while running: 5.7.6
  bool hasClone() const;                     // 8.0.17
  bool hasAtomicDdl() const;                 // 8.0
  bool hasDynamicPrivileges() const;         // 8.0
  bool hasOfflineMode() const;               // 5.7.5
  bool hasPersistedVariables() const;        // 8.0
  bool hasDaemonize() const;                 // 5.7.6
  bool hasInitialize() const;                // --initialize-insecure: 5.7.6
  bool hasDisableRedoLog() const;            // ALTER INSTANCE DISABLE INNODB REDO_LOG: 8.0.21
  bool binlogOnByDefault() const;            // 8.0.3
  bool appliesInOrderWithoutBinlog() const;  // replica_preserve_commit_order with the binary log off: 8.0.19

  // my.cnf: the setting with its value in this version's words; empty when the version has no such setting or
  // needs none.
  std::vector<Option> option(Setting setting, std::string_view value = "ON") const;
  // The variable's name for SET GLOBAL and SHOW VARIABLES, "" when there is none.
  std::string variableName(Setting setting) const;

  // Accounts. The account exists afterwards with this password, its expiry off and not locked; no rights are
  // given. One line each, so that an init-file can hold them.
  std::vector<std::string> setPassword(const std::string& user, const std::string& host,
                                       const Secret& password) const;
  // All rights on everything, with the right to pass them on.
  std::string grantAll(const std::string& user, const std::string& host) const;
  std::string grant(const std::vector<std::string>& privileges, const std::string& user,
                    const std::string& host) const;
  std::string dropUser(const std::string& user, const std::string& host) const;
  // Locks or unlocks an account; "" before 5.7.6.
  std::string lockAccount(const std::string& user, const std::string& host, bool locked) const;
  // The column of mysql.user that holds the hash: authentication_string or Password.
  std::string passwordColumn() const;

  // Privileges that an account needs, in this version's words.
  std::vector<std::string> privilegesToReplicate() const;        // the replication account on the source
  std::vector<std::string> privilegesToReadCoordinates() const;  // REPLICATION CLIENT
  std::vector<std::string> privilegesToDump() const;             // global ones of a full logical copy
  std::vector<std::string> privilegesToClone() const;            // BACKUP_ADMIN on the donor
  std::vector<std::string> privilegesToControlReplica() const;   // to configure and start replication

 private:
  Version version_;
};

}  // namespace dlpx
