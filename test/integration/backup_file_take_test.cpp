#include "backup/compare.h"
#include "backup/file_restore.h"
#include "backup/inspect.h"
#include "backup/take.h"
#include "base/error.h"
#include "base/json_full.h"
#include "base/sha256.h"
#include "base/text.h"
#include "staging_support.h"
#include "support/backup_servers.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

const std::vector<std::string> gtidsOn{"gtid-mode=ON", "enforce-gtid-consistency=ON", "event-scheduler=OFF"};

void changeStaging(Session& staging, const std::string& statement) {
  staging.execute("SET GLOBAL super_read_only = OFF");
  staging.execute("SET SESSION sql_log_bin = 0");
  staging.execute(std::string_view(statement));
  staging.execute("SET GLOBAL super_read_only = ON");
}

}  // namespace

TEST_CASE(
    "a backup that was taken under load is complete, of one moment, and restores equal with its accounts") {
  MysqlServer source({"9.7", gtidsOn});
  MysqlServer target({"9.7", gtidsOn});
  Session root = source.root();
  createShop(root);
  std::vector<std::string> databases = createOddSchema(root);
  root.execute("CREATE USER `o'dd`@`10.%` IDENTIFIED BY 'it''s'");
  root.execute("GRANT SELECT, INSERT (id) ON shop.orders TO `o'dd`@`10.%`");
  const ConnectionOptions account = createAccount(source, dumpPrivileges);
  const Scratch scratch;
  TakeReport report;
  {
    WriteLoad load(source.rootOptions());
    Session reader = Session::connect(account);
    report = takeBackup({.source = account,
                         .databases = chosenDatabases(reader, {}),
                         .installation = testInstallation(),
                         .output = scratch.path()});
    load.stop();
  }
  const BackupFacts facts = requireBackup(report.file, {9, 7, 4});
  CHECK(facts.compression == "zstd");
  CHECK(facts.coordinates->gtids == report.coordinates.gtids);
  CHECK(facts.coordinates->position == report.coordinates.position);
  const Json manifest = readJson(report.manifest);
  CHECK(manifest["sha256"] == sha256OfFile(report.file));
  CHECK(manifest["bytes"] == fs::file_size(report.file));
  CHECK((fs::status(report.file).permissions() & fs::perms::others_all) == fs::perms::none);

  const auto restored = restoreFile({.backup = facts, .target = target.rootOptions(), .expendable = true});
  INFO(join(restored.notes, "\n"));
  CHECK(restored.notes.empty());
  CHECK(report.notes.size() == 1);  // the invalid view
  Session copy = target.root();
  CHECK(tallyProblem(copy) == "");
  replicateToNow(source, target, *restored.coordinates);
  databases.push_back("shop");
  const auto found = differences(root, copy, databases);
  INFO(join(found, "\n"));
  CHECK(found.size() == 1);  // the invalid view
  CHECK(copy.number("SELECT COUNT(*) FROM mysql.columns_priv WHERE User = 'o''dd'") == 1);
}

TEST_CASE("a backup that fails leaves no file, and one that is there is never overwritten") {
  MysqlServer source;
  Session root = source.root();
  createShop(root);
  const Scratch scratch;
  writeFile(scratch / "kept", "mine");
  const TakeRequest request{.source = source.rootOptions(),
                            .databases = {"shop"},
                            .installation = testInstallation(),
                            .output = scratch / "kept"};
  CHECK_THROWS_AS(takeBackup(request), Error);
  CHECK(readFile(scratch / "kept") == "mine");
  TakeRequest wrong = request;
  wrong.output = scratch / "new.sql.zst";
  wrong.databases = {"shop", "not_there"};
  CHECK_THROWS_AS(takeBackup(wrong), Error);
  CHECK(std::distance(fs::directory_iterator(scratch.path()), {}) == 1);
}

TEST_CASE("verify compares staging with a source that is written to, and names each table that differs") {
  StagingBed bed({.options = {"gtid-mode=ON", "enforce-gtid-consistency=ON", "plugin-load-add=mysql_clone.so",
                              "event-scheduler=OFF"}});
  Session source = bed.source.root();
  createOddSchema(source);
  bed.expect(0, "init");
  {
    WriteLoad load(bed.source.rootOptions());
    const Finished equal = bed.backup("verify");
    INFO(equal.err);
    REQUIRE(equal.exitCode == 0);
    const Json result = Json::parse(equal.out);
    CHECK(result["equal"] == true);
    CHECK(result["tables"] >= 17);
    CHECK(bed.expect(0, "replication status")["state"] == "running");
    load.stop();
  }
  bed.catchUp();
  Session staging = bed.staging();
  changeStaging(staging, "UPDATE shop.customers SET name = CONCAT(name, 'x') WHERE id = 3");
  changeStaging(staging, "DELETE FROM odd.`a.b` LIMIT 1");
  changeStaging(staging, "ALTER TABLE odd.parts COMMENT = 'other'");
  changeStaging(staging, "CREATE TABLE odd.extra (id INT PRIMARY KEY)");
  const Finished differs = bed.backup("verify");
  CHECK(differs.exitCode == 27);
  for (const std::string name : {"shop.customers", "odd.a.b", "odd.parts", "odd.extra"})
    CHECK_THAT(differs.err, Catch::Contains(name));
  CHECK_THAT(differs.err, !Catch::Contains("shop.orders"));
  CHECK(bed.expect(0, "replication status")["state"] == "running");
}

TEST_CASE("verify works at binary log positions, too") {
  StagingBed bed({.options = {"gtid-mode=OFF", "enforce-gtid-consistency=OFF", "event-scheduler=OFF"}});
  bed.expect(0, "init", {"--method", "dump"});
  WriteLoad load(bed.source.rootOptions());
  const Finished equal = bed.backup("verify", {"--databases", "shop"});
  load.stop();
  INFO(equal.err);
  CHECK(equal.exitCode == 0);
  CHECK(bed.expect(0, "replication status")["state"] == "running");
}

TEST_CASE("restore refuses a server that holds databases, and restores into an empty one") {
  MysqlServer source({"9.7", gtidsOn});
  MysqlServer target({"9.7", gtidsOn});
  Session root = source.root();
  createShop(root);
  const Scratch scratch;
  const TakeReport taken = takeBackup({.source = source.rootOptions(),
                                       .databases = {"shop"},
                                       .installation = testInstallation(),
                                       .output = scratch / "b"});
  target.root().execute("CREATE USER boss@'%' IDENTIFIED BY 'x'");
  target.root().execute("GRANT ALL ON *.* TO boss@'%' WITH GRANT OPTION");
  writeFile(scratch / "pw", "x", {0600, std::nullopt});
  const Command command{.argv = {binDir() + "/dlpx-mysql-backup", "restore", taken.file.string(), "--port",
                                 std::to_string(target.port()), "--user", "boss", "--password-file",
                                 (scratch / "pw").string()}};
  const Finished first = run(command);
  INFO(first.err);
  CHECK(first.exitCode == 0);
  CHECK(target.root().number("SELECT COUNT(*) FROM shop.orders") ==
        root.number("SELECT COUNT(*) FROM shop.orders"));
  const Finished second = run(command);
  CHECK(second.exitCode == 6);
  CHECK_THAT(second.err, Catch::Contains("shop"));
}
