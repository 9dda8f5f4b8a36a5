#include "backup/copy.h"

#include <fstream>

#include "backup/copy_ranges.h"
#include "backup/copy_stream.h"
#include "backup/copy_table.h"
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
// Without RELOAD, and without BACKUP_ADMIN.
const std::string leastPrivileges =
    "SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT, PROCESS, REPLICATION CLIENT, SHOW_ROUTINE";

CopyRequest request(const ConnectionOptions& source, const std::vector<std::string>& databases,
                    MysqlServer& target, unsigned connections = 3) {
  return {{source, databases, target.rootOptions(), testInstallation(), {}, Deadline::in(Seconds(180)), {}},
          connections};
}

const char* const hard[] = {
    "CREATE DATABASE hard",
    "USE hard",
    "SET SESSION sql_mode = ''",
    "CREATE TABLE floats (id INT PRIMARY KEY, f FLOAT, fu FLOAT UNSIGNED ZEROFILL, d DOUBLE, d2 "
    "DOUBLE(20,5))",
    "INSERT INTO floats VALUES (1, 1.1, 3.402823466e38, 0.1, 1.23456), (2, -0e0, 1.17549e-38, -0e0, -9), "
    "(3, 16777217, 0.333333343, 5e-324, 123456789012345.12345), (4, NULL, NULL, NULL, NULL)",
    "CREATE TABLE enums (id INT PRIMARY KEY, e ENUM('1','3','2','x'), n ENUM('','a') NOT NULL, s "
    "SET('2','1','a'))",
    "INSERT INTO enums VALUES (1,'1','','2'), (2,'3','a','1,a'), (3,'wrong','wrong','')",
    "INSERT INTO enums VALUES (4, NULL, 'a', NULL), (5, 2, 2, 4)",
    "CREATE TABLE vectors (id INT PRIMARY KEY, v VECTOR(3))",
    "INSERT INTO vectors VALUES (1, TO_VECTOR('[1.5, -2, 0.1]')), (2, NULL)",
    "CREATE TABLE wide (id INT PRIMARY KEY, u VARCHAR(50) CHARACTER SET utf16, g VARCHAR(50) CHARACTER SET "
    "gbk, "
    "j VARCHAR(50) CHARACTER SET sjis, c CHAR(5) CHARACTER SET utf32)",
    "INSERT INTO wide VALUES (1, 'a\\tb\\n\\\\ऊ𝄞', '誠\\\\', 'ソ表\\\\', 'ab')",
    "CREATE TABLE nulls (a INT, b VARCHAR(10), c BLOB)",
    "INSERT INTO nulls VALUES (NULL,NULL,NULL), (1,'','') , (1,'',''), (2,'NULL','\\\\N'), (3, '\\\\', "
    "0x5c4e09000a)",
    "CREATE TABLE my_isam (id INT PRIMARY KEY, t TEXT, KEY (t(10))) ENGINE=MyISAM",
    "INSERT INTO my_isam VALUES (1, 'one'), (2, 'two')",
    "CREATE TABLE my_isam_2 LIKE my_isam",
    "CREATE TABLE merged (id INT NOT NULL, t TEXT, KEY (id), KEY (t(10))) ENGINE=MERGE UNION=(my_isam, "
    "my_isam_2)",
    "CREATE TABLE memory (id INT PRIMARY KEY) ENGINE=MEMORY",
    "INSERT INTO memory VALUES (7)",
    "SET SESSION sql_generate_invisible_primary_key = ON",
    "CREATE TABLE hidden_key (v INT)",
    "INSERT INTO hidden_key VALUES (3), (1)",
    "SET SESSION sql_generate_invisible_primary_key = OFF",
    "CREATE TABLE keys_of_all_kinds (id INT PRIMARY KEY, a INT NOT NULL, b VARCHAR(30), c INT, t TEXT, "
    "UNIQUE KEY ua (a), KEY kb (b(5) DESC, c) COMMENT 'it''s, (odd', KEY `in``v` (c) INVISIBLE, FULLTEXT KEY "
    "ft "
    "(t), KEY fx ((a + c)), UNIQUE KEY ub (b, a)) COMMENT 'KEY (a), x'",
    "INSERT INTO keys_of_all_kinds VALUES (1, 5, 'b', NULL, 'some text'), (2, 4, 'a', 3, NULL)",
    "CREATE TABLE unique_only (u INT NOT NULL, v INT, UNIQUE KEY (u), KEY (v))",
    "INSERT INTO unique_only VALUES (2, 1), (1, 1)",
    "CREATE TABLE ring_a (id INT PRIMARY KEY, b INT, KEY (b))",
    "CREATE TABLE ring_b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES ring_a (id))",
    "ALTER TABLE ring_a ADD FOREIGN KEY (b) REFERENCES ring_b (id)",
    "INSERT INTO ring_a VALUES (1, NULL)",
    "INSERT INTO ring_b VALUES (1, 1)",
    "UPDATE ring_a SET b = 1",
    "SET SESSION cte_max_recursion_depth = 1000000",
    // Gaps, negative numbers and one row far out.
    "CREATE TABLE numbers (id BIGINT PRIMARY KEY, pad CHAR(200), k INT, KEY (k))",
    "INSERT INTO numbers WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80000) "
    "SELECT i * 3 - 90000, REPEAT(LEFT(SHA2(i, 256), 33), 6), i % 1000 FROM n",
    "INSERT INTO numbers VALUES (9223372036854775807, 'far', 1), (-9223372036854775808, 'out', 1)",
    "CREATE TABLE names (id VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_swedish_ci, part INT, pad "
    "CHAR(200), "
    "PRIMARY KEY (id, part))",
    "INSERT INTO names SELECT IF(k % 2, LEFT(SHA2(id DIV 9, 256), 32), UPPER(LEFT(SHA2(id DIV 9, 256), "
    "32))), id % 9 + 10 * (id DIV 3 % 3), "
    "pad "
    "FROM numbers WHERE id > -90000 AND id < 200000",
    "ANALYZE TABLE numbers, names",
};

