#include "backup/file_restore.h"
#include "backup/inspect.h"
#include "base/text.h"
#include "support/backup_servers.h"
#include "support/catch.h"
#include "support/shop.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

using Words = std::vector<std::string>;

const Words gtidsOn{"gtid-mode=ON", "enforce-gtid-consistency=ON", "event-scheduler=OFF"};

// `plain` has names that need no quotes; `odd ``one` sorts before it and has what else dumps get wrong.
const char* const schema[] = {
    "CREATE DATABASE plain",
    "USE plain",
    "CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(20) NOT NULL, UNIQUE KEY (code))",
    "CREATE TABLE child (id INT PRIMARY KEY, code VARCHAR(20), v INT, KEY (v), FOREIGN KEY (code) REFERENCES "
    "parent (code))",
    "CREATE TABLE empty_one (id INT PRIMARY KEY)",
    "CREATE TABLE no_key (a INT, b VARCHAR(20) CHARACTER SET latin1, KEY (a))",
    "INSERT INTO parent (code) VALUES ('a'), ('b;'), ('c''\\\\')",
    "INSERT INTO child VALUES (1, 'a', 1), (2, NULL, 2), (3, 'c''\\\\', NULL)",
    "INSERT INTO no_key VALUES (1, 'é'), (1, 'é'), (NULL, NULL)",
    "CREATE VIEW both_of AS SELECT c.id, p.code FROM child c JOIN parent p USING (code)",
    "CREATE DATABASE `odd ``one` CHARACTER SET latin1",
    "USE `odd ``one`",
    "SET SESSION sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'",
    "CREATE TABLE `a.b` (`i d` INT PRIMARY KEY, b LONGBLOB, bits BIT(9), j JSON, g GEOMETRY, "
    "d DATETIME, f DOUBLE, c INT GENERATED ALWAYS AS (`i d` * 2) VIRTUAL, s VARCHAR(40) CHARACTER SET "
    "utf8mb4 "
    "GENERATED ALWAYS AS (CONCAT(`i d`, '; é'')')) STORED, hidden INT DEFAULT 3 INVISIBLE, KEY (c), KEY (s))",
    "INSERT INTO `a.b` (`i d`, b, bits, j, g, d, f) VALUES (0, x'00275c0a0d1a2260ff3b', b'101010101', '[1, "
    "\"\\u00e9\"]', ST_GeomFromText('POINT(1 2)'), '0000-00-00 00:00:00', 0.1), (1, '', b'0', NULL, NULL, "
    "'2024-02-31 00:00:00', -1e300), (2, NULL, NULL, 'null', NULL, NULL, NULL)",
    "CREATE TABLE my (id INT, t TEXT, FULLTEXT KEY (t)) ENGINE=MyISAM",
    "INSERT INTO my VALUES (1, 'quick'), (1, 'quick')",
    "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
    "CREATE TABLE \"modes\" (id INT PRIMARY KEY, t VARCHAR(20) DEFAULT 'a\\', u VARCHAR(60) GENERATED ALWAYS "
    "AS (t || '!') STORED)",
    "INSERT INTO modes (id, t) VALUES (1, '\\'), (2, 'it''s')",
    "CREATE PROCEDURE \"p p\"(OUT x TEXT) SQL SECURITY INVOKER COMMENT 'it''s' BEGIN SELECT t || '\\' INTO "
    "x FROM \"modes\" LIMIT 1; END",
    "CREATE TRIGGER tr BEFORE UPDATE ON modes FOR EACH ROW SET NEW.t = OLD.t || '\\'",
    "SET SESSION sql_mode = DEFAULT",
    "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' DISABLE DO DELETE FROM modes",
    "CREATE VIEW `v;1` AS SELECT c.id, m.t FROM plain.child c JOIN modes m USING (id)",
};

struct DumpFlavour {
  Words arguments;
  Words databases;  // that are compared
  std::string kind = "mysqldump";
  std::string coordinates{};    // "gtid", "position", "both", "" for none
  bool databasesThere = false;  // when the restore begins
  size_t notes = 0;
};

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

const Words both{"plain", "odd `one"};
const Words only{"plain"};
const Words programs{"--routines", "--events", "--triggers"};
const Words wanted = with({"--databases", "plain", "odd `one"}, programs);
const Words noGtids{"--set-gtid-purged=OFF"};

