#include "mysql/session.h"

#include <fstream>
#include <thread>

#include "support/catch.h"
#include "support/deceitful_server.h"
#include "support/mysql_server.h"

using namespace dlpx;
using test::MysqlServer;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const Secret hard = test::hardPassword();

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
  server.createUser("o'neil", hard);
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
  server.createUser("u", hard);
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
  server.createUser("u", hard);
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

// Over TLS the library may tell only that its peer is gone, by the number of a failed handshake.
TEST_CASE("a session that the server ends is lost, with and without TLS, idle or at work") {
  MysqlServer server;
  Session root = server.root();
  server.createUser("u", hard);
  for (const SslMode mode : {SslMode::disabled, SslMode::required}) {
    INFO(text(mode));
    ConnectionOptions options = server.tcpOptions("u", hard);
    options.ssl = mode;
    Session idle = Session::connect(options);
    idle.execute("SELECT 1");
    root.kill(idle.connectionId());
    REQUIRE(waitUntil(Deadline::in(Seconds(30)), [&] {
      return root.number(sql("SELECT COUNT(*) FROM information_schema.processlist WHERE id = ?",
                             idle.connectionId())) == 0;
    }));
    const SqlError ofIdle = sqlErrorOf([&] { idle.execute("SELECT 1"); });
    INFO(ofIdle.what());
    CHECK(ofIdle.connectionLost());
    const SqlError again = sqlErrorOf([&] { idle.execute("SELECT 1"); });
    INFO(again.what());
    CHECK(again.connectionLost());

    Session timedOut = Session::connect(options);
    timedOut.execute("SET SESSION wait_timeout = 1");
    REQUIRE(waitUntil(Deadline::in(Seconds(30)), [&] {
      return root.number(sql("SELECT COUNT(*) FROM information_schema.processlist WHERE id = ?",
                             timedOut.connectionId())) == 0;
    }));
    const SqlError ofTimedOut = sqlErrorOf([&] { timedOut.execute("SELECT 1"); });
    INFO(ofTimedOut.what());
    CHECK(ofTimedOut.connectionLost());

    Session waiting = Session::connect(options);
    const uint64_t id = waiting.connectionId();
    std::thread killer([&] {
      Session other = server.root();
      waitUntil(Deadline::in(Seconds(30)), [&] {
        return other.number(sql("SELECT COUNT(*) FROM information_schema.processlist WHERE id = ? AND "
                                "info LIKE '%SLEEP%'",
                                id)) == 1;
      });
      other.kill(id);
    });
    const SqlError ofWaiting = sqlErrorOf([&] { waiting.execute("SELECT SLEEP(60)"); });
    killer.join();
    INFO(ofWaiting.what());
    CHECK(ofWaiting.connectionLost());
  }
}

TEST_CASE("no option file and no variable of the user changes a connection") {
  MysqlServer server;
  server.createUser("u", hard);
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
