#include "mysql/session.h"

#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/text.h"
#include "mysql/dialect.h"
#include "mysql/option_file.h"
#include "mysql/privileges.h"
#include "support/catch.h"
#include "support/deceitful_server.h"
#include "support/mysql_server.h"

using namespace dlpx;
using test::MysqlServer;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const Secret hard("it's \"so\" $HOME \\n # \xC3\xA9\xF0\x9F\x90\xAC;");

template <typename Function>
SqlError sqlErrorOf(Function function) {
  try {
    function();
  } catch (const SqlError& error) {
    return error;
  }
  FAIL("no SqlError was thrown");
  throw;
}

// At both hosts: an anonymous ''@localhost, as 5.6 has it, would shadow user@%.
void createUser(MysqlServer& server, const std::string& user, const Secret& password) {
  Session root = server.root();
  const Dialect dialect(root.version());
  for (const std::string host : {"%", "localhost"}) {
    for (const auto& statement : dialect.setPassword(user, host, password)) root.execute(statement);
    root.execute(dialect.grant({"SELECT", "PROCESS"}, user, host));
  }
}

uint64_t peakMemory() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.rfind("VmHWM:", 0) == 0) return std::stoull(line.substr(6)) * 1024;
  return 0;
}

}  // namespace

TEST_CASE("a first login over TCP works with any password, with and without TLS") {
  MysqlServer server;
  createUser(server, "o'neil", hard);
  auto options = server.tcpOptions("o'neil", hard);
  for (const auto mode : {SslMode::disabled, SslMode::preferred, SslMode::required}) {
    INFO(text(mode));
    server.root().execute("FLUSH PRIVILEGES");  // empties caching_sha2_password's cache: full authentication
    options.ssl = mode;
    Session session = Session::connect(options);
    CHECK(session.encrypted() == (mode != SslMode::disabled));
    CHECK(session.value("SELECT USER()") == "o'neil@localhost");
    // And once more from the cache.
    CHECK(Session::connect(options).number("SELECT 1") == 1);
  }
}

TEST_CASE("a server's certificate is verified when that is asked") {
  MysqlServer server;
  createUser(server, "u", hard);
  auto options = server.tcpOptions("u", hard);
  options.sslCa = server.dataDir() / "ca.pem";
  options.ssl = SslMode::verifyCa;
  CHECK(Session::connect(options).encrypted());
  SECTION("the generated certificate names no host") {
    options.ssl = SslMode::verifyIdentity;
    CHECK(sqlErrorOf([&] { Session::connect(options); }).number() == 2026);
  }
  SECTION("another authority did not sign it") {
    const test::Scratch scratch;
    writeFile(scratch / "other.pem", readFile(server.dataDir() / "client-cert.pem"));
    options.sslCa = scratch / "other.pem";
    CHECK(sqlErrorOf([&] { Session::connect(options); }).number() == 2026);
  }
  SECTION("verify-ca without an authority is refused") {
    options.sslCa.clear();
    CHECK_THROWS_AS(Session::connect(options), Error);
  }
}

TEST_CASE("a server without TLS is refused where TLS is required") {
  MysqlServer server({.options = {"tls-version="}});
  createUser(server, "u", hard);
  auto options = server.tcpOptions("u", hard);
  options.ssl = SslMode::required;
  CHECK_THROWS_AS(Session::connect(options), Error);
  options.ssl = SslMode::preferred;
  CHECK_FALSE(Session::connect(options).encrypted());
}

TEST_CASE("no server gets a password in clear text over a connection without TLS") {
  const std::string request =
      GENERATE(std::string("mysql_clear_password"), std::string("caching_sha2_password"));
  for (const auto mode : {SslMode::disabled, SslMode::preferred, SslMode::required, SslMode::verifyCa,
                          SslMode::verifyIdentity}) {
    INFO(request << " " << text(mode));
    test::DeceitfulServer server(request);
    ConnectionOptions options;
    options.endpoint = {"127.0.0.1", server.port(), {}};
    options.user = "u";
    options.password = hard;
    options.ssl = mode;
    if (mode == SslMode::verifyCa) options.sslCa = test::certificateAuthority();
    options.connectTimeout = options.readTimeout = Milliseconds(2000);
    CHECK_THROWS_AS(Session::connect(options), Error);
    CHECK_FALSE(holds(server.received(), hard.reveal()));
  }
}

TEST_CASE("connections that fail say why, and never the password") {
  MysqlServer server;
  auto options = server.tcpOptions("root", hard);
  const auto denied = sqlErrorOf([&] { Session::connect(options, ExitCode::preflight); });
  CHECK(denied.number() == 1045);
  CHECK(denied.code() == ExitCode::preflight);
  CHECK(holds(denied.what(), "(error 1045)"));
  CHECK(holds(denied.what(), "127.0.0.1:" + std::to_string(server.port())));
  CHECK_FALSE(holds(denied.what(), hard.reveal()));
  CHECK(holds(denied.remedy(), "'root'"));
  server.stop();
  const auto refused = sqlErrorOf([&] { Session::connect(options); });
  CHECK((refused.number() == 2002 || refused.number() == 2003));
  CHECK(holds(refused.remedy(), "listens"));
  CHECK(refused.code() == ExitCode::connectAfterRestart);
  CHECK_THROWS_AS(Session::connect(server.rootOptions()), SqlError);
  options.endpoint.host = "no-such-host.invalid";
  CHECK(sqlErrorOf([&] { Session::connect(options); }).number() == 2005);
}

