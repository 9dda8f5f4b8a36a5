#include <random>

#include "backup/accounts_in_statement.h"
#include "backup/generated_columns.h"
#include "backup/program_rows.h"
#include "backup/qualified_names.h"
#include "backup/sql_splitter.h"
#include "backup/sql_statement.h"
#include "backup/tablespaces.h"
#include "support/catch.h"

using namespace dlpx;

namespace {

struct Found {
  std::vector<std::string> texts;  // comments with a leading "c:"
  std::vector<uint64_t> lines;
  bool terminated = true;
  bool operator==(const Found&) const = default;
};

Found splitAt(std::string_view script, const std::vector<size_t>& cuts) {
  SqlSplitter splitter;
  Found found;
  const auto drain = [&] {
    while (const auto piece = splitter.next()) {
      found.texts.push_back((piece->kind == SqlPiece::Kind::comment ? "c:" : "") + piece->text);
      found.lines.push_back(piece->line);
      found.terminated = found.terminated && piece->terminated;
    }
  };
  size_t from = 0;
  for (const size_t cut : cuts) {
    splitter.feed(script.substr(from, cut - from));
    drain();
    from = cut;
  }
  splitter.feed(script.substr(from));
  drain();
  splitter.finish();
  drain();
  return found;
}

std::vector<std::string> statements(std::string_view script) {
  return splitAt(script, {}).texts;
}

using Texts = std::vector<std::string>;

const std::string everything =
    "-- MySQL dump 10.13\n--\n/*!40101 SET NAMES utf8mb4 */;\n# hash ; comment\n"
    "/* plain ; comment\n over lines */ SET @a = 'x;y';\n"
    "INSERT INTO `t;``x` VALUES (1,'it''s;','a\\';b',\"d\"\"q;\\\"\",0x3B,'\\\\');\n"
    "INSERT INTO t VALUES ('line\nbreak;'); SELECT 1-- not a comment;\n-- x\n;SELECT 2 /* in ; side */ + 3;\n"
    "/*!50003 CREATE TRIGGER x /* nested ; */ BEGIN a; b; END */;\n"
    "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 PROCEDURE p() BEGIN SELECT ';;'; "
    "-- don't\n"
    "SELECT 5 - -1; END */;;\nDELIMITER ;\n"
    "SET sql_mode = 'NO_BACKSLASH_ESCAPES';\nSELECT 'a\\';\nSET sql_mode = '';\nSELECT 'a\\';b';\n"
    "/*!50003 SET sql_mode = 'ANSI_QUOTES' */ ;\nSELECT \"a\\\", ';';\nset sql_mode=default;\n"
    "delimiter //\nSELECT 1; SELECT 2//\ndelimiter ;\n;;\nSELECT 'last'";

}  // namespace

TEST_CASE("a script is split where the mysql client splits it") {
  const Found found = splitAt(everything, {});
  const Texts expected{
      "c:-- MySQL dump 10.13",
      "c:--",
      "/*!40101 SET NAMES utf8mb4 */",
      "c:# hash ; comment",
      "c:/* plain ; comment\n over lines */",
      "SET @a = 'x;y'",
      "INSERT INTO `t;``x` VALUES (1,'it''s;','a\\';b',\"d\"\"q;\\\"\",0x3B,'\\\\')",
      "INSERT INTO t VALUES ('line\nbreak;')",
      "SELECT 1-- not a comment;\n-- x",
      "SELECT 2 /* in ; side */ + 3",
      "/*!50003 CREATE TRIGGER x /* nested ; */ BEGIN a; b; END */",
      "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 PROCEDURE p() BEGIN SELECT ';;'; -- don't\n"
      "SELECT 5 - -1; END */",
      "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
      "SELECT 'a\\'",
      "SET sql_mode = ''",
      "SELECT 'a\\';b'",
      "/*!50003 SET sql_mode = 'ANSI_QUOTES' */",
      "SELECT \"a\\\", ';'",
      "set sql_mode=default",
      "SELECT 1; SELECT 2",
      "SELECT 'last'",
  };
  CHECK(found.texts == expected);
  CHECK_FALSE(found.terminated);
  CHECK(found.lines[0] == 1);
  CHECK(found.lines[4] == 5);
  CHECK(found.lines[5] == 6);
  CHECK(found.lines[7] == 8);
}

