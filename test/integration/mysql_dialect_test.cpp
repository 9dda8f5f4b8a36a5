#include "mysql/dialect.h"

#include "base/text.h"
#include "mysql/option_file.h"
#include "mysql/privileges.h"
#include "support/catch.h"
#include "support/mysql_server.h"

using namespace dlpx;
using test::MysqlServer;

namespace {

const Secret hard = test::hardPassword();

}  // namespace

TEST_CASE("privileges of an account are read, its roles included") {
  MysqlServer server;
  server.createUser("u", hard);
  Session root = server.root();
  root.execute("CREATE ROLE 'r'");
  root.execute("GRANT BACKUP_ADMIN, REPLICATION CLIENT ON *.* TO 'r'");
  root.execute("DROP USER 'u'@'localhost'");
  root.execute("GRANT 'r' TO 'u'@'%'");
  root.execute("GRANT INSERT ON `my\\_db`.* TO 'u'@'%'");
  {
    Session session = Session::connect(server.tcpOptions("u", hard));
    const auto privileges = Privileges::ofCurrentUser(session);
    CHECK(privileges.has("SELECT"));
    CHECK_FALSE(privileges.has("BACKUP_ADMIN"));  // granted, but not active
    CHECK(privileges.roles() == std::vector<std::string>{"`r`@`%`"});
    CHECK(privileges.hasOn("INSERT", "my_db"));
    CHECK_FALSE(privileges.hasOn("INSERT", "my1db"));
  }
  root.execute("SET DEFAULT ROLE ALL TO 'u'@'%'");
  Session session = Session::connect(server.tcpOptions("u", hard));
  const auto privileges = Privileges::ofCurrentUser(session);
  CHECK(privileges.missing({"SELECT", "BACKUP_ADMIN", "REPLICATION CLIENT", "RELOAD"}) ==
        std::vector<std::string>{"RELOAD"});
  CHECK(Privileges::ofCurrentUser(root).missing({"SUPER", "CLONE_ADMIN", "BACKUP_ADMIN"}).empty());
}

TEST_CASE("GTID sets agree with the server's own arithmetic") {
  MysqlServer server;
  Session root = server.root();
  const std::string a = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
  const std::vector<std::string> sets{"",
                                      a + ":1-10",
                                      a + ":3:5-7:12",
                                      a + ":1-5:tag:1-3:7:other:2",
                                      a + ":tag:2-9",
                                      "4e11fa47-71ca-11e1-9e33-c80aa9429562:1-2," + a + ":1-100"};
  for (const auto& left : sets) {
    CHECK(GtidSet::parse(left).text() ==
          replaceAll(root.value("SELECT GTID_SUBTRACT(?, '')", left).value(), "\n", ""));
    for (const auto& right : sets) {
      INFO(left << " and " << right);
      CHECK(GtidSet::parse(left).subtract(GtidSet::parse(right)).text() ==
            replaceAll(root.value("SELECT GTID_SUBTRACT(?, ?)", left, right).value(), "\n", ""));
      CHECK(GtidSet::parse(right).contains(GtidSet::parse(left)) ==
            (root.number("SELECT GTID_SUBSET(?, ?)", left, right) == 1));
    }
  }
}

TEST_CASE("mysqld and the clients read our option lines back byte by byte") {
  const fs::path printDefaults = test::mysqlDirectory() / "9.7/bin/my_print_defaults";
  const test::Scratch scratch;
  for (const std::string value :
       {"",      " ",      "a b",  "a#b",  "\"",     "'",     "a'b\"c",
        "\\",    "a\\",    "\\n",  "=",    "\"x\"",  "'x'",   "$HOME",
        " lead", "trail ", "\\\"", "\\'#", "\t\r\b", "a\\sb", "\xC3\xA9\xF0\x9F\x90\xAC"}) {
    const std::string line = optionLine({"name", value});
    writeFile(scratch / "x.cnf", "[g]\n" + line + "\n");
    const auto printed =
        runChecked({.argv = {printDefaults.string(), "--defaults-file=" + (scratch / "x.cnf").string(), "g"}},
                   ExitCode::internal, "my_print_defaults");
    INFO(line);
    CHECK(printed.out == "--name=" + value + "\n");
  }
}

TEST_CASE("a client program logs in with our option text and any password") {
  MysqlServer server;
  server.createUser("o'neil", hard);
  const auto mysql = server.basedir() / "bin/mysql";
  for (const auto mode : {SslMode::disabled, SslMode::preferred, SslMode::required}) {
    auto options = server.tcpOptions("o'neil", hard);
    options.ssl = mode;
    const SecretFile file{Secret(clientOptionText(options))};
    const auto finished =
        run({.argv = {mysql.string(), "--defaults-file=" + file.path(), "-Ne", "SELECT CURRENT_USER()"},
             .inherit = {file.fd()}});
    INFO(finished.err);
    CHECK(finished.out == "o'neil@localhost\n");
  }
}