TEST_CASE("values come back byte by byte") {
  MysqlServer server;
  Session root = server.root();
  root.execute("CREATE DATABASE d");
  root.execute("CREATE TABLE d.t (a INT, b BLOB, c TEXT CHARACTER SET utf8mb4)");
  const std::string bytes("\0\x01'\\\"\xff\n\x1a", 8);
  const std::string dolphin = "dolphin \xF0\x9F\x90\xAC 'it''s' \\ \r\n";
  root.execute("INSERT INTO d.t VALUES (1, " + hexLiteral(bytes) + ", " + quoteString(dolphin) +
               "), (2, NULL, '')");
  const Rows rows = root.query("SELECT a, b, c AS Text FROM d.t WHERE a IN (?, ?) ORDER BY a", 1, "2");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["b"] == bytes);
  CHECK(rows[0].text("TEXT") == dolphin);
  CHECK_FALSE(rows[1]["b"].has_value());
  CHECK(rows[1]["text"] == "");
  CHECK(rows[1].number("a") == 2);
  CHECK_FALSE(rows[0].has("x"));
  CHECK_THROWS_AS(rows[0]["x"], Error);
  CHECK(root.value("SELECT HEX(c) FROM d.t WHERE c = ?", dolphin) == hexLiteral(dolphin).substr(2));
}

TEST_CASE("quoting is right however the server's sql_mode and autocommit are set") {
  MysqlServer server({.options = {"sql_mode=NO_BACKSLASH_ESCAPES,ANSI_QUOTES", "autocommit=0",
                                  "character-set-server=latin1"}});
  Session root = server.root();
  CHECK(root.value("SELECT ?", hard) == hard.reveal());
  CHECK(root.number("SELECT @@autocommit") == 1);
  CHECK(root.value("SELECT @@character_set_client") == "utf8mb4");
}

TEST_CASE("statements tell their errors, warnings and counts") {
  MysqlServer server;
  Session root = server.root();
  const auto refused = root.tryExecute("SELECT * FROM mysql.nothing");
  REQUIRE(refused.has_value());
  CHECK(refused->number() == 1146);
  CHECK(refused->sqlState() == "42S02");
  CHECK(holds(refused->what(), "mysql.nothing"));
  CHECK_FALSE(root.tryExecute("DO 1").has_value());
  root.execute("SELECT 1/0");
  CHECK(root.warningCount() == 1);
  root.execute("CREATE DATABASE d");
  root.execute("CREATE TABLE d.t (a INT)");
  root.execute("INSERT INTO d.t VALUES (1), (2), (3)");
  CHECK(root.affectedRows() == 3);
  root.failWith(ExitCode::replication);
  CHECK(sqlErrorOf([&] { root.execute("nonsense"); }).code() == ExitCode::replication);
  const auto leak = sqlErrorOf([&] { root.execute("ALTER USER root IDENTIFIED BY ? nonsense", hard); });
  CHECK_FALSE(holds(leak.what(), "it's"));
  CHECK_FALSE(holds(leak.what(), "HOME"));
}

TEST_CASE("a procedure's several results leave the session usable") {
  MysqlServer server;
  Session root = server.root();
  root.execute("CREATE DATABASE d");
  root.execute("CREATE PROCEDURE d.p() BEGIN SELECT 1 AS one; SELECT 2; DO 3; END");
  CHECK(root.query("CALL d.p()").front().text("one") == "1");
  CHECK(root.number("SELECT 7") == 7);
}

TEST_CASE("a session knows its server") {
  MysqlServer server({.options = {"gtid_mode=ON", "enforce_gtid_consistency=ON"}});
  Session root = server.root();
  CHECK(root.version().series() == "9.7");
  CHECK(root.variable("gtid_mode") == "ON");
  CHECK(root.variable("no_such_variable").empty());
  CHECK(root.connectionId() == root.number("SELECT CONNECTION_ID()"));
  CHECK(root.alive());
  Session other = server.root();
  other.kill(root.connectionId());
  other.kill(root.connectionId());  // no such connection is fine
  CHECK(waitUntil(Deadline::in(Seconds(5)), [&] { return !root.alive(); }));
  CHECK(sqlErrorOf([&] { root.query("SELECT 1"); }).connectionLost());
  CHECK_THROWS_AS(root.tryExecute("DO 1"), SqlError);
}

