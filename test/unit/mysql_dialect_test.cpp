#include "base/error.h"
#include "base/text.h"
#include "mysql/dialect.h"
#include "support/catch.h"

using namespace dlpx;

namespace {

struct Expected {
  Version version;
  std::string status, start, stop, reset, change, logStatus, resetLogs, replicas;
};

const std::string uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

std::string nameIn(const Version& version, Setting setting) {
  const auto options = Dialect(version).option(setting);
  return options.empty() ? "" : options.back().name;
}

Row row(std::vector<std::pair<std::string, std::optional<std::string>>> cells) {
  Row::Columns columns;
  std::vector<std::optional<std::string>> values;
  for (auto& [name, value] : cells) {
    columns.push_back(name);
    values.push_back(value);
  }
  return Row(std::make_shared<const Row::Columns>(columns), values);
}

}  // namespace

TEST_CASE("each version hears its own replication statements") {
  const std::string channel = " FOR CHANNEL ''";
  const std::string slave = "SHOW SLAVE STATUS";
  const std::vector<Expected> table{
      {{5, 6, 24},
       slave,
       "START SLAVE USER = 'u' PASSWORD = 'p'",
       "STOP SLAVE",
       "RESET SLAVE ALL",
       "CHANGE MASTER TO MASTER_HOST",
       "SHOW MASTER STATUS",
       "RESET MASTER",
       "SHOW SLAVE HOSTS"},
      {{5, 7, 44},
       slave,
       "START SLAVE USER = 'u' PASSWORD = 'p'" + channel,
       "STOP SLAVE" + channel,
       "RESET SLAVE ALL",
       "CHANGE MASTER TO MASTER_HOST",
       "SHOW MASTER STATUS",
       "RESET MASTER",
       "SHOW SLAVE HOSTS"},
      {{8, 0, 21},
       slave,
       "START SLAVE USER = 'u' PASSWORD = 'p'" + channel,
       "STOP SLAVE" + channel,
       "RESET SLAVE ALL",
       "CHANGE MASTER TO MASTER_HOST",
       "SHOW MASTER STATUS",
       "RESET MASTER",
       "SHOW SLAVE HOSTS"},
      {{8, 0, 22},
       "SHOW REPLICA STATUS",
       "START REPLICA USER = 'u' PASSWORD = 'p'" + channel,
       "STOP REPLICA" + channel,
       "RESET REPLICA ALL",
       "CHANGE MASTER TO MASTER_HOST",
       "SHOW MASTER STATUS",
       "RESET MASTER",
       "SHOW REPLICAS"},
      {{8, 0, 23},
       "SHOW REPLICA STATUS",
       "START REPLICA USER = 'u' PASSWORD = 'p'" + channel,
       "STOP REPLICA" + channel,
       "RESET REPLICA ALL",
       "CHANGE REPLICATION SOURCE TO SOURCE_HOST",
       "SHOW MASTER STATUS",
       "RESET MASTER",
       "SHOW REPLICAS"},
      {{8, 0, 26},
       "SHOW REPLICA STATUS",
       "START REPLICA USER = 'u' PASSWORD = 'p'" + channel,
       "STOP REPLICA" + channel,
       "RESET REPLICA ALL",
       "CHANGE REPLICATION SOURCE TO SOURCE_HOST",
       "SHOW MASTER STATUS",
       "RESET MASTER",
       "SHOW REPLICAS"},
      {{8, 4, 0},
       "SHOW REPLICA STATUS",
       "START REPLICA USER = 'u' PASSWORD = 'p'" + channel,
       "STOP REPLICA" + channel,
       "RESET REPLICA ALL",
       "CHANGE REPLICATION SOURCE TO SOURCE_HOST",
       "SHOW BINARY LOG STATUS",
       "RESET BINARY LOGS AND GTIDS",
       "SHOW REPLICAS"},
      {{9, 7, 4},
       "SHOW REPLICA STATUS",
       "START REPLICA USER = 'u' PASSWORD = 'p'" + channel,
       "STOP REPLICA" + channel,
       "RESET REPLICA ALL",
       "CHANGE REPLICATION SOURCE TO SOURCE_HOST",
       "SHOW BINARY LOG STATUS",
       "RESET BINARY LOGS AND GTIDS",
       "SHOW REPLICAS"},
  };
  for (const auto& expected : table) {
    INFO(expected.version.text());
    const Dialect dialect(expected.version);
    ReplicationSourceOptions options;
    options.source.host = "db1";
    CHECK(dialect.showReplicaStatus() == expected.status);
    CHECK(dialect.startReplica("u", Secret("p")) == expected.start);
    CHECK(dialect.stopReplica() == expected.stop);
    CHECK(dialect.resetReplicaAll() == expected.reset);
    CHECK(startsWith(dialect.changeReplicationSource(options), expected.change + " = 'db1'"));
    CHECK(dialect.showBinaryLogStatus() == expected.logStatus);
    CHECK(dialect.resetBinaryLogsAndGtids() == expected.resetLogs);
    CHECK(dialect.showReplicas() == expected.replicas);
  }
}