TEST_CASE("MySQL 5.6 speaks the legacy dialect") {
  MysqlServer server(
      {.version = "5.6",
       .options = {"log-bin=bin", "log-slave-updates", "gtid_mode=ON", "enforce-gtid-consistency"}});
  server.createUser("o'neil", hard);
  CHECK(Session::connect(server.tcpOptions("o'neil", hard)).value("SELECT CURRENT_USER()") ==
        "o'neil@localhost");
  Session root = server.root();
  const Dialect dialect(root.version());
  CHECK(root.version().series() == "5.6");
  const Coordinates coordinates = dialect.coordinates(root.query(dialect.showBinaryLogStatus()).front());
  CHECK(coordinates.position->file == "bin.000001");
  CHECK(coordinates.gtids.count() == 4);
  CHECK(root.number(dialect.waitForGtids(GtidSet(), 1)) == 0);
  CHECK(root.query(dialect.showReplicas()).empty());
  CHECK(root.query(dialect.showReplicaStatus()).empty());
  ReplicationSourceOptions options;
  options.source = {"127.0.0.1", server.port(), {}};
  options.autoPosition = true;
  options.connectRetrySeconds = 1;
  root.execute(dialect.changeReplicationSource(options));
  root.execute(dialect.startReplica("o'neil", Secret("wrong")));
  // It is its own source: refused for its server id or its account, which is all we ask.
  ReplicaStatus status;
  CHECK(waitUntil(Deadline::in(Seconds(20)), [&] {
    status = dialect.replicaStatus(root.query(dialect.showReplicaStatus()).front());
    return status.receiverProblem.number != 0;
  }));
  CHECK(status.sourcePort == server.port());
  CHECK(status.autoPosition);
  CHECK(status.applier == ReplicaStatus::Thread::running);
  root.execute(dialect.stopReplica());
  root.execute(dialect.resetReplicaAll());
  root.execute(dialect.resetBinaryLogsAndGtids());
  CHECK(root.query(dialect.showReplicaStatus()).empty());
}

TEST_CASE("MySQL 9.7 speaks the modern dialect, and its replica keeps no password") {
  const std::vector<std::string> gtids{"gtid_mode=ON", "enforce_gtid_consistency=ON"};
  MysqlServer source({.options = gtids});
  MysqlServer replica({.options = {"gtid_mode=ON", "enforce_gtid_consistency=ON", "skip_replica_start=ON"}});
  const Secret password("r'\"\\ $ \xC3\xA9");
  Session from = source.root();
  const Dialect dialect(from.version());
  for (const auto& statement : dialect.setPassword("repl'", "%", password)) from.execute(statement);
  from.execute(dialect.grant(dialect.privilegesToReplicate(), "repl'", "%"));
  from.execute("CREATE DATABASE d");
  Session to = replica.root();
  to.execute(dialect.resetBinaryLogsAndGtids());
  ReplicationSourceOptions options;
  options.source = {"127.0.0.1", source.port(), {}};
  options.autoPosition = true;
  options.ssl = GENERATE(SslMode::disabled, SslMode::required);
  to.execute(dialect.changeReplicationSource(options));
  to.execute(dialect.startReplica("repl'", password));
  const Coordinates goal = dialect.coordinates(from.query(dialect.showBinaryLogStatus()).front());
  CHECK(to.number(dialect.waitForGtids(goal.gtids, 30)) == 0);
  const ReplicaStatus status = dialect.replicaStatus(to.query(dialect.showReplicaStatus()).front());
  INFO(status.receiverProblem.message << status.applierProblem.message);
  CHECK(status.receiver == ReplicaStatus::Thread::running);
  CHECK(status.applier == ReplicaStatus::Thread::running);
  CHECK(status.executed.contains(goal.gtids));
  CHECK(status.sourceUuid == from.variable("server_uuid"));
  CHECK(to.value("SELECT User_password FROM mysql.slave_master_info").value_or("") == "");
  for (const auto& statement :
       {dialect.stopReplicaApplier(), dialect.startReplicaApplier(), dialect.stopReplicaReceiver(),
        dialect.stopReplica(), dialect.changeReplicationFilter({"my_db"}),
        dialect.changeReplicationFilter({}), dialect.resetReplicaAll()}) {
    INFO(statement);
    CHECK_NOTHROW(to.execute(statement));
  }
  CHECK(to.query(dialect.showReplicaStatus()).empty());
  for (const auto& statement : {dialect.lockAccount("repl'", "%", true), dialect.grantAll("repl'", "%"),
                                dialect.dropUser("repl'", "%")})
    CHECK_NOTHROW(from.execute(statement));
}

TEST_CASE("each server starts with the options that its dialect names") {
  const std::string version = GENERATE(std::string("9.7"), std::string("5.6"));
  const Dialect dialect(version == "9.7" ? Version{9, 7, 4} : Version{5, 6, 24});
  const std::vector<std::pair<Setting, std::string>> settings{{Setting::skipReplicaStart, "ON"},
                                                              {Setting::replicaParallelWorkers, "4"},
                                                              {Setting::replicaParallelType, ""},
                                                              {Setting::replicaNetTimeout, "30"},
                                                              {Setting::redoLogCapacity, "16777216"},
                                                              {Setting::superReadOnly, "OFF"},
                                                              {Setting::binlogExpireSeconds, "86400"},
                                                              {Setting::disableBinlog, ""},
                                                              {Setting::mysqlx, "OFF"},
                                                              {Setting::persistedGlobalsLoad, "ON"},
                                                              {Setting::upgradeMode, "AUTO"},
                                                              {Setting::relayLogInfoTable, "TABLE"},
                                                              {Setting::sourceInfoTable, "TABLE"},
                                                              {Setting::replicaPreserveCommitOrder, "ON"},
                                                              {Setting::nativePassword, "ON"},
                                                              {Setting::replicaLoadTmpdir, "/tmp"}};
  std::vector<std::string> options;
  for (const auto& [setting, value] : settings)
    for (const auto& option : dialect.option(setting, value)) {
      // 5.6 cannot change its redo log's size at a start without a clean one first; the names are what counts
      // here.
      options.push_back(optionLine(option));
    }
  MysqlServer server({.version = version, .options = options});
  Session root = server.root();
  CHECK(root.variable(dialect.variableName(Setting::replicaNetTimeout)) == "30");
  CHECK(root.variable(dialect.variableName(Setting::skipReplicaStart)) == (version == "9.7" ? "ON" : ""));
  CHECK(root.variable("log_bin") == "OFF");
}