TEST_CASE("no option file and no variable of the user changes a connection") {
  MysqlServer server;
  createUser(server, "u", hard);
  const test::Scratch home;
  writeFile(home / ".my.cnf",
            "[client]\nuser=wrong\npassword=wrong\nport=1\nhost=192.0.2.1\nssl-mode=REQUIRED\n");
  const std::string before = getenv("HOME") == nullptr ? "/" : getenv("HOME");
  setenv("HOME", home.path().c_str(), 1);
  setenv("MYSQL_TCP_PORT", "1", 1);
  setenv("MYSQL_PWD", "wrong", 1);
  setenv("MYSQL_UNIX_PORT", "/nowhere.sock", 1);
  CHECK(Session::connect(server.tcpOptions("u", hard)).number("SELECT 1") == 1);
  CHECK(server.root().value("SELECT CURRENT_USER()") == "root@localhost");
  for (const char* name : {"MYSQL_TCP_PORT", "MYSQL_PWD", "MYSQL_UNIX_PORT"}) unsetenv(name);
  setenv("HOME", before.c_str(), 1);
}

TEST_CASE("a statement is killed at its deadline and the session goes on") {
  MysqlServer server;
  Session root = server.root();
  const auto begin = std::chrono::steady_clock::now();
  try {
    root.executeWithin(
        "SELECT COUNT(*) FROM information_schema.collations a, information_schema.collations b, "
        "information_schema.collations c, information_schema.collations d",
        Deadline::in(Milliseconds(200)));
    FAIL("the statement ended");
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::timeout);
  }
  CHECK(std::chrono::steady_clock::now() - begin < Seconds(10));
  CHECK(root.number("SELECT 5") == 5);
  root.executeWithin("DO 1", Deadline::in(Seconds(10)));
  CHECK_THROWS_AS(root.executeWithin("nonsense", Deadline::in(Seconds(10))), SqlError);
}

TEST_CASE("a read timeout ends a silent statement") {
  MysqlServer server;
  auto options = server.rootOptions();
  options.readTimeout = Milliseconds(1000);
  Session root = Session::connect(options);
  CHECK(sqlErrorOf([&] { root.execute("SELECT SLEEP(60)"); }).connectionLost());
}

TEST_CASE("a large result streams in constant memory") {
  MysqlServer server;
  Session root = server.root();
  root.execute("SET SESSION cte_max_recursion_depth = 1000000");
  uint64_t rows = 0, bytes = 0, nulls = 0;
  const uint64_t before = peakMemory();
  root.streamRows(
      "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
      "SELECT i, REPEAT('x', 2000), NULL FROM n",
      [&](Session::RowValues values) {
        ++rows;
        bytes += values[1]->size();
        nulls += values[2] ? 0 : 1;
      });
  CHECK(rows == 200'000);
  CHECK(nulls == rows);
  CHECK(bytes == 400'000'000);
  CHECK(peakMemory() - before < 32'000'000);
  SECTION("what the reader throws goes on, and the session stays usable") {
    const auto stop = [](Session::RowValues) { throw Error(ExitCode::interrupted, "enough"); };
    CHECK_THROWS_AS(root.streamRows("SELECT a.*, REPEAT('x', 9999) FROM information_schema.collations a, "
                                    "information_schema.collations b, information_schema.collations c",
                                    stop),
                    Error);
    CHECK(root.number("SELECT 5") == 5);
  }
}

TEST_CASE("rows are loaded from memory, and a server never gets a file of ours") {
  MysqlServer server({.options = {"local_infile=ON"}});
  auto options = server.rootOptions();
  options.localInfile = true;
  Session root = Session::connect(options);
  root.execute("CREATE DATABASE d");
  root.execute("CREATE TABLE d.t (a INT, b VARCHAR(100))");
  unsigned calls = 0;
  const std::string statement =
      "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE d.t FIELDS TERMINATED BY ','";
  const uint64_t loaded = root.loadLocal(statement, [&](std::span<char> buffer) -> size_t {
    if (calls == 1000) return 0;
    const std::string row = std::to_string(calls++) + ",x\n";
    return row.copy(buffer.data(), buffer.size());
  });
  CHECK(loaded == 1000);
  CHECK(root.number("SELECT SUM(a) FROM d.t") == 499'500);
  CHECK_THROWS_AS(root.execute(statement), SqlError);
  CHECK(root.number("SELECT COUNT(*) FROM d.t") == 1000);
  const auto fail = [](std::span<char>) -> size_t { throw Error(ExitCode::providedBackup, "broken input"); };
  try {
    root.loadLocal(statement, fail);
    FAIL("the broken input was loaded");
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::providedBackup);
  }
  CHECK(server.root().number("SELECT COUNT(*) FROM d.t") == 1000);
  Session without = server.root();
  CHECK_THROWS_AS(without.execute(statement), SqlError);
}

TEST_CASE("privileges of an account are read, its roles included") {
  MysqlServer server;
  createUser(server, "u", hard);
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
  createUser(server, "o'neil", hard);
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
  createUser(server, "o'neil", hard);
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
