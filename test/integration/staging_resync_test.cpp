#include <ctime>
#include <thread>

#include "base/journal.h"
#include "base/text.h"
#include "server/mount.h"
#include "staging_support.h"
#include "support/backup_servers.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace dlpx;
using namespace dlpx::test;

TEST_CASE("a resync that fails leaves staging's data, server and replication as they were") {
  StagingBed bed;
  bed.source.root().execute("ALTER EVENT shop.tidy_audit DISABLE");  // its GTIDs would come in between
  bed.expect(0, "init");
  mark(bed.staging());
  bed.catchUp();
  const StagingNow before(bed);
  REQUIRE(before.replication == "running");

  const fs::path backup = bed.file("backup");
  dump(bed.source, backup);
  const std::string good = readFile(backup);
  writeFile(backup, replaceAll(good, "-- Dump completed", "THIS IS NO SQL;\n-- Dump completed"));
  CHECK(bed.expect(6, "resync", {"--backup", backup.string()})["message"].get<std::string>().find(
            "THIS IS NO SQL") != std::string::npos);
  const StagingNow untouched(bed);
  checkSame(before, untouched);
  CHECK(untouched.pid == before.pid);
  nothingBeside(bed);

  // The new server starts on its socket, and then not on an address that is not this host's.
  bed.expect(3, "resync", {"--bind-address", "203.0.113.77"});
  checkSame(before, StagingNow(bed));
  nothingBeside(bed);
  const Finished killed = bed.run("resync", {},
                                  {{"LD_PRELOAD", killAtStepLibrary()},
                                   {"KILL_AT_STEP_LOG", bed.file("steps").string()},
                                   {"KILL_AT_STEP_NAME", "publish"}});
  REQUIRE(killed.exitCode == 128 + 9);
  bed.expect(0, "init");
  checkSame(before, StagingNow(bed));
  bed.source.root().execute("INSERT INTO shop.audit (what) VALUES ('later')");
  bed.catchUp();

  writeFile(backup, good);
  const Json report = bed.expect(0, "resync", {"--backup", backup.string()});
  CHECK(report["staging"]["method"] == "file");
  CHECK(report["replication"]["state"] == "running");
  CHECK_FALSE(isMarked(bed.staging()));
  bed.catchUp();
  Session source = bed.source.root(), staging = bed.staging();
  CHECK(realDifferences(source, staging).empty());
  CHECK(staging.variable("super_read_only") == "ON");
  CHECK(staging.variable("skip_networking") == "OFF");
  nothingBeside(bed);
}

// Rows come in all the while: before, in and after the snapshot that a method takes, and during the swap.
TEST_CASE("a resync by each method, of staging that replicates, is equal to a source that is written to") {
  StagingBed bed({.options = {"gtid-mode=ON", "enforce-gtid-consistency=ON", "plugin-load-add=mysql_clone.so",
                              "event-scheduler=OFF"}});
  const std::string dumped = bed.file("dump.sql"), cold = bed.file("cold");
  dump(bed.source, dumped);
  bed.source.stop();
  runChecked({.argv = {"cp", "-a", bed.source.dataDir().string(), cold}}, ExitCode::internal, "cp failed");
  bed.source.start();
  bed.expect(0, "init", {"--method", "clone"});
  const std::vector<std::vector<std::string>> ways = {{"--method", "clone"},
                                                      {"--method", "copy"},
                                                      {"--method", "dump"},
                                                      {"--method", "file", "--backup", dumped},
                                                      {"--method", "file", "--backup", cold}};
  for (const auto& way : ways) {
    INFO(join(way, " "));
    mark(bed.staging());
    const std::string uuid = StagingNow(bed).uuid;
    WriteLoad load(bed.source.rootOptions(), 1, Milliseconds(20));
    const Json report = bed.expect(0, "resync", way);
    load.stop();
    CHECK(load.transactions() > 0);
    CHECK(report["staging"]["method"] == way[1]);
    const StagingNow after(bed);
    CHECK(after.uuid != uuid);
    CHECK_FALSE(after.marked);
    bed.catchUp();
    Session staging = bed.staging();
    CHECK(tallyProblem(staging) == "");
    CHECK(staging.number("SELECT COUNT(*) FROM shop.entries") ==
          bed.source.root().number("SELECT COUNT(*) FROM shop.entries"));
    const Finished equal = bed.backup("verify");
    INFO(equal.out << equal.err);
    CHECK(equal.exitCode == 0);
    CHECK(StagingNow(bed).replication == "running");
    CHECK(staging.variable("super_read_only") == "ON");
    nothingBeside(bed);
  }
}

