#include "backup/file_restore.h"

#include <map>

#include "backup/inspect.h"
#include "base/error.h"
#include "base/text.h"
#include "process/command.h"
#include "support/backup_servers.h"
#include "support/catch.h"
#include "support/shop.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

// The shop's event would add rows.
const std::vector<std::string> gtidsOn{"gtid-mode=ON", "enforce-gtid-consistency=ON", "event-scheduler=OFF"};
const std::vector<std::string> gtidsOff{"event-scheduler=OFF"};

FileRestoreReport restore(const fs::path& file, const MysqlServer& target, bool trust = false) {
  return restoreFile({.backup = requireBackup(file, target.root().version(), trust),
                      .target = target.rootOptions(),
                      .connections = 4,
                      .expendable = true});
}

bool redoLogIsOn(const MysqlServer& server) {
  return server.root().query("SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'").at(0)[1] == "ON";
}

// Shapes that a restore with several connections and late keys could get wrong.
void createTraps(Session& server) {
  for (
      const char* const statement : {
          "CREATE DATABASE traps",
          "USE traps",
          "SET foreign_key_checks = 0",
          "CREATE TABLE cycle_a (id INT PRIMARY KEY, b INT, c INT, KEY (c), KEY kb (b), "
          "CONSTRAINT ab FOREIGN KEY (b) REFERENCES cycle_b (id))",
          "CREATE TABLE cycle_b (id INT PRIMARY KEY, a INT, v VARCHAR(20), UNIQUE KEY uv (v), KEY va (v, a), "
          "CONSTRAINT ba FOREIGN KEY (a) REFERENCES cycle_a (id))",
          "CREATE TABLE parent (id INT AUTO_INCREMENT, code CHAR(4) NOT NULL, x INT, PRIMARY KEY (id), "
          "UNIQUE KEY code (code), KEY x (x))",
          "CREATE TABLE child_of_code (id INT PRIMARY KEY, code CHAR(4), CONSTRAINT cc FOREIGN KEY (code) "
          "REFERENCES "
          "parent (code) ON DELETE CASCADE)",
          "SET foreign_key_checks = 1",
          "CREATE TABLE auto_second (a INT NOT NULL, id INT NOT NULL AUTO_INCREMENT, v INT, PRIMARY KEY (a, "
          "id), "
          "KEY v (v), KEY id (id), KEY w (v, a))",
          "CREATE TABLE no_key (a INT, b BLOB, KEY (a))",
          "CREATE TABLE prefix_key (id INT PRIMARY KEY, t TEXT, u VARCHAR(30), d DATE, KEY tk (t(7), u "
          "DESC), "
          "KEY nk (u) USING BTREE COMMENT 'it''s, (a)', UNIQUE KEY du (d, u) INVISIBLE)",
          "CREATE TABLE my_isam (id INT AUTO_INCREMENT PRIMARY KEY, t TEXT, FULLTEXT (t), KEY (t(3))) "
          "ENGINE=MyISAM",
          "CREATE TABLE memory_one (id INT PRIMARY KEY, v INT, KEY (v)) ENGINE=MEMORY",
          "CREATE TABLE `comment` (id INT PRIMARY KEY COMMENT ') ENGINE=MyISAM, KEY `x` (`y`', v INT, KEY "
          "(v)) "
          "COMMENT='a /* b */ ; c'",
          "CREATE TABLE partitioned (id INT PRIMARY KEY, v INT, KEY (v)) PARTITION BY HASH (id) PARTITIONS 3",
          "CREATE TABLE log_of (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20))",
          "CREATE TRIGGER parent_ai AFTER INSERT ON parent FOR EACH ROW INSERT INTO log_of (what) VALUES "
          "('a;b')",
          "INSERT INTO parent (code, x) VALUES ('a', 1), ('b', 2)",
          "INSERT INTO child_of_code VALUES (1, 'a'), (2, NULL)",
          "INSERT INTO cycle_a VALUES (1, NULL, 5), (2, NULL, 6)",
          "INSERT INTO cycle_b VALUES (1, 1, 'one'), (2, 2, NULL)",
          "UPDATE cycle_a SET b = id",
          "INSERT INTO auto_second (a, v) VALUES (1, 1), (1, 2), (2, 3)",
          "INSERT INTO no_key VALUES (1, x'00275c0a0d1a22603b'), (1, x'00275c0a0d1a22603b'), (NULL, "
          "x'ff00fe')",
          "INSERT INTO prefix_key VALUES (1, 'some text;', 'u', '2020-01-01'), (2, '-- x', 'v', NULL)",
          "INSERT INTO my_isam (t) VALUES ('quick brown'), ('fox')",
          "INSERT INTO memory_one VALUES (1, 2)",
          "INSERT INTO `comment` VALUES (1, 1)",
          "INSERT INTO partitioned VALUES (1, 1), (2, 2), (3, 3)",
          "CREATE TABLE big (id INT AUTO_INCREMENT PRIMARY KEY, a INT, b VARCHAR(100), c LONGBLOB, KEY (a), "
          "KEY (b, a), "
          "UNIQUE KEY (id, a))",
          "SET SESSION cte_max_recursion_depth = 30000",
          "INSERT INTO big (a, b, c) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
          "< 30000) "
          "SELECT i % 1000, CONCAT('text '';\\\\ ', i), REPEAT(UNHEX(SHA2(i, 256)), 2) FROM n",
      })
    server.execute(std::string_view(statement));
}