std::vector<std::string> createHard(Session& server) {
  for (const char* statement : hard) server.execute(std::string_view(statement));
  return {"hard"};
}

bool isFast(MysqlServer& server) {
  Session root = server.root();
  return root.query("SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'").at(0)[1] != "ON" ||
         root.variable("local_infile") == "ON";
}

uint64_t peakMemory() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "VmHWM:") break;
  uint64_t kilobytes = 0;
  status >> kilobytes;
  return kilobytes * 1024;
}

}  // namespace

TEST_CASE("a copy of every kind of schema equals its source, with the least privileges") {
  MysqlServer source({"9.7", gtidsOn});
  MysqlServer target({"9.7", gtidsOn});
  Session root = source.root();
  createShop(root);
  root.execute("ALTER EVENT shop.tidy_audit DISABLE");  // it would write between the copy and the comparison
  std::vector<std::string> databases = createOddSchema(root);
  databases.push_back("shop");
  databases.push_back(createHard(root).front());
  root.execute("SET SESSION sql_log_bin = 0");
  root.execute("INSERT INTO mysql.time_zone_name SELECT 'Test/Other', 1 FROM DUAL");
  const ConnectionOptions account = createAccount(source, leastPrivileges);
  Session reader = Session::connect(account);
  const auto chosen = chosenDatabases(reader, {});
  CHECK(copyFits(reader, chosen).fits);
  const DumpReport report = copyInto(request(account, chosen, target));

  Session copy = target.root();
  const auto found = differences(root, copy, databases);
  INFO(join(found, "\n"));
  CHECK(found.size() == 1);
  CHECK(found.at(0) == "missing: view `odd`.`v_invalid`");
  INFO(join(report.notes, "\n"));
  CHECK(report.notes.size() == 2);  // the tables without snapshots and the invalid view
  CHECK(report.coordinates.gtids == GtidSet::parse(*root.value("SELECT @@gtid_executed")));
  CHECK(copy.value("SELECT @@gtid_executed") == root.value("SELECT @@gtid_executed"));
  CHECK_FALSE(isFast(target));
  CHECK(copy.number("SELECT COUNT(*) FROM mysql.time_zone_name") == 2);
  CHECK(copy.number("SELECT COUNT(*) FROM hard.enums WHERE e = 0 AND id = 3") == 1);
  CHECK(root.number("SELECT COUNT(*) FROM information_schema.INNODB_TRX") == 0);
}

TEST_CASE("ranges of a primary key hold each row once, whatever its type, gaps and outliers") {
  MysqlServer source;
  Session root = source.root();
  createHard(root);
  for (const std::string& statement : copySourceState()) root.execute(std::string_view(statement));
  for (const CopyTable& table : copyTables(root, {"hard"})) {
    if (table.name.name != "numbers" && table.name.name != "names") continue;
    INFO(table.name.name);
    const auto ranges = rangesOf(root, table, 1 << 20);
    CHECK(ranges.size() > 8);
    CHECK(ranges.size() < 200);
    const uint64_t all = root.number(std::string_view("SELECT COUNT(*) FROM " + table.name.quoted()));
    uint64_t sum = 0;
    uint64_t largest = 0;
    for (const std::string& where : ranges) {
      const uint64_t rows =
          root.number(std::string_view("SELECT COUNT(*) FROM " + table.name.quoted() + " WHERE " + where));
      sum += rows;
      largest = std::max(largest, rows);
    }
    CHECK(sum == all);
    CHECK(largest < all / 4);
  }
}

