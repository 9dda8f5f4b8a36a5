#include "base/text.h"
#include "staging_support.h"
#include "support/backup_servers.h"
#include "support/catch.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

const std::vector<std::string> gtidsOn{"gtid-mode=ON", "enforce-gtid-consistency=ON", "event-scheduler=OFF"};
const std::vector<std::string> gtidsOff{"gtid-mode=OFF", "enforce-gtid-consistency=OFF",
                                        "event-scheduler=OFF"};

// Writes at the source after the backup, and expects staging to have it.
void checkFollows(StagingBed& bed) {
  Session source = bed.source.root();
  source.execute("INSERT INTO shop.audit (what) VALUES ('after the backup')");
  source.execute("CREATE USER later@localhost");
  bed.catchUp();
  Session staging = bed.staging();
  const auto found = realDifferences(source, staging);
  INFO(join(found, "\n"));
  CHECK(found.empty());
  CHECK(staging.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'later'") == 1);
  CHECK(staging.variable("super_read_only") == "ON");
  CHECK(bed.expect(0, "replication status")["state"] == "running");
}

}  // namespace

TEST_CASE("init from a user's compressed mysqldump, taken while the source was written to, follows by GTID") {
  StagingBed bed({.options = gtidsOn});
  // One client: mysqldump's FLUSH TABLES WITH READ LOCK lets two that want one row wait for each other.
  WriteLoad load(bed.source.rootOptions(), 1);
  dump(bed.source, bed.file("plain"), plainDump);
  load.stop();
  runChecked({.argv = {"gzip", bed.file("plain").string()}}, ExitCode::internal, "gzip failed");
  fs::rename(bed.file("plain.gz"), bed.file("backup"));
  const Json result = bed.expect(0, "init", {"--method", "file", "--backup", bed.file("backup").string()});
  CHECK(result["staging"]["method"] == "file");
  checkFollows(bed);
  Session staging = bed.staging();
  CHECK(tallyProblem(staging) == "");
}

TEST_CASE("init from a mysqldump of a source without GTIDs follows by file and position") {
  StagingBed bed({.options = gtidsOff});
  dump(bed.source, bed.file("backup"), plainDump);
  bed.expect(0, "init", {"--backup", bed.file("backup").string()});
  checkFollows(bed);
}

TEST_CASE("init from a tar of a cold data directory follows, with GTIDs and without") {
  for (const auto& options : {gtidsOn, gtidsOff}) {
    INFO(options.front());
    StagingBed bed({.options = options});
    bed.source.stop();
    runChecked(
        {.argv = {"tar", "-C", bed.source.dataDir().string(), "-cf", bed.file("backup").string(), "."}},
        ExitCode::internal, "tar failed");
    bed.source.start();
    bed.source.root().execute("UPDATE shop.customers SET name = 'later' WHERE id = 1");
    bed.expect(0, "init", {"--method", "file", "--backup", bed.file("backup").string()});
    checkFollows(bed);
  }
}

TEST_CASE("a backup that is not complete, or holds no coordinates, is refused before staging is touched") {
  StagingBed bed({.options = gtidsOn});
  dump(bed.source, bed.file("backup"), {"--databases", "shop", "--set-gtid-purged=OFF"});
  const std::vector<std::string> flags{"--method", "file", "--backup", bed.file("backup").string()};
  CHECK_THAT(bed.run("init", flags).err, Catch::Contains("no coordinates"));
  CHECK(bed.run("init", flags).exitCode == 20);
  const std::string content = readFile(bed.file("backup"));
  writeFile(bed.file("backup"), content.substr(0, content.size() - 100));
  CHECK_THAT(bed.run("init", flags).err, Catch::Contains("not complete"));
  CHECK_FALSE(fs::exists(bed.mount() / "data"));
  writeFile(bed.file("backup"), content);
  bed.expect(0, "init", {"--no-log-sync", "--method", "file", "--backup", bed.file("backup").string()});
  Session staging = bed.staging();
  CHECK(staging.number("SELECT COUNT(*) FROM shop.orders") ==
        bed.source.root().number("SELECT COUNT(*) FROM shop.orders"));
}