void compress(const std::string& program, const fs::path& from, const fs::path& to) {
  const Finished finished =
      runChecked({.argv = {program, "-c", from.string()}}, ExitCode::internal, "cannot compress");
  writeFile(to, finished.out);
}

}  // namespace

TEST_CASE(
    "a plain mysqldump of every kind of schema is restored equal to its source, and replication goes on from "
    "it") {
  MysqlServer source({"9.7", gtidsOn});
  MysqlServer target({"9.7", gtidsOn});
  Session root = source.root();
  createShop(root);
  std::vector<std::string> databases = createOddSchema(root);
  root.execute("DROP VIEW odd.v_invalid");
  createTraps(root);
  databases.insert(databases.end(), {"shop", "traps"});
  const Scratch scratch;
  const fs::path file = dump(source, scratch / "full.sql", plainDump);
  const FileRestoreReport report = restore(file, target);

  Session copy = target.root();
  const auto found = differences(root, copy, databases);
  INFO(join(found, "\n"));
  INFO(join(report.notes, "\n"));
  CHECK(found.empty());
  CHECK(report.notes.empty());
  REQUIRE(report.coordinates);
  CHECK(report.coordinates->usesGtid);
  CHECK(report.coordinates->position);
  CHECK(copy.value("SELECT @@gtid_executed") == root.value("SELECT @@gtid_executed"));
  CHECK(redoLogIsOn(target));
  CHECK(copy.number("SELECT COUNT(*) FROM mysql.time_zone_name") == 1);
  CHECK(copy.number("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'dlpx%'") == 0);
  CHECK(copy.variable("innodb_stats_auto_recalc") == "ON");

  root.execute("INSERT INTO traps.parent (code, x) VALUES ('z', 9)");
  replicateToNow(source, target, *report.coordinates);
  CHECK(copy.number("SELECT COUNT(*) FROM traps.parent WHERE code = 'z'") == 1);
}

TEST_CASE("a dump in any compression is restored equal to its source") {
  MysqlServer source({"9.7", gtidsOff});
  Session root = source.root();
  createShop(root);
  createTraps(root);
  const Scratch scratch;
  const fs::path plain = dump(source, scratch / "plain",
                              {"--databases", "shop", "traps", "--routines", "--events", "--hex-blob"});
  for (const std::string program : {"gzip", "bzip2", "xz", "zstd", "lz4"}) {
    INFO(program);
    MysqlServer target({"9.7", gtidsOff});
    compress(program, plain, scratch / "dump");
    CHECK(restore(scratch / "dump", target).coordinates->usesGtid);
    Session copy = target.root();
    const auto found = differences(root, copy, {"shop", "traps"});
    INFO(join(found, "\n"));
    CHECK(found.empty());
  }
}

TEST_CASE("a dump of one database that does not create it goes where its head says") {
  MysqlServer source({"9.7", gtidsOff});
  MysqlServer target({"9.7", gtidsOff});
  Session root = source.root();
  createShop(root);
  const Scratch scratch;
  const auto report =
      restore(dump(source, scratch / "d", {"shop", "--routines", "--no-tablespaces"}), target);
  CHECK(report.notes.size() == 1);
  CHECK(target.root().value("CHECKSUM TABLE shop.orders") == root.value("CHECKSUM TABLE shop.orders"));
  CHECK(target.root().number("SELECT COUNT(*) FROM shop.orders") ==
        root.number("SELECT COUNT(*) FROM shop.orders"));
}