TEST_CASE("a copy under load starts replication at exactly its place and stalls no statement for 5 s") {
  const bool gtids = GENERATE(true, false);
  MysqlServer source({"9.7", gtids ? gtidsOn : gtidsOff});
  std::vector<std::string> options = gtids ? gtidsOn : gtidsOff;
  options.push_back("event-scheduler=OFF");  // as staging has it: what an event writes is replicated
  MysqlServer target({"9.7", options});
  Session root = source.root();
  createShop(root, {2000, 100, 10000, 30000});
  const ConnectionOptions account = createAccount(source, leastPrivileges);
  DumpReport report;
  {
    WriteLoad load(source.rootOptions(), 3, Milliseconds(1));
    CopyRequest copy = request(account, {"shop"}, target);
    unsigned told = 0;
    copy.atSnapshot = [&] { ++told; };
    report = copyInto(copy);
    CHECK(told == 1);
    const uint64_t before = load.transactions();
    CHECK(waitUntil(Deadline::in(Seconds(10)), [&] { return load.transactions() > before + 20; }));
    CHECK(load.longestStatement() < Seconds(5));
    load.stop();
  }
  Session copy = target.root();
  CHECK(tallyProblem(copy) == "");
  CHECK(copy.number("SELECT n FROM shop.tally") > 0);
  CHECK(copy.number("SELECT n FROM shop.tally") < root.number("SELECT n FROM shop.tally"));
  CHECK(report.coordinates.usesGtid == gtids);
  replicateToNow(source, target, report.coordinates);
  CHECK(tallyProblem(copy) == "");
  const auto found = differences(root, copy, {"shop"});
  INFO(join(found, "\n"));
  CHECK(found.empty());
}

TEST_CASE("a copy of a row of 100 MB stays within 200 MB plus three times the row") {
  MysqlServer source({"9.7", {"max-allowed-packet=1G"}});
  MysqlServer target;
  Session root = source.root();
  root.execute("CREATE DATABASE big");
  root.execute("CREATE TABLE big.rows_ (id INT PRIMARY KEY, b LONGBLOB, j JSON)");
  root.execute(
      "INSERT INTO big.rows_ VALUES (1, REPEAT(0x00095c0a, 25 * 1024 * 1024), '[1]'), (2, 'x', "
      "JSON_ARRAY(REPEAT('é', 10000000)))");
  const uint64_t before = peakMemory();
  copyInto(request(source.rootOptions(), {"big"}, target));
  CHECK(peakMemory() < before + (200ULL << 20) + (300ULL << 20));
  Session copy = target.root();
  CHECK(differences(root, copy, {"big"}).empty());
}

TEST_CASE("a copy that the target refuses tells the table and the reason, and leaves the redo log on") {
  MysqlServer source;
  MysqlServer target;
  Session root = source.root();
  createShop(root, {100, 10, 100, 200});
  Session copy = target.root();
  const auto failure = [&] {
    try {
      copyInto(request(createAccount(source, leastPrivileges), {"shop"}, target));
    } catch (const Error& e) {
      return std::make_pair(e.code(), std::string(e.what()));
    }
    return std::make_pair(ExitCode::success, std::string());
  };
  copy.execute("CREATE DATABASE shop");
  copy.execute("CREATE TABLE shop.customers (x INT)");
  const auto exists = failure();
  CHECK(exists.first == ExitCode::restore);
  CHECK_THAT(exists.second, Catch::Contains("`shop`.`customers`") && Catch::Contains("already exists"));
  CHECK_FALSE(isFast(target));
  CHECK(root.number("SELECT COUNT(*) FROM information_schema.INNODB_TRX") == 0);
}

TEST_CASE("rows that the target takes with a warning are an error, never a silent change") {
  MysqlServer source;
  MysqlServer target({"9.7", {}});
  Session root = source.root();
  root.execute("CREATE DATABASE plain");
  root.execute("CREATE TABLE plain.t (id INT PRIMARY KEY, v VARCHAR(10))");
  root.execute("INSERT INTO plain.t VALUES (1, 'a'), (2, 'b')");
  Session copy = target.root();
  // A trigger of the target's own stands in for whatever changes a value.
  copy.execute("CREATE DATABASE plain");
  CopyTable table = copyTables(root, {"plain"}).at(0);
  copy.execute("CREATE TABLE plain.t (id INT PRIMARY KEY, v VARCHAR(10), UNIQUE KEY (v))");
  copy.execute("INSERT INTO plain.t VALUES (9, 'b')");
  ConnectionOptions options = target.rootOptions();
  options.localInfile = true;
  copy.execute("SET GLOBAL local_infile = ON");
  Session loader = Session::connect(options);
  std::atomic<uint64_t> bytes{0};
  try {
    copyRows(root, loader, table, "", bytes);
    FAIL("the duplicate was not seen");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::restore);
    CHECK_THAT(e.what(), Catch::Contains("Duplicate"));
  }
}