TEST_CASE("a resync replaces no data between pre-snapshot and post-snapshot, unless nobody waits for it") {
  StagingBed bed;
  bed.expect(0, "init");
  const Mount mount(bed.mount());
  const auto message = [](const Json& error) {
    return error["message"].get<std::string>() + error["remedy"].get<std::string>();
  };
  for (const std::string mode : {"hot", "quiesce", "stop"}) {
    INFO(mode);
    bed.expect(0, "pre-snapshot", {"--snapshot-mode", mode});
    const std::string state = readFile(mount.stateFile());
    CHECK(message(bed.expect(21, "resync")).find("post-snapshot --mount " + mount.root().string()) !=
          std::string::npos);
    bed.expect(21, "resync", {"--dry-run"});
    CHECK(readFile(mount.stateFile()) == state);
    CHECK_FALSE(fs::exists(mount.next().root()));
    bed.expect(0, "post-snapshot");
  }

  mark(bed.staging());
  Finished waited;
  std::thread resync([&] { waited = bed.run("resync"); });
  const auto built = [&](const fs::path& state) {
    return fs::exists(state) && Journal::unfinished(state).operation.empty();
  };
  CHECK(waitUntil(Deadline::in(Seconds(120)), [&] { return fs::exists(mount.next().stateFile()); }));
  const Finished pre = bed.run("pre-snapshot");
  CHECK(waitUntil(Deadline::in(Seconds(120)), [&] { return built(mount.next().stateFile()); }));
  CHECK_FALSE(waitUntil(Deadline::in(Seconds(2)),
                        [&] { return !Journal::unfinished(mount.stateFile()).operation.empty(); }));
  const bool marked = isMarked(bed.staging());
  const Finished post = bed.run("post-snapshot");
  resync.join();
  INFO(pre.err << post.err << waited.err);
  CHECK(pre.exitCode == 0);
  CHECK(post.exitCode == 0);
  REQUIRE(waited.exitCode == 0);
  CHECK(marked);
  CHECK_FALSE(isMarked(bed.staging()));

  bed.expect(0, "pre-snapshot");
  mark(bed.staging());
  bed.expect(0, "pre-snapshot", {"--resync"});  // whoever began the first is gone
  CHECK_FALSE(isMarked(bed.staging()));
  bed.expect(21, "resync");
  mergeFacts(mount.stateFile(), {{"openSnapshot", {{"mode", "hot"}, {"since", std::time(nullptr) - 1000}}}});
  bed.expect(0, "resync");
  CHECK_FALSE(readFacts(mount.stateFile()).contains("openSnapshot"));
  CHECK(StagingNow(bed).replication == "running");
}

TEST_CASE("an account that is created while rows are dumped comes by replication") {
  StagingBed bed;
  bed.source.root().execute(
      "CREATE TABLE shop.bulk (id INT PRIMARY KEY, filler VARCHAR(2000), KEY (filler(500))) AS WITH "
      "RECURSIVE n "
      "(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT ROW_NUMBER() OVER () AS id, "
      "REPEAT(m.i, 400) AS filler FROM n AS m, (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 "
      "UNION ALL SELECT 4) AS f");
  const fs::path state = Mount(bed.mount()).stateFile();
  const auto step = [&] { return fs::exists(state) ? Journal::unfinished(state).step : std::string(); };
  bool during = false;
  std::thread creator([&] {
    const auto rowsCome = [&] {
      try {
        return step() == "dump" && bed.staging().number(
                                       "SELECT COUNT(*) FROM information_schema.tables WHERE "
                                       "table_schema = 'shop'") > 0;
      } catch (const Error&) {
        return false;
      }
    };
    waitUntil(Deadline::in(Seconds(60)), rowsCome);
    bed.source.root().execute("CREATE USER created_meanwhile@localhost");
    during = step() == "dump";
  });
  const Finished finished = bed.run("init", {"--method", "dump"});
  creator.join();
  INFO(finished.err);
  REQUIRE(finished.exitCode == 0);
  CHECK(during);
  bed.catchUp();
  CHECK(bed.staging().number("SELECT COUNT(*) FROM mysql.user WHERE user = 'created_meanwhile'") == 1);
}