TEST_CASE("accounts of the dump become the server's and the one that restores stays as it is") {
  MysqlServer source({"9.7", gtidsOff});
  MysqlServer target({"9.7", gtidsOff});
  Session root = source.root();
  root.execute("CREATE USER `o'dd`@`10.%` IDENTIFIED BY 'it''s'");
  root.execute("GRANT SELECT ON `my\\_db`.* TO `o'dd`@`10.%`");
  root.execute("CREATE ROLE reader");
  root.execute("GRANT reader TO `o'dd`@`10.%`");
  root.execute("SET DEFAULT ROLE reader TO `o'dd`@`10.%`");
  target.root().execute("CREATE USER dlpx_admin@localhost IDENTIFIED BY 'secret'");
  target.root().execute("GRANT ALL ON *.* TO dlpx_admin@localhost WITH GRANT OPTION");
  const Scratch scratch;
  ConnectionOptions admin = target.rootOptions();
  admin.user = "dlpx_admin";
  admin.password = Secret("secret");
  const fs::path file = dump(source, scratch / "d", {"--all-databases", "--flush-privileges"});
  const auto report =
      restoreFile({.backup = requireBackup(file, {9, 7, 4}), .target = admin, .expendable = true});
  INFO(join(report.notes, "\n"));
  CHECK(report.notes.empty());
  Session copy = Session::connect(admin);
  const std::string show = "SHOW CREATE USER `o'dd`@`10.%`";
  root.execute("SET print_identified_with_as_hex = ON");
  copy.execute("SET print_identified_with_as_hex = ON");
  CHECK(copy.value(std::string_view(show)) == root.value(std::string_view(show)));
  const auto grants = [](Session& session) {
    std::vector<std::string> all;
    for (const Row& row : session.query("SHOW GRANTS FOR `o'dd`@`10.%`")) all.push_back(row[0].value_or(""));
    return join(all, "\n");
  };
  CHECK(grants(copy) == grants(root));
  CHECK(copy.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'dlpx_admin'") == 1);
}

TEST_CASE(
    "the statement that fails is told with its line and text, and what was changed for the load is put "
    "back") {
  MysqlServer target({"9.7", gtidsOff});
  const Scratch scratch;
  const std::string script =
      "-- MySQL dump 10.13  Distrib 9.7.4\n-- Server version\t9.7.4\nSET GLOBAL max_connections = 77;\n"
      "CREATE DATABASE d;\nUSE d;\nCREATE TABLE `t` (\n  `a` int NOT NULL,\n  PRIMARY KEY (`a`)\n) "
      "ENGINE=InnoDB;\n"
      "INSERT INTO `t` VALUES (1);\nINSERT INTO `t` VALUES\n('x');\n-- Dump completed\n";
  writeFile(scratch / "d", script);
  const std::string before = target.root().variable("max_connections");
  try {
    restore(scratch / "d", target);
    FAIL("not reached");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::restore);
    CHECK_THAT(e.what(), Catch::Contains("line 11") && Catch::Contains("INSERT INTO `t`") &&
                             Catch::Contains("Incorrect integer value"));
  }
  CHECK(target.root().variable("max_connections") == before);
  CHECK(redoLogIsOn(target));
}

TEST_CASE("statements that are not mysqldump's own run in order on one connection") {
  MysqlServer target({"9.7", gtidsOff});
  const Scratch scratch;
  writeFile(
      scratch / "d",
      "-- MySQL dump 10.13  Distrib 9.7.4\n-- Server version\t9.7.4\nCREATE DATABASE d;\nUSE d;\nset "
      "autocommit=0;\n"
      "CREATE TABLE `t` (\n  `a` int NOT NULL,\n  `b` int,\n  PRIMARY KEY (`a`),\n  UNIQUE KEY `b` (`b`)\n) "
      "ENGINE=InnoDB;\nINSERT INTO `t` VALUES (1,1),(2,2);\nINSERT IGNORE INTO `t` VALUES (3,1);\n"
      "UPDATE t SET b = b + 10;\nREPLACE INTO t VALUES (9, 11);\ncommit;\n-- Dump completed\n");
  restore(scratch / "d", target);
  std::string rows;
  for (const Row& row : target.root().query("SELECT a, b FROM d.t ORDER BY a"))
    rows += row.text("a") + row.text("b") + " ";
  CHECK(rows == "212 911 ");
}

