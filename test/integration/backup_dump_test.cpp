#include "backup/dump.h"

#include <future>
#include <regex>

#include "base/error.h"
#include "base/text.h"
#include "support/backup_servers.h"
#include "support/catch.h"
#include "support/shop.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

const std::vector<std::string> gtidsOn{"gtid-mode=ON", "enforce-gtid-consistency=ON"};
const std::vector<std::string> gtidsOff{"gtid-mode=OFF", "enforce-gtid-consistency=OFF"};

DumpRequest request(const ConnectionOptions& source, const std::vector<std::string>& databases,
                    MysqlServer& target) {
  return {source, databases, target.rootOptions(), testInstallation(), {}, Deadline::in(Seconds(120))};
}

// What the general log says that this account sent, one statement a line.
std::vector<std::string> statementsSeen(Session& root, const std::string& user) {
  std::vector<std::string> result;
  for (const Row& row : root.query("SELECT CONVERT(argument USING utf8mb4) AS said FROM mysql.general_log "
                                   "WHERE command_type = 'Query' "
                                   "AND thread_id IN (SELECT thread_id FROM mysql.general_log WHERE "
                                   "command_type = 'Connect' AND argument "
                                   "LIKE ?)",
                                   escapeLike(user) + "@%"))
    result.push_back(trim(row.text("said")));
  return result;
}

bool redoLogIsOn(MysqlServer& server) {
  return server.root().query("SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'").at(0)[1] == "ON";
}

}  // namespace

