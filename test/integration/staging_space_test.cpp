// A disk that gets full while staging is made: the mount is a file system that shrinks at a step of the work.

#include "base/text.h"
#include "process/proc.h"
#include "server/mount.h"
#include "staging_support.h"
#include "support/backup_servers.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

constexpr uint64_t megabyte = 1 << 20;

// More than the room that the disks below leave.
void addBulk(const StagingBed& bed) {
  Session source = bed.source.root();
  source.execute("CREATE TABLE shop.bulk (id INT PRIMARY KEY, filler LONGBLOB)");
  for (int i = 0; i < 10; ++i)
    source.execute("INSERT INTO shop.bulk VALUES (" + std::to_string(i) +
                   ", REPEAT('bulk', 2 * 1024 * 1024))");
}

struct Full {
  std::string step;  // of the journal, at which the disk shrinks
  uint64_t left;
  std::vector<std::string> flags;
};

void endsFull(const StagingBed& bed, const SmallDisk& disk, const std::string& command, const Full& full) {
  const Finished finished = bed.run(command, full.flags,
                                    {{"LD_PRELOAD", killAtStepLibrary()},
                                     {"KILL_AT_STEP_LOG", bed.file("steps").string()},
                                     {"KILL_AT_STEP_NAME", full.step},
                                     {"KILL_AT_STEP_RUN", disk.toLeave(full.left)}});
  INFO(finished.out << finished.err);
  CHECK(finished.exitCode == 28);
  CHECK(finished.out.empty());
  const Json error = Json::parse(lastLines(trim(finished.err), 1))["error"];
  CHECK_THAT(error["message"].get<std::string>(),
             Catch::Contains("full") || Catch::Contains("No space left"));
  CHECK_THAT(error["remedy"].get<std::string>(), Catch::Contains("space"));
}

std::string coldCopy(StagingBed& bed) {
  const std::string cold = bed.file("cold");
  bed.source.stop();
  runChecked({.argv = {"cp", "-a", bed.source.dataDir().string(), cold}}, ExitCode::internal, "cp failed");
  bed.source.start();
  return cold;
}

}  // namespace

TEST_CASE("init on a disk that gets full ends with 28, and leaves no file and no process") {
  StagingBed bed;
  addBulk(bed);
  const std::string cold = coldCopy(bed);
  const SmallDisk disk(bed);
  const std::vector<Full> cases = {{"initialise", 4 * megabyte, {"--method", "copy"}},
                                   {"clone", 190 * megabyte, {"--method", "clone"}},
                                   {"restore", 90 * megabyte, {"--method", "file", "--backup", cold}}};
  for (const Full& each : cases) {
    INFO("full at '" << each.step << "'");
    endsFull(bed, disk, "init", each);
    CHECK(isEmptyDirectory(bed.mount()));
    CHECK(processesUsing(bed.mount()).empty());
    disk.leave(1400 * megabyte);
  }
  bed.expect(0, "init", {"--method", "copy"});
  bed.endStaging();
}

TEST_CASE("an almost empty source fits on a disk that just passes the preflight, and on no smaller one") {
  const StagingBed bed;
  const SmallDisk disk(bed);
  const auto method = GENERATE(as<std::string>(), "copy", "clone");
  INFO(method);
  const uint64_t enough = (method == "clone" ? 510 : 315) * 1'000'000ULL;
  disk.leave(enough - 20'000'000);
  bed.expect(20, "init", {"--method", method});
  CHECK(isEmptyDirectory(bed.mount()));
  disk.leave(enough);
  bed.expect(0, "init", {"--method", method});
  bed.endStaging();
}

TEST_CASE("a resync on a disk that gets full ends with 28, and staging goes on as it was") {
  StagingBed bed({.options = {"gtid-mode=ON", "enforce-gtid-consistency=ON", "plugin-load-add=mysql_clone.so",
                              "event-scheduler=OFF"}});
  addBulk(bed);
  const std::string cold = coldCopy(bed), dumped = bed.file("dump.sql");
  dump(bed.source, dumped);
  const SmallDisk disk(bed);
  bed.expect(0, "init", {"--method", "clone"});
  mark(bed.staging());
  bed.catchUp();
  const StagingNow before(bed);
  REQUIRE(before.replication == "running");
  const std::vector<Full> building = {{"clone", 90 * megabyte, {"--method", "clone"}},
                                      {"copy", 90 * megabyte, {"--method", "copy"}},
                                      {"dump", 2 * megabyte, {"--method", "dump"}},
                                      {"restore", 90 * megabyte, {"--method", "file", "--backup", dumped}},
                                      {"restore", 90 * megabyte, {"--method", "file", "--backup", cold}}};
  for (const Full& each : building) {
    INFO(join(each.flags, " "));
    endsFull(bed, disk, "resync", each);
    const StagingNow after(bed);
    checkSame(before, after);
    CHECK(after.pid == before.pid);
    nothingBeside(bed);
    disk.leave(1000 * megabyte);
  }
  // With the new data in place nothing can be noted.
  endsFull(bed, disk, "resync", {"settle", 0, {"--method", "copy"}});
  checkSame(before, StagingNow(bed));
  nothingBeside(bed);
  disk.leave(1000 * megabyte);
  bed.source.root().execute("INSERT INTO shop.audit (what) VALUES ('later')");
  bed.catchUp();
  bed.expect(0, "resync", {"--method", "copy"});
  CHECK_FALSE(isMarked(bed.staging()));
  bed.endStaging();
}
