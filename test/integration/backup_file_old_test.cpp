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
  for (const std::string table : {"a", "b"}) text += dumpTable(server, "old", table);
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
  CHECK_THAT(notes, Catch::Contains("mysql.proc") && Catch::Contains("(old.p)"));
  CHECK_THAT(notes, Catch::Contains("mysql.event") && Catch::Contains("(old.e)"));
  CHECK(copy.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'sha'") == 1);
  std::string grants;
  for (const Row& row : copy.query("SHOW GRANTS FOR sha@localhost")) grants += row[0].value_or("") + "\n";
  CHECK_THAT(grants, Catch::Contains("REPLICATION CLIENT ON *.*"));
  CHECK_THAT(grants, Catch::Contains("SELECT, CREATE TEMPORARY TABLES ON `o\\_d`.*") &&
                         Catch::Contains("WITH GRANT OPTION"));
  CHECK_THAT(grants, Catch::Contains("INSERT, UPDATE (`v`) ON `old`.`a`"));
  CHECK(copy.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'root' AND Host = 'localhost'") == 1);
}
