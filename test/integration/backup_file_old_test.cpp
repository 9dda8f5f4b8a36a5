#include <map>

#include "backup/file_restore.h"
#include "backup/inspect.h"
#include "base/text.h"
#include "support/backup_servers.h"
#include "support/catch.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

// What the mysqldump of 5.6 writes of a table, for want of that program: the server's own text and rows.
std::string dumpTable(Session& server, const std::string& database, const std::string& table) {
  server.execute("USE !", database);
  const std::string name = quoteIdentifier(table);
  std::string text = "DROP TABLE IF EXISTS " + name +
                     ";\n/*!40101 SET @saved_cs_client     = @@character_set_client */;\n"
                     "/*!40101 SET character_set_client = utf8 */;\n" +
                     server.query(std::string_view("SHOW CREATE TABLE " + name)).at(0).text("Create Table") +
                     ";\n/*!40101 SET character_set_client = @saved_cs_client */;\nLOCK TABLES " + name +
                     " WRITE;\n/*!40000 ALTER TABLE " + name + " DISABLE KEYS */;\n";
  for (const Row& row : server.query(std::string_view("SELECT * FROM " + name))) {
    std::vector<std::string> values;
    for (size_t i = 0; i < row.size(); ++i) values.push_back(row[i] ? quoteString(*row[i]) : "NULL");
    text += "INSERT INTO " + name + " VALUES (" + join(values, ",") + ");\n";
  }
  return text + "/*!40000 ALTER TABLE " + name + " ENABLE KEYS */;\nUNLOCK TABLES;\n";
}

std::string oldDump(Session& server) {
  std::string text =
      "-- MySQL dump 10.13  Distrib 5.6.24, for linux-glibc2.5 (x86_64)\n--\n-- Host: localhost    Database: "
      "\n"
      "-- ------------------------------------------------------\n-- Server version\t5.6.24-log\n\n"
      "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n/*!40101 SET NAMES utf8 */;\n"
      "/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;\n/*!40103 SET TIME_ZONE='+00:00' */;\n"
      "/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;\n"
      "/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;\n"
      "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n\n"
      "-- CHANGE MASTER TO MASTER_LOG_FILE='b.000001', MASTER_LOG_POS=4711;\n\n"
      "--\n-- Current Database: `mysql`\n--\n\nCREATE DATABASE /*!32312 IF NOT EXISTS*/ `mysql` /*!40100 "
      "DEFAULT CHARACTER "
      "SET latin1 */;\n\nUSE `mysql`;\n\n";
  for (const std::string table :
       {"columns_priv", "db", "event", "proc", "procs_priv", "servers", "tables_priv", "user"})
    text += dumpTable(server, "mysql", table);
  text +=
      "--\n-- Current Database: `old`\n--\n\nCREATE DATABASE /*!32312 IF NOT EXISTS*/ `old`;\n\nUSE "
      "`old`;\n\n";
  for (const Row& row :
       server.query("SELECT TABLE_NAME AS t FROM information_schema.TABLES WHERE TABLE_SCHEMA = "
                    "'old' AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1"))
    text += dumpTable(server, "old", row.text("t"));
  return text + "/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;\n\n-- Dump completed on 2015-05-05  5:05:05\n";
}

}  // namespace