TEST_CASE("CHANGE REPLICATION SOURCE tells everything in quotes and keeps no password") {
  ReplicationSourceOptions options;
  options.source = {"db'1@x", 3307, {}};
  options.autoPosition = true;
  options.ssl = SslMode::verifyIdentity;
  options.sslCa = "/ca's.pem";
  options.connectRetrySeconds = 5;
  options.retryCount = 10;
  options.heartbeatSeconds = 2;
  CHECK(Dialect({9, 7, 4}).changeReplicationSource(options) ==
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db''1@x', SOURCE_PORT = 3307, SOURCE_AUTO_POSITION = 1, "
        "SOURCE_SSL = 1, SOURCE_SSL_CA = '/ca''s.pem', SOURCE_SSL_VERIFY_SERVER_CERT = 1, "
        "GET_SOURCE_PUBLIC_KEY = 1, "
        "SOURCE_CONNECT_RETRY = 5, SOURCE_RETRY_COUNT = 10, SOURCE_HEARTBEAT_PERIOD = 2, SOURCE_USER = '', "
        "SOURCE_PASSWORD = '' FOR CHANNEL ''");
  options = {};
  options.source = {"db1", 3306, {}};
  options.position = BinlogPosition{"bin.000002", 154};
  options.sourceOffersTls = false;
  CHECK(
      Dialect({5, 6, 24}).changeReplicationSource(options) ==
      "CHANGE MASTER TO MASTER_HOST = 'db1', MASTER_PORT = 3306, MASTER_AUTO_POSITION = 0, MASTER_LOG_FILE = "
      "'bin.000002', MASTER_LOG_POS = 154, MASTER_SSL = 0, MASTER_USER = '', MASTER_PASSWORD = ''");
}

TEST_CASE("an old server that has no channels refuses a named one") {
  CHECK_THROWS_AS(Dialect({5, 6, 24}).stopReplica("eu"), Error);
  CHECK(Dialect({8, 4, 0}).stopReplica("e'u") == "STOP REPLICA FOR CHANNEL 'e''u'");
}

TEST_CASE("a subset is filtered by table and database names are no patterns") {
  CHECK(Dialect({9, 7, 4}).changeReplicationFilter({"my_db"}) ==
        "CHANGE REPLICATION FILTER REPLICATE_DO_DB = (), REPLICATE_WILD_DO_TABLE = ('my\\\\_db.%')");
  CHECK(Dialect({5, 6, 24}).changeReplicationFilter({"x"}).empty());
}

TEST_CASE("each version's option file takes its own names") {
  const Version v56{5, 6, 24}, v57{5, 7, 44}, v8025{8, 0, 25}, v8026{8, 0, 26}, v84{8, 4, 0}, v97{9, 7, 4};
  CHECK(nameIn(v8025, Setting::skipReplicaStart) == "skip_slave_start");
  CHECK(nameIn(v8026, Setting::skipReplicaStart) == "skip_replica_start");
  CHECK(nameIn(v57, Setting::logReplicaUpdates) == "log_slave_updates");
  CHECK(nameIn(v97, Setting::logReplicaUpdates) == "log_replica_updates");
  CHECK(nameIn(v56, Setting::replicaParallelType).empty());
  CHECK(nameIn(v57, Setting::replicaParallelType) == "slave_parallel_type");
  CHECK(nameIn(v97, Setting::replicaParallelType).empty());
  CHECK(nameIn(v56, Setting::superReadOnly).empty());
  CHECK(nameIn(v57, Setting::superReadOnly) == "super_read_only");
  CHECK(nameIn(v57, Setting::disableBinlog).empty());
  CHECK(nameIn(v84, Setting::disableBinlog) == "skip_log_bin");
  CHECK(nameIn(v57, Setting::mysqlx).empty());
  CHECK(nameIn(v97, Setting::mysqlx) == "mysqlx");
  CHECK(nameIn(v84, Setting::nativePassword) == "mysql_native_password");
  CHECK(nameIn(v97, Setting::nativePassword).empty());
  CHECK(nameIn(v57, Setting::relayLogInfoTable) == "relay_log_info_repository");
  CHECK(nameIn(v97, Setting::relayLogInfoTable).empty());
  CHECK(Dialect(v97).option(Setting::redoLogCapacity, "67108864") ==
        std::vector<Option>{{"innodb_redo_log_capacity", "67108864"}});
  CHECK(Dialect(v8026).option(Setting::redoLogCapacity, "67108864") ==
        std::vector<Option>{{"innodb_log_files_in_group", "2"}, {"innodb_log_file_size", "33554432"}});
  CHECK(Dialect(v57).option(Setting::binlogExpireSeconds, "90000") ==
        std::vector<Option>{{"expire_logs_days", "2"}});
  CHECK(Dialect(v97).option(Setting::binlogExpireSeconds, "90000") ==
        std::vector<Option>{{"binlog_expire_logs_seconds", "90000"}});
}

