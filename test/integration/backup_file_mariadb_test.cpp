#include "backup/file_restore.h"
#include "backup/inspect.h"
#include "base/error.h"
#include "base/text.h"
#include "process/command.h"
#include "staging_support.h"
#include "support/backup_servers.h"
#include "support/catch.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

const std::vector<std::string> gtidsOn{"gtid-mode=ON", "enforce-gtid-consistency=ON", "event-scheduler=OFF"};

// What the real program writes of the server.
std::string mariadbDump(const MysqlServer& server, const std::vector<std::string>& arguments) {
  const fs::path program = mysqlDirectory() / "mariadb/bin/mariadb-dump";
  std::vector<std::string> argv{program.string(), "--no-defaults", "-uroot",
                                "--socket=" + server.socket().string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return runChecked({.argv = argv}, ExitCode::internal, "mariadb-dump failed").out;
}

// MariaDB's program asks SHOW MASTER STATUS, which servers from 8.4 on do not know. With the coordinates
// where --master-data writes them.
std::string withCoordinates(std::string dump, MysqlServer& source, bool commented) {
  Session root = source.root();
  const Row row = root.query("SHOW BINARY LOG STATUS").at(0);
  const std::string mark = "/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;\n";
  const size_t at = dump.find(mark);
  REQUIRE(at != std::string::npos);
  dump.insert(at + mark.size(),
              "\n--\n-- Position to start replication or point-in-time recovery from\n--\n\n" +
                  std::string(commented ? "-- " : "") + "CHANGE MASTER TO MASTER_LOG_FILE='" +
                  row.text("File") + "', MASTER_LOG_POS=" + row.text("Position") + ";\n");
  return dump;
}

}  // namespace

TEST_CASE("a dump by MariaDB's mysqldump of MySQL is restored equal to its source") {
  MysqlServer source({"9.7", gtidsOn});
  MysqlServer target({"9.7", gtidsOn});
  Session root = source.root();
  createShop(root);
  std::vector<std::string> databases = createOddSchema(root);
  root.execute("DROP VIEW odd.v_invalid");
  root.execute("CREATE USER app@'10.%' IDENTIFIED BY 'secret'");
  root.execute("GRANT SELECT ON shop.* TO app@'10.%'");
  databases.push_back("shop");
  const Scratch scratch;
  const std::string text = mariadbDump(
      source, {"--all-databases", "--single-transaction", "--routines", "--events", "--hex-blob"});
  CHECK(startsWith(text, "/*M!999999\\- enable the sandbox mode */"));
  writeFile(scratch / "d", text);
  const BackupFacts facts = requireBackup(scratch / "d", {9, 7, 4});
  CHECK(facts.kind == BackupKind::mysqldump);
  CHECK_THAT(facts.writtenBy, Catch::Contains("MariaDB dump"));
  CHECK(facts.serverVersion->text() == "9.7.4");
  CHECK_FALSE(facts.coordinates);
  CHECK_THAT(join(facts.missingForReplication(), "\n"), Catch::Contains("SHOW MASTER STATUS"));
  const FileRestoreReport report =
      restoreFile({.backup = facts, .target = target.rootOptions(), .expendable = true});
  INFO(join(report.notes, "\n"));
  CHECK(report.notes.empty());
  CHECK(report.accounts);
  Session copy = target.root();
  const auto found = differences(root, copy, databases);
  INFO(join(found, "\n"));
  CHECK(found.empty());
  CHECK(copy.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'app'") == 1);
}

TEST_CASE("init from a dump by MariaDB's mysqldump with coordinates follows its source") {
  for (const bool commented : {true, false}) {
    INFO(commented);
    StagingBed bed({.options = {"gtid-mode=OFF", "enforce-gtid-consistency=OFF", "event-scheduler=OFF"}});
    Session source = bed.source.root();
    source.execute(
        "CREATE TABLE shop.computed (id INT PRIMARY KEY, d INT GENERATED ALWAYS AS (id * 2) STORED)");
    source.execute("INSERT INTO shop.computed (id) VALUES (1), (2)");
    const std::string text = mariadbDump(bed.source, {"--all-databases", "--routines", "--events"});
    writeFile(bed.file("backup"), withCoordinates(text, bed.source, commented));
    source.execute("INSERT INTO shop.computed (id) VALUES (3)");
    bed.expect(0, "init", {"--method", "file", "--backup", bed.file("backup").string()});
    source.execute("UPDATE shop.computed SET id = 4 WHERE id = 1");
    bed.catchUp();
    Session staging = bed.staging();
    const auto found = realDifferences(source, staging);
    INFO(join(found, "\n"));
    CHECK(found.empty());
    CHECK(bed.expect(0, "replication status")["state"] == "running");
  }
}

TEST_CASE("MariaDB's own GTID position, sandbox line and comments in a dump are left out") {
  MysqlServer target({"9.7", gtidsOn});
  const Scratch scratch;
  writeFile(scratch / "d",
            "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19  Distrib 11.8.3-MariaDB\n"
            "-- Host: localhost    Database: d\n-- Server version\t8.0.36\n"
            "/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */;\n"
            "-- CHANGE MASTER TO MASTER_LOG_FILE='b.000003', MASTER_LOG_POS=157;\n"
            "SET GLOBAL gtid_slave_pos='0-1-2';\nCHANGE MASTER TO MASTER_USE_GTID=slave_pos;\n"
            "CREATE DATABASE d;\nUSE d;\nCREATE TABLE `t` (\n  `a` int NOT NULL /*M!100301 INVISIBLE */,\n"
            "  PRIMARY KEY (`a`)\n) ENGINE=InnoDB;\nINSERT INTO `t` VALUES\n(1),\n(2);\n"
            "/*M!100616 SET NOTE_VERBOSITY=@OLD_NOTE_VERBOSITY */;\n-- Dump completed on 2026-01-01\n");
  const BackupFacts facts = requireBackup(scratch / "d", {9, 7, 4});
  CHECK(facts.coordinates->position->text() == "b.000003:157");
  CHECK_FALSE(facts.coordinates->usesGtid);
  const FileRestoreReport report =
      restoreFile({.backup = facts, .target = target.rootOptions(), .expendable = true});
  CHECK(report.coordinates->position->text() == "b.000003:157");
  CHECK(target.root().number("SELECT SUM(a) FROM d.t") == 3);
}