TEST_CASE(
    "a dump of MySQL 5.6 with its mysql schema is restored into 9.7: tables, accounts that 9.7 can have, and "
    "notes") {
  MysqlServer source({"5.6", {}});
  MysqlServer target;
  Session root = source.root();
  for (const char* const statement :
       {"CREATE DATABASE old", "USE old", "SET sql_mode = ''",
        "CREATE TABLE a (id INT(11) NOT NULL AUTO_INCREMENT, d DATETIME NOT NULL DEFAULT '0000-00-00 "
        "00:00:00', "
        "v VARCHAR(20) CHARACTER SET latin1, ts TIMESTAMP, PRIMARY KEY (id), KEY v (v), KEY d (d)) "
        "ENGINE=InnoDB",
        "CREATE TABLE b (id INT, t TEXT, KEY (id)) ENGINE=MyISAM",
        "INSERT INTO a (d, v) VALUES ('0000-00-00 00:00:00', 'é'), ('2015-01-01 00:00:00', NULL)",
        "INSERT INTO b VALUES (1, 'x'), (NULL, NULL)", "CREATE PROCEDURE p() SELECT 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", "CREATE USER nat@'%' IDENTIFIED BY 'secret'",
        "CREATE USER sha@localhost IDENTIFIED WITH sha256_password",
        "GRANT SELECT, CREATE TEMPORARY TABLES ON `o\\_d`.* TO sha@localhost WITH GRANT OPTION",
        "GRANT REPLICATION CLIENT ON *.* TO sha@localhost",
        "GRANT UPDATE (v), INSERT ON old.a TO sha@localhost"})
    root.execute(std::string_view(statement));
  const Scratch scratch;
  writeFile(scratch / "d", oldDump(root));
  const BackupFacts facts = requireBackup(scratch / "d", {9, 7, 4});
  CHECK(facts.serverVersion->text() == "5.6.24");
  const FileRestoreReport report =
      restoreFile({.backup = facts, .target = target.rootOptions(), .expendable = true});
  const std::string notes = join(report.notes, "\n");
  INFO(notes);
  CHECK(report.coordinates->position->text() == "b.000001:4711");
  Session copy = target.root();
  CHECK(copy.value("SELECT GROUP_CONCAT(CONCAT_WS('/', id, d, v) ORDER BY id) FROM old.a") ==
        root.value("SELECT GROUP_CONCAT(CONCAT_WS('/', id, d, v) ORDER BY id) FROM old.a"));
  CHECK(copy.number("SELECT COUNT(*) FROM old.b") == 2);
  CHECK(copy.number("SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'old' AND "
                    "TABLE_NAME = 'a'") == 3);
  // The plugin of old passwords is gone; whoever has it is told, without the hash.
  CHECK_THAT(notes, Catch::Contains("'nat'@'%'"));
  CHECK_THAT(notes, !Catch::Contains("*14E65567"));
  CHECK_THAT(notes, !Catch::Contains("mysql.proc") && !Catch::Contains("mysql.event"));
  CHECK(copy.number("SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'old'") == 1);
  CHECK(copy.number("SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'old'") == 1);
  CHECK(copy.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'sha'") == 1);
  std::string grants;
  for (const Row& row : copy.query("SHOW GRANTS FOR sha@localhost")) grants += row[0].value_or("") + "\n";
  CHECK_THAT(grants, Catch::Contains("REPLICATION CLIENT ON *.*"));
  CHECK_THAT(grants, Catch::Contains("SELECT, CREATE TEMPORARY TABLES ON `o\\_d`.*") &&
                         Catch::Contains("WITH GRANT OPTION"));
  CHECK_THAT(grants, Catch::Contains("INSERT, UPDATE (`v`) ON `old`.`a`"));
  CHECK(copy.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'root' AND Host = 'localhost'") == 1);
}

TEST_CASE("routines and events that a dump of 5.6 holds as rows only are created as they were") {
  MysqlServer source({"5.6", {}});
  MysqlServer target;
  Session root = source.root();
  for (const char* const statement :
       {"CREATE DATABASE old",
        "CREATE DATABASE unwanted",
        "USE old",
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "INSERT INTO t VALUES (1)",
        "SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,NO_AUTO_CREATE_USER'",
        "CREATE DEFINER=\"no'body\"@\"%\" PROCEDURE \"p `1\"(IN \"a b\" INT, OUT x VARCHAR(30)) MODIFIES SQL "
        "DATA SQL "
        "SECURITY INVOKER COMMENT 'it''s \\' BEGIN SELECT 'a\\' || id INTO x FROM \"t\"; END",
        "SET sql_mode = ''",
        "CREATE FUNCTION f(x ENUM('a','\xc3\xa9')) RETURNS VARCHAR(20) CHARSET latin1 DETERMINISTIC NO SQL "
        "RETURN "
        "CONCAT(x, '\xc3\xa9 \\'')",
        "CREATE PROCEDURE same() SELECT 1",
        "CREATE FUNCTION same() RETURNS INT RETURN 2",
        "SET NAMES latin1",
        "CREATE FUNCTION l() RETURNS INT RETURN LENGTH('\xe9')",
        "SET NAMES utf8",
        "CREATE PROCEDURE unwanted.p() SELECT 1",
        "SET time_zone = '+02:00'",
        "CREATE EVENT weekly ON SCHEDULE EVERY 2 WEEK STARTS '2037-01-01 01:00:00' ENDS '2037-12-01 "
        "01:00:00' ON "
        "COMPLETION PRESERVE DISABLE COMMENT 'it''s \\\\' DO INSERT INTO t VALUES ('\xc3\xa9')",
        "CREATE EVENT e1 ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2037-01-01 00:00:00' DO SELECT 1",
        "CREATE EVENT e2 ON SCHEDULE EVERY 2 QUARTER STARTS '2037-01-01 00:00:00' DO SELECT 1",
        "CREATE EVENT e3 ON SCHEDULE EVERY '1-6' YEAR_MONTH STARTS '2037-01-01 00:00:00' DO SELECT 1",
        "CREATE EVENT e4 ON SCHEDULE EVERY '2 3:04:05' DAY_SECOND STARTS '2037-01-01 00:00:00' DO SELECT 1",
        "CREATE EVENT once ON SCHEDULE AT '2037-03-04 05:06:07' DISABLE ON SLAVE DO SELECT 1",
        "CREATE VIEW v AS SELECT l() AS one FROM t"})
    root.execute(std::string_view(statement));
  const Scratch scratch;
  std::string text = oldDump(root);
  const size_t end = text.rfind("/*!40101 SET SQL_MODE");
  text.insert(end, "CREATE VIEW `v` AS SELECT `l`() AS `one` FROM `t`;\n");
  writeFile(scratch / "d", text);
  Session copy = target.root();
  const auto sources = [](Session& server, const std::string& what) {
    server.execute("USE mysql");
    const Row row = server.query(std::string_view("SHOW CREATE " + what)).at(0);
    std::string all;
    for (const std::string& column : row.columns())
      if (column != "sql_mode") all += column + "=" + replaceAll(row.text(column), "utf8mb3", "utf8") + "\n";
    all = replaceAll(replaceAll(all, "ON REPLICA", "ON SLAVE"), "charset", "CHARSET");
    return replaceAll(replaceAll(all, " COLLATE utf8_general_ci", ""), "int(11)", "int");
  };
  for (const std::vector<std::string>& wanted :
       {std::vector<std::string>{"old"}, std::vector<std::string>{}}) {
    INFO(wanted.size() << " databases wanted");
    const FileRestoreReport report = restoreFile({.backup = requireBackup(scratch / "d", {9, 7, 4}),
                                                  .target = target.rootOptions(),
                                                  .databases = wanted,
                                                  .expendable = true});
    const std::string notes = join(report.notes, "\n");
    INFO(notes);
    CHECK_THAT(notes, !Catch::Contains("mysql.proc") && !Catch::Contains("mysql.event") &&
                          !Catch::Contains("time zone") && !Catch::Contains("view"));
    for (const char* const what : {"PROCEDURE `old`.`p ``1`", "FUNCTION old.f", "PROCEDURE old.same",
                                   "FUNCTION old.same", "FUNCTION old.l", "EVENT old.weekly", "EVENT old.e1",
                                   "EVENT old.e2", "EVENT old.e3", "EVENT old.e4", "EVENT old.once"})
      CHECK(sources(copy, what) == sources(root, what));
    CHECK(copy.number("SELECT one FROM old.v") == 1);
    CHECK(copy.value("SELECT old.f('a')") == root.value("SELECT old.f('a')"));
    copy.execute("CALL old.`p ``1`(1, @x)");
    CHECK(copy.value("SELECT @x") == "a\\1");
    CHECK(copy.value("SELECT SQL_MODE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'old' AND "
                     "ROUTINE_NAME = 'p `1'") == "PIPES_AS_CONCAT,ANSI_QUOTES,NO_BACKSLASH_ESCAPES");
    copy.execute("DROP DATABASE old");
  }
}
