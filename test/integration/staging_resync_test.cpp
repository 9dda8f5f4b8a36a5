#include <thread>

#include "base/journal.h"
#include "base/text.h"
#include "process/proc.h"
#include "replication/channel.h"
#include "server/instance.h"
#include "staging_support.h"
#include "support/backup_servers.h"
#include "support/catch.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

struct StagingNow {
  pid_t pid = 0;
  std::string uuid, gtids, orders, replication;
  bool marked = false;

  explicit StagingNow(const StagingBed& bed) {
    pid = Instance::require(Mount(bed.mount())).process().value().pid;
    Session session = bed.staging();
    uuid = session.variable("server_uuid");
    gtids = session.variable("gtid_executed");
    orders = session.query(std::string_view("CHECKSUM TABLE shop.orders")).front().text("Checksum");
    replication = text(Channel(session).status().state);
    marked = isMarked(bed.staging());
  }
};

void checkSame(const StagingNow& before, const StagingNow& after) {
  CHECK(after.uuid == before.uuid);
  CHECK(after.gtids == before.gtids);
  CHECK(after.orders == before.orders);
  CHECK(after.replication == before.replication);
  CHECK(after.marked == before.marked);
}

void nothingBeside(const StagingBed& bed) {
  CHECK_FALSE(fs::exists(Mount(bed.mount()).next().root()));
  CHECK_FALSE(fs::exists(Mount(bed.mount()).previous().root()));
  CHECK(processesUsing(bed.mount()).size() == 1);
}

}  // namespace

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
                                  {{"LD_PRELOAD", DLPX_TEST_KILL_AT_STEP},
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