const std::vector<DumpFlavour>& flavours() {
  static const std::vector<DumpFlavour> all{
      {with(wanted, {"--set-gtid-purged=ON"}), both, "mysqldump", "gtid"},
      {with(wanted, {"--set-gtid-purged=COMMENTED"}), both, "mysqldump", "gtid"},
      {with(wanted, noGtids), both},
      {with(wanted, {"--source-data=1", "--single-transaction"}), both, "mysqldump", "both"},
      {with(wanted, {"--source-data=2", "--set-gtid-purged=OFF"}), both, "mysqldump", "position"},
      {with(wanted, with(noGtids, {"--no-create-db"})), both, "mysqldump", "", true},
      {with({"--databases", "plain", "--no-create-db"}, noGtids), only, "mysqldump", "", false, 1},
      {with(wanted, with(noGtids, {"--skip-extended-insert"})), both},
      {with(wanted, with(noGtids, {"--complete-insert"})), both},
      {with(wanted, with(noGtids, {"--hex-blob"})), both},
      {with(wanted, with(noGtids, {"--insert-ignore"})), both},
      {with(wanted, with(noGtids, {"--insert-ignore", "--skip-extended-insert"})), both},
      {with(wanted, with(noGtids, {"--replace"})), both},
      {with(wanted, with(noGtids, {"--order-by-primary"})), both},
      {with(wanted, with(noGtids, {"--add-drop-database", "--add-drop-trigger"})), both},
      {with(wanted, with(noGtids, {"--skip-add-drop-table", "--skip-add-locks", "--skip-disable-keys"})),
       both},
      {with(wanted, with(noGtids, {"--no-autocommit", "--net-buffer-length=4096"})), both},
      {with(wanted, with(noGtids, {"--skip-tz-utc", "--skip-set-charset"})), both},
      {with(wanted, with(noGtids, {"--default-character-set=utf8mb3"})), both},
      {with(wanted, with(noGtids, {"--default-character-set=latin1"})), both},
      {with(wanted, with(noGtids, {"--column-statistics", "--no-tablespaces", "--flush-logs"})), both},
      {with(wanted, with(noGtids, {"--skip-dump-date", "--skip-quick", "--tz-utc"})), both},
      {with(wanted, with(noGtids, {"--skip-comments"})), both, "sql-script"},
      {with(wanted, with(noGtids, {"--compact"})), both, "sql-script", "", false, 1},
      {with({"--databases", "plain", "--skip-quote-names"}, noGtids), only},
      {with({"--databases", "plain", "--skip-quote-names", "--compact", "--complete-insert"}, noGtids), only,
       "sql-script", "", false, 1},
      {with({"--databases", "plain", "--skip-opt"}, noGtids), only},
      {with({"plain"}, noGtids), only, "mysqldump", "", false, 1},
      {with({"--all-databases"}, programs), both, "mysqldump", "gtid"},
      {with({"--all-databases", "--source-data=2"}, programs), both, "mysqldump", "both"},
  };
  return all;
}

void clear(Session& server) {
  for (const std::string& name : both) server.execute("DROP DATABASE IF EXISTS !", name);
}

void checkFlavour(const DumpFlavour& flavour, MysqlServer& source, MysqlServer& target,
                  const fs::path& file) {
  INFO("mysqldump " << join(flavour.arguments, " "));
  dump(source, file, flavour.arguments);
  const bool script = flavour.kind == "sql-script";
  const BackupFacts facts = requireBackup(file, {9, 7, 4}, script);
  CHECK(text(facts.kind) == flavour.kind);
  CHECK(facts.completeness == (script ? Completeness::unknown : Completeness::complete));
  for (const std::string& name : flavour.databases)
    CHECK(std::count(facts.databases.begin(), facts.databases.end(), name) == 1);
  CHECK((facts.coordinates && facts.coordinates->usesGtid) ==
        (flavour.coordinates == "gtid" || flavour.coordinates == "both"));
  CHECK((facts.coordinates && facts.coordinates->position) ==
        (flavour.coordinates == "position" || flavour.coordinates == "both"));
  Session copy = target.root();
  clear(copy);
  if (flavour.databasesThere) {
    copy.execute("CREATE DATABASE plain");
    copy.execute("CREATE DATABASE `odd ``one` CHARACTER SET latin1");
  }
  const FileRestoreReport report =
      restoreFile({.backup = facts, .target = target.rootOptions(), .expendable = true});
  INFO("notes: " << join(report.notes, "\n"));
  CHECK(report.notes.size() == flavour.notes);
  CHECK(report.coordinates.has_value() == !flavour.coordinates.empty());
  Session root = source.root();
  const auto found = differences(root, copy, flavour.databases);
  INFO(join(found, "\n"));
  CHECK(found.empty());
}

}  // namespace

TEST_CASE("every flavour of mysqldump is understood and restored equal to its source") {
  MysqlServer source({"9.7", gtidsOn});
  MysqlServer target({"9.7", gtidsOn});
  Session root = source.root();
  for (const char* const statement : schema) root.execute(std::string_view(statement));
  const Scratch scratch;
  for (const DumpFlavour& flavour : flavours()) checkFlavour(flavour, source, target, scratch / "dump.sql");
}

TEST_CASE("definitions in one dump and rows in another one make the whole") {
  MysqlServer source({"9.7", gtidsOn});
  MysqlServer target({"9.7", gtidsOn});
  Session root = source.root();
  for (const char* const statement : schema) root.execute(std::string_view(statement));
  const Scratch scratch;
  dump(source, scratch / "tables", with(wanted, {"--no-data", "--set-gtid-purged=OFF"}));
  dump(source, scratch / "rows",
       {"--databases", "plain", "odd `one", "--no-create-info", "--no-create-db", "--skip-triggers",
        "--set-gtid-purged=OFF"});
  for (const std::string name : {"tables", "rows"})
    restoreFile({.backup = requireBackup(scratch / name, {9, 7, 4}),
                 .target = target.rootOptions(),
                 .expendable = true});
  Session copy = target.root();
  const auto found = differences(root, copy, both);
  INFO(join(found, "\n"));
  CHECK(found.empty());
}