TEST_CASE("wherever a script is cut into chunks, the statements and their lines are the same") {
  const Found whole = splitAt(everything, {});
  for (size_t cut = 0; cut <= everything.size(); ++cut) CHECK(splitAt(everything, {cut}) == whole);
  std::vector<size_t> each;
  for (size_t i = 1; i < everything.size(); ++i) each.push_back(i);
  CHECK(splitAt(everything, each) == whole);
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<size_t> cuts;
    for (size_t at = random() % 9; at < everything.size(); at += 1 + random() % 23) cuts.push_back(at);
    CHECK(splitAt(everything, cuts) == whole);
  }
}

TEST_CASE(
    "scripts of random marks are split the same however they are cut, and never lose a byte of a statement") {
  const std::vector<std::string> marks{"'",
                                       "\"",
                                       "`",
                                       "\\",
                                       ";",
                                       "\n",
                                       "--",
                                       "-- ",
                                       "#",
                                       "/*",
                                       "*/",
                                       "/*!50003 ",
                                       "a",
                                       " ",
                                       "DELIMITER ;;\n",
                                       "\ndelimiter ;\n",
                                       "SET sql_mode='ANSI_QUOTES';",
                                       "SET NAMES gbk;",
                                       "\x81\x5c",
                                       "\xbf'",
                                       "//"};
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string script;
    for (size_t i = 0; i < 40; ++i) script += marks[random() % marks.size()];
    const Found whole = splitAt(script, {});
    std::vector<size_t> cuts;
    for (size_t at = random() % 5; at < script.size(); at += 1 + random() % 7) cuts.push_back(at);
    REQUIRE(splitAt(script, cuts) == whole);
    size_t from = 0;
    for (const std::string& text : whole.texts) {
      const std::string bare = text.starts_with("c:") ? text.substr(2) : text;
      const size_t at = script.find(bare, from);
      REQUIRE(at != std::string::npos);
      from = at + bare.size();
    }
  }
}

TEST_CASE("a backslash that is the second byte of a letter escapes nothing") {
  CHECK(statements("SET NAMES sjis; SELECT '\x83\x5c'; SELECT 2;") ==
        Texts{"SET NAMES sjis", "SELECT '\x83\x5c'", "SELECT 2"});
  CHECK(statements("SELECT '\x83\x5c'; SELECT 2;").size() == 1);
}

TEST_CASE("a statement that ends inside a string is not terminated") {
  for (const char* const script :
       {"INSERT INTO t VALUES ('a;", "SELECT 1", "SELECT /* x", "/* never", "/*!50001 a;"})
    CHECK_FALSE(splitAt(script, {}).terminated);
  CHECK(splitAt("SELECT 1;\n-- the end", {}).terminated);
}