TEST_CASE(
    "a script's dates, accounts and statements of other databases go where mysql would put them, or "
    "nowhere") {
  MysqlServer target({"9.7", gtidsOff});
  const Scratch scratch;
  Session root = target.root();
  root.execute("CREATE DATABASE other");
  // As mysqldump --compact writes it: no head, and a date that strict mode refuses.
  writeFile(
      scratch / "d",
      "CREATE USER 'rooty'@'localhost';\nSET PASSWORD = 'x';\nDROP USER IF EXISTS nobody, root@localhost;\n"
      "CREATE DATABASE wanted;\nUSE wanted;\nCREATE TABLE `t` (`d` date NOT NULL, `e` date);\n"
      "INSERT INTO `t` VALUES ('0000-00-00','2024-02-31');\nDROP DATABASE IF EXISTS other;\n"
      "USE other;\nCREATE TABLE `t` (`a` int);\nUPDATE t SET d = '2000-01-01';\nUSE wanted;\n"
      "UPDATE `other`.gone JOIN t SET t.d = '2000-01-01';\nDELETE FROM mysql.user;\nUPDATE t SET t.e = "
      "'2024-02-30';\n");
  const FileRestoreReport report = restoreFile({.backup = requireBackup(scratch / "d", {9, 7, 4}, true),
                                                .target = target.rootOptions(),
                                                .databases = {"wanted"},
                                                .expendable = true});
  INFO(join(report.notes, "\n"));
  CHECK(root.value("SELECT CONCAT(d, ' ', e) FROM wanted.t") == "0000-00-00 2024-02-30");
  CHECK_THAT(join(report.notes, "\n"),
             Catch::Contains("names database other") && Catch::Contains("names database mysql"));
  CHECK(root.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'rooty'") == 1);
  CHECK(root.number("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'other'") == 1);
  CHECK(root.number("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'other'") == 0);
  CHECK_NOTHROW(target.root());  // root's password is as it was
}

TEST_CASE("the rows of a dump reach nobody's binary log") {
  MysqlServer source({"9.7", gtidsOff});
  MysqlServer target({"9.7", gtidsOn});
  Session root = source.root();
  createShop(root);
  const auto before = target.root().value("SELECT @@gtid_executed");
  const Scratch scratch;
  restore(
      dump(source, scratch / "d", {"--databases", "shop", "--routines", "--events", "--set-gtid-purged=OFF"}),
      target);
  CHECK(target.root().value("SELECT @@gtid_executed") == before);
}

TEST_CASE("a directory of mydumper is restored by myloader, all of it or the databases that are named") {
  MysqlServer source({"9.7", gtidsOff});
  MysqlServer target({"9.7", gtidsOff});
  Session root = source.root();
  for (const char* const statement :
       {"CREATE DATABASE first", "CREATE TABLE first.t (id INT PRIMARY KEY, b BLOB, KEY (b(4)))",
        "INSERT INTO first.t VALUES (1, x'00275c0a'), (2, NULL)", "CREATE DATABASE second",
        "CREATE TABLE second.t (id INT PRIMARY KEY, v VARCHAR(20))",
        "INSERT INTO second.t VALUES (1, 'it''s'), (2, NULL)", "CREATE DATABASE third",
        "CREATE TABLE third.t (id INT PRIMARY KEY)"})
    root.execute(std::string_view(statement));
  const Scratch scratch;
  const fs::path directory = scratch / "dump";
  runChecked({.argv = {"mydumper", "--user=root", "--socket=" + source.socket().string(),
                       "--regex=^(first|second|third)\\.", "--outputdir=" + directory.string()}},
             ExitCode::internal, "mydumper failed");
  FileRestoreRequest request{.backup = requireBackup(directory, {9, 7, 4}, true),
                             .target = target.rootOptions(),
                             .databases = {"first", "second"},
                             .expendable = true};
  CHECK(request.backup.kind == BackupKind::mydumper);
  CHECK(request.backup.databases == std::vector<std::string>{"first", "second", "third"});
  restoreFile(request);
  Session copy = target.root();
  const auto found = differences(root, copy, {"first", "second"});
  INFO(join(found, "\n"));
  CHECK(found.empty());
  CHECK(copy.number("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'third'") == 0);
  CHECK(redoLogIsOn(target));
}