TEST_CASE("accounts are made in the words of the version") {
  CHECK(Dialect({5, 6, 24}).setPassword("u", "%", Secret("a'b\\")) ==
        std::vector<std::string>{"GRANT USAGE ON *.* TO 'u'@'%' IDENTIFIED BY 'a''b\\\\'"});
  CHECK(Dialect({5, 7, 44}).setPassword("u", "%", Secret("p"))[0] ==
        "CREATE USER IF NOT EXISTS 'u'@'%' IDENTIFIED WITH mysql_native_password BY 'p'");
  CHECK(
      Dialect({9, 7, 4}).setPassword("u", "%", Secret("p"))[1] ==
      "ALTER USER 'u'@'%' IDENTIFIED WITH caching_sha2_password BY 'p' PASSWORD EXPIRE NEVER ACCOUNT UNLOCK");
  CHECK(Dialect({8, 4, 0}).dropUser("u", "%") == "DROP USER IF EXISTS 'u'@'%'");
  CHECK(Dialect({5, 6, 24}).passwordColumn() == "Password");
  CHECK(Dialect({5, 6, 24}).lockAccount("u", "%", true).empty());
}

TEST_CASE("what a version can do is known") {
  CHECK_FALSE(Dialect({5, 7, 44}).hasClone());
  CHECK(Dialect({8, 0, 17}).hasClone());
  CHECK_FALSE(Dialect({8, 0, 3}).hasGetSourcePublicKey());
  CHECK(Dialect({8, 0, 4}).hasGetSourcePublicKey());
  CHECK_FALSE(Dialect({5, 6, 24}).supported());
  CHECK(Dialect({5, 7, 6}).supported());
  CHECK_THROWS_AS(Dialect({5, 5, 60}), Error);
  CHECK_THROWS_AS(Dialect(Version::parse("10.11.6-MariaDB")), Error);
}

TEST_CASE("a replica's status means the same in either version's words") {
  const auto old = row({{"Slave_IO_State", "Waiting"},
                        {"Master_Host", "db1"},
                        {"Master_User", "r"},
                        {"Master_Port", "3307"},
                        {"Master_Log_File", "bin.000002"},
                        {"Read_Master_Log_Pos", "500"},
                        {"Relay_Master_Log_File", "bin.000001"},
                        {"Exec_Master_Log_Pos", "400"},
                        {"Slave_IO_Running", "Connecting"},
                        {"Slave_SQL_Running", "Yes"},
                        {"Last_IO_Errno", "1045"},
                        {"Last_IO_Error", "denied"},
                        {"Last_SQL_Errno", "0"},
                        {"Last_SQL_Error", ""},
                        {"Seconds_Behind_Master", std::nullopt},
                        {"Master_UUID", uuid},
                        {"Retrieved_Gtid_Set", ""},
                        {"Executed_Gtid_Set", uuid + ":1-5"},
                        {"Auto_Position", "1"},
                        {"Slave_SQL_Running_State", "reading"}});
  const ReplicaStatus status = Dialect({5, 6, 24}).replicaStatus(old);
  CHECK(status.sourceHost == "db1");
  CHECK(status.sourcePort == 3307);
  CHECK(status.sourceUuid == uuid);
  CHECK(status.receiver == ReplicaStatus::Thread::connecting);
  CHECK(status.applier == ReplicaStatus::Thread::running);
  CHECK(status.receiverProblem.number == 1045);
  CHECK(status.receiverProblem.message == "denied");
  CHECK_FALSE(status.lagSeconds.has_value());
  CHECK(status.received == BinlogPosition{"bin.000002", 500});
  CHECK(status.applied == BinlogPosition{"bin.000001", 400});
  CHECK(status.executed.count() == 5);
  CHECK(status.autoPosition);
  CHECK(status.applierState == "reading");
  const auto now = row({{"Source_Host", "db1"},
                        {"Source_Port", "3306"},
                        {"Replica_IO_Running", "Yes"},
                        {"Replica_SQL_Running", "No"},
                        {"Seconds_Behind_Source", "7"},
                        {"Last_SQL_Errno", "1062"},
                        {"Last_SQL_Error", "Duplicate"},
                        {"Channel_Name", "eu"}});
  const ReplicaStatus modern = Dialect({9, 7, 4}).replicaStatus(now);
  CHECK(modern.receiver == ReplicaStatus::Thread::running);
  CHECK(modern.applier == ReplicaStatus::Thread::stopped);
  CHECK(modern.lagSeconds == 7);
  CHECK(modern.applierProblem.number == 1062);
  CHECK(modern.channel == "eu");
}