TEST_CASE("a dump of every kind of schema equals its source, which is sent nothing but reads") {
  MysqlServer source({"9.7", gtidsOn});
  MysqlServer target({"9.7", gtidsOn});
  Session root = source.root();
  createShop(root);
  std::vector<std::string> databases = createOddSchema(root);
  databases.push_back("shop");
  const ConnectionOptions account = createAccount(source, dumpPrivileges);
  root.execute("SET GLOBAL log_output = 'TABLE'");
  root.execute("SET GLOBAL general_log = ON");
  Session reader = Session::connect(account);
  const std::string flush = target.root().variable("innodb_flush_log_at_trx_commit");
  CHECK(flush != "0");
  const DumpReport report = dumpInto(request(account, chosenDatabases(reader, {}), target));
  root.execute("SET GLOBAL general_log = OFF");

  Session copy = target.root();
  const auto found = differences(root, copy, databases);
  INFO(join(found, "\n"));
  CHECK(found.size() == 1);
  CHECK(found.at(0) == "missing: view `odd`.`v_invalid`");
  CHECK(report.bytes > 100'000);
  INFO(join(report.notes, "\n"));
  CHECK(report.notes.size() == 2);  // the FLOAT column and the invalid view
  CHECK(report.coordinates.usesGtid);
  CHECK(report.coordinates.gtids == GtidSet::parse(*root.value("SELECT @@gtid_executed")));
  CHECK(copy.value("SELECT @@gtid_executed") == root.value("SELECT @@gtid_executed"));
  CHECK(redoLogIsOn(target));
  CHECK_THAT(copy.query("SHOW CREATE TABLE odd.empty_one").at(0).text("Create Table"),
             Catch::Contains("AUTO_INCREMENT=4711"));
  CHECK(copy.variable("innodb_flush_log_at_trx_commit") == flush);
  CHECK(copy.number("SELECT COUNT(*) FROM mysql.time_zone_name") == 1);

  const std::regex reads(
      "(/\\*!\\d+ )?\\(?(SELECT|SHOW|SET|START TRANSACTION|LOCK TABLES|UNLOCK TABLES|SAVEPOINT|"
      "ROLLBACK|RELEASE SAVEPOINT|USE|COMMIT)\\b[^]*",
      std::regex::icase);
  const auto statements = statementsSeen(root, account.user);
  CHECK(statements.size() > 100);
  for (const std::string& statement : statements) {
    INFO(statement);
    CHECK(std::regex_match(statement, reads));
    CHECK_FALSE(std::regex_search(statement, std::regex("SET (GLOBAL|PERSIST)", std::regex::icase)));
  }
}

TEST_CASE("a dump under load starts replication at exactly its place and stalls no statement for 5 s") {
  const bool gtids = GENERATE(true, false);
  MysqlServer source({"9.7", gtids ? gtidsOn : gtidsOff});
  MysqlServer target({"9.7", gtids ? gtidsOn : gtidsOff});
  Session root = source.root();
  createShop(root, {2000, 100, 10000, 30000});
  const ConnectionOptions account = createAccount(source, dumpPrivileges);
  Session slow = source.root();
  Session holder = source.root();
  DumpReport report;
  Milliseconds longest{0};
  {
    WriteLoad load(source.rootOptions(), 3, Milliseconds(1));
    const auto query =
        std::async(std::launch::async, [&] { slow.execute("SELECT COUNT(*), SLEEP(15) FROM shop.tally"); });
    holder.execute("START TRANSACTION");
    holder.execute("INSERT INTO shop.audit (what) VALUES ('held')");
    const auto release = std::async(std::launch::async, [&] {
      std::this_thread::sleep_for(Seconds(4));  // longer than an attempt waits for locks
      holder.execute("COMMIT");
    });
    DumpRequest dump = request(account, {"shop"}, target);
    unsigned told = 0;
    dump.atSnapshot = [&] {
      ++told;
      CHECK(target.root().number(
                "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop'") == 0);
    };
    report = dumpInto(dump);
    CHECK(told == 1);
    const uint64_t before = load.transactions();
    CHECK(waitUntil(Deadline::in(Seconds(10)), [&] { return load.transactions() > before + 20; }));
    longest = load.longestStatement();
    load.stop();
  }
  Session copy = target.root();
  CHECK(tallyProblem(copy) == "");
  CHECK(copy.number("SELECT n FROM shop.tally") > 0);
  CHECK(copy.number("SELECT n FROM shop.tally") < root.number("SELECT n FROM shop.tally"));
  CHECK(longest < Seconds(5));
  CHECK(report.coordinates.usesGtid == gtids);
  replicateToNow(source, target, report.coordinates);
  CHECK(tallyProblem(copy) == "");
  const auto found = differences(root, copy, {"shop"});
  INFO(join(found, "\n"));
  CHECK(found.empty());
}

TEST_CASE("a transaction that never ends makes a dump give up and is named, and nobody waits 5 s for it") {
  MysqlServer source;
  MysqlServer target;
  Session root = source.root();
  createShop(root, {100, 10, 100, 200});
  Session holder = source.root();
  holder.execute("START TRANSACTION");
  holder.execute("INSERT INTO shop.audit (what) VALUES ('held')");
  const ConnectionOptions account = createAccount(source, dumpPrivileges);
  WriteLoad load(source.rootOptions());
  DumpRequest dump = request(account, {"shop"}, target);
  dump.limits.attempts = 2;
  dump.limits.longestPause = Milliseconds(500);
  std::optional<Error> error;
  try {
    dumpInto(dump);
  } catch (const Error& e) {
    error = e;
  }
  REQUIRE(error);
  INFO(error->what());
  CHECK(error->code() == ExitCode::backup);
  CHECK(std::string(error->what()).find("connection " + std::to_string(holder.connectionId()) + " ") !=
        std::string::npos);
  CHECK(load.longestStatement() < Seconds(5));
  CHECK(load.transactions() > 0);
  CHECK(redoLogIsOn(target));
}

TEST_CASE("a dump that fails tells mysqldump's or mysql's own words and leaves the redo log on") {
  MysqlServer source;
  MysqlServer target;
  Session root = source.root();
  createShop(root, {100, 10, 100, 200});
  const auto failure = [&](const DumpRequest& dump) {
    try {
      dumpInto(dump);
    } catch (const Error& e) {
      CHECK(std::string(e.what()).find("q\"") == std::string::npos);
      return std::make_pair(e.code(), std::string(e.what()));
    }
    return std::make_pair(ExitCode::success, std::string());
  };

  const ConnectionOptions poor = createAccount(source, "SELECT, LOCK TABLES, REPLICATION CLIENT");
  const auto refused = failure(request(poor, {"shop"}, target));
  CHECK(refused.first == ExitCode::backup);
  CHECK_THAT(refused.second, Catch::Contains("mysqldump"));
  CHECK(redoLogIsOn(target));

  const ConnectionOptions account = createAccount(source, dumpPrivileges);
  Session copy = target.root();
  copy.execute("DROP DATABASE IF EXISTS shop");
  copy.execute("CREATE DATABASE shop");
  copy.execute("CREATE VIEW shop.customers AS SELECT 1 AS x");
  const auto notRestored = failure(request(account, {"shop"}, target));
  CHECK(notRestored.first == ExitCode::restore);
  CHECK_THAT(notRestored.second, Catch::Contains("customers") && Catch::Contains("at line"));
  CHECK(redoLogIsOn(target));
}

TEST_CASE("the snapshot of a thousand tables holds its locks for a moment only") {
  MysqlServer source({"9.7", {"table-open-cache=5000"}});
  Session root = source.root();
  root.execute("CREATE DATABASE many");
  root.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 0");
  root.execute("SET SESSION sql_log_bin = 0");
  for (int i = 0; i < 1000; ++i)
    root.execute(std::string_view("CREATE TABLE many.t" + std::to_string(i) + " (id INT PRIMARY KEY)"));
  const ConnectionOptions account = createAccount(source, dumpPrivileges);
  std::optional<Session> snapshot;
  unsigned calls = 0;
  const Coordinates coordinates = takeSnapshots(
      account, {"many"},
      [&](const Deadline&) {
        ++calls;
        snapshot.emplace(Session::connect(account));
        snapshot->execute("START TRANSACTION WITH CONSISTENT SNAPSHOT");
        CHECK(root.number(
                  "SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE OBJECT_SCHEMA = 'many' AND "
                  "LOCK_TYPE = 'SHARED_READ_ONLY'") == 1000);
      },
      Deadline::in(Seconds(60)));
  CHECK(calls == 1);
  CHECK(coordinates.position.has_value());
  CHECK(root.number("SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE OBJECT_SCHEMA = 'many'") ==
        0);

  // Nobody is in the way of these, but no server locks so many in a millisecond.
  SnapshotLimits impatient{.lockWait = Milliseconds(1), .firstPause = Milliseconds(1)};
  CHECK_NOTHROW(takeSnapshots(
      account, {"many"}, [](const Deadline&) {}, Deadline::in(Seconds(60)), impatient));
  impatient.morePerTable = Milliseconds(0);
  impatient.attempts = 5;
  CHECK_THROWS_AS(takeSnapshots(
                      account, {"many"}, [](const Deadline&) {}, Deadline::in(Seconds(60)), impatient),
                  Error);
}