TEST_CASE("a statement of many megabytes is handed out whole") {
  std::string script = "SELECT 1;\nINSERT INTO t VALUES ('";
  for (int i = 0; i < 40; ++i) script += std::string(100'000, 'x') + "\\';";
  const std::string insert = script.substr(10) + "')";
  script += "');SELECT 3;";
  std::vector<size_t> cuts;
  for (size_t at = 0; at < script.size(); at += 65536) cuts.push_back(at);
  CHECK(splitAt(script, cuts).texts == Texts{"SELECT 1", insert, "SELECT 3"});
}

TEST_CASE("SET statements are read as assignments, and others are not") {
  const auto two = parseSet("/*!40014 SET @OLD_X=@@UNIQUE_CHECKS, UNIQUE_CHECKS=IF(1,0,2) */");
  REQUIRE(two);
  REQUIRE(two->size() == 2);
  CHECK((*two)[0].scope == SqlAssignment::Scope::user);
  CHECK((*two)[0].name == "old_x");
  CHECK((*two)[1].name == "unique_checks");
  CHECK((*two)[1].value == "IF(1,0,2)");
  CHECK(parseSet("SET GLOBAL x = 1")->at(0).scope == SqlAssignment::Scope::global);
  CHECK(parseSet("SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'a:1'")->at(0).name == "gtid_purged");
  CHECK(parseSet("SET @@SESSION.SQL_LOG_BIN= 0")->at(0).name == "sql_log_bin");
  CHECK(parseSet("SET NAMES utf8mb4 COLLATE x")->at(0).name == "names");
  CHECK_FALSE(parseSet("SET PASSWORD FOR a = 'x'"));
  CHECK_FALSE(parseSet("SET ROLE ALL"));
  CHECK_FALSE(parseSet("SELECT 1"));
}

TEST_CASE("MariaDB's first line is no statement and joins none") {
  CHECK(statements("/*!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\nSET @a = 1;\n") ==
        Texts{"c:/*!999999\\- enable the sandbox mode */", "c:-- MariaDB dump 10.19", "SET @a = 1"});
}

TEST_CASE("a string's value follows the modes and letters it was written with") {
  const auto text = [](std::string_view string, SqlReading reading) {
    return SqlLexer(string, reading).next().text();
  };
  CHECK(text(R"('a\nb''c')", {}) == "a\nb'c");
  CHECK(text(R"('a\nb''c')", {.backslashEscapes = false}) == "a\\nb'c");
  CHECK(text("'\x95\x5c\x6e'", {.doubleByte = SqlReading::DoubleByte::sjis}) == "\x95\x5c\x6e");
}

TEST_CASE("the accounts that a statement is about are told from its other words") {
  const auto names = [](std::string_view statement) {
    std::string result;
    for (const AccountName& each : accountsIn(statement).names) result += each.quoted() + " ";
    return result;
  };
  CHECK(names("CREATE USER IF NOT EXISTS 'rooty'@'LocalHost' IDENTIFIED BY 'root', x IDENTIFIED BY 'y@z'") ==
        "'rooty'@'localhost' 'x'@'%' ");
  CHECK(names("DROP USER root@10.0.0.1, `a b`@`%`") == "'root'@'10.0.0.1' 'a b'@'%' ");
  CHECK(names("SET PASSWORD FOR 'root'@'localhost' = 'x'") == "'root'@'localhost' ");
  CHECK(names("REVOKE ALL ON `root`.* FROM 'a'@'b'") == "'ALL'@'%' 'a'@'b' ");
  CHECK_FALSE(accountsIn("GRANT SELECT ON *.* TO a@b").current);
  CHECK(accountsIn("ALTER USER CURRENT_USER() IDENTIFIED BY 'x'").current);
  CHECK(accountsIn("ALTER USER USER() IDENTIFIED BY 'x'").current);
  CHECK(accountsIn("SET PASSWORD = 'x'").current);
}

TEST_CASE("statements about accounts, databases and programs are told apart") {
  using Kind = SqlStatement::Kind;
  CHECK(classify("SET PASSWORD FOR a = 'x'").kind == Kind::account);
  CHECK(classify("RENAME USER a TO b").kind == Kind::account);
  CHECK(classify("RENAME TABLE a TO b").kind == Kind::other);
  CHECK(classify("/*!40000 DROP DATABASE IF EXISTS `x`*/").kind == Kind::dropDatabase);
  CHECK(classify("/*!40000 DROP DATABASE IF EXISTS `x`*/").database == "x");
  CHECK(classify("CREATE DEFINER=`a`@`b` PROCEDURE `d`.`p`() SELECT 1").database == "d");
  CHECK(classify("DROP FUNCTION IF EXISTS `f`").needsDatabase());
}

TEST_CASE("the general tablespace that a table needs is read from its options alone") {
  CHECK(tablespaceOf("CREATE TABLE t (a INT COMMENT ') TABLESPACE x') /*!50100 TABLESPACE `gen``eral` */ "
                     "ENGINE=InnoDB") == "gen`eral");
  CHECK(tablespaceOf("CREATE TABLE t (`TABLESPACE` INT) tablespace = ts ENGINE=InnoDB") == "ts");
  CHECK(tablespaceOf("CREATE TABLE t (a INT) /*!50100 TABLESPACE `innodb_system` */") == "");
  CHECK(tablespaceOf("CREATE TABLE t (a INT) COMMENT='TABLESPACE ts'") == "");
  CHECK(fileNameOfTablespace("ts_1") == fileNameOfTablespace("ts_1"));
  CHECK(fileNameOfTablespace(std::string(64, '/')).find('/') == std::string::npos);
  CHECK(fileNameOfTablespace(std::string(256, 'x')).size() < 64);
  CHECK(fileNameOfTablespace("Ts 1") != fileNameOfTablespace("ts 1"));
}

TEST_CASE("values of generated columns in an INSERT become DEFAULT, and all else stays byte by byte") {
  const TableColumns columns = columnsOf(
      "CREATE TABLE `t` (\n  `a` int NOT NULL DEFAULT (1 + 2),\n  `G 1` int GENERATED ALWAYS AS ((`a` + 1)) "
      "VIRTUAL,\n"
      "  b varchar(9) DEFAULT 'x, AS',\n  `c` int AS (`a`) STORED COMMENT 'c',\n  PRIMARY KEY (`a`),\n"
      "  CONSTRAINT `as` CHECK ((`a` > 0)),\n  KEY `k` (`G 1`)\n) ENGINE=InnoDB COMMENT='AS (x)'");
  CHECK(columns.names == std::vector<std::string>{"a", "g 1", "b", "c"});
  CHECK(columns.generated == std::set<std::string>{"g 1", "c"});
  CHECK(withoutGenerated("INSERT INTO `t` VALUES\n(1,2,'),(;''\\'',NULL),\n(2, 3 ,_binary '\\0', f(1,2));",
                         columns) ==
        "INSERT INTO `t` VALUES\n(1,DEFAULT,'),(;''\\'',DEFAULT),\n(2,DEFAULT,_binary '\\0',DEFAULT);");
  CHECK(withoutGenerated("REPLACE INTO d.t (`b`, `C`) VALUES ('x',0xff)", columns) ==
        "REPLACE INTO d.t (`b`, `C`) VALUES ('x',DEFAULT)");
  CHECK_FALSE(withoutGenerated("INSERT INTO t (a, b) VALUES (1, 'x')", columns));
  CHECK_FALSE(withoutGenerated("INSERT INTO t VALUES (1, 2, 3, 4, 5)", columns));
  CHECK_FALSE(withoutGenerated("INSERT INTO t SELECT 1, 2, 3, 4", columns));
}

TEST_CASE("INSERT IGNORE and REPLACE are rows whose order counts") {
  using Kind = SqlStatement::Kind;
  for (const auto& [text, ordered] : {std::pair{"INSERT INTO t VALUES (1)", false},
                                      {"INSERT  IGNORE INTO t VALUES (1)", true},
                                      {"INSERT DELAYED INTO t VALUES (1)", false},
                                      {"INSERT DELAYED IGNORE INTO `d`.`t` (a) VALUES (1)", true},
                                      {"REPLACE INTO t VALUES (1)", true}}) {
    INFO(text);
    CHECK(classify(text).kind == Kind::rows);
    CHECK(classify(text).ordered == ordered);
  }
  CHECK(classify("REPLACE INTO t SELECT 1").kind == Kind::other);
}

TEST_CASE("what stands before a dot is found, in any quotes and not in strings") {
  CHECK(qualifiersIn("UPDATE `a b`.t JOIN c . u ON t.id = 'x.y' SET d.e.f = 1.5") ==
        std::set<std::string>{"a b", "c", "t", "d", "1"});
  CHECK(qualifiersIn("DELETE FROM \"q\".t", {.ansiQuotes = true}) == std::set<std::string>{"q"});
}

TEST_CASE("an event's stored number is written as its interval again") {
  CHECK(eventInterval(5, "DAY") == "5");
  CHECK(eventInterval(6, "QUARTER") == "2");
  CHECK(eventInterval(14, "WEEK") == "2");
  CHECK(eventInterval(18, "YEAR_MONTH") == "'1-6'");
  CHECK(eventInterval(90, "HOUR_MINUTE") == "'1:30'");
  CHECK(eventInterval(3661, "HOUR_SECOND") == "'1:01:01'");
  CHECK(eventInterval(183845, "DAY_SECOND") == "'2 03:04:05'");
  CHECK(eventInterval(1501, "DAY_MINUTE") == "'1 01:01'");
}
