#include "base/text.h"
#include "process/proc.h"
#include "server/instance.h"
#include "staging_support.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

// Runs the command and kills it at the journal's step number `step` (from 1). False when it has fewer steps.
bool killedAt(const StagingBed& bed, const std::string& command, const std::vector<std::string>& flags,
              int step) {
  const fs::path log = bed.file("steps-" + std::to_string(step));
  const Finished finished = bed.run(command, flags,
                                    {{"LD_PRELOAD", killAtStepLibrary()},
                                     {"KILL_AT_STEP_LOG", log.string()},
                                     {"KILL_AT_STEP_INDEX", std::to_string(step)}});
  INFO(readFileIfThere(log).value_or("") << finished.err);
  if (finished.exitCode == 0) return false;
  CHECK(finished.exitCode == 128 + 9);
  return true;
}

void nothingLeft(const StagingBed& bed) {
  CHECK_FALSE(listenerOf(bed.port()).has_value());
  CHECK(processesUsing(bed.mount()).empty());
}

void survivesKills(const std::string& method, int fewest) {
  StagingBed bed;
  const std::vector<std::string> flags = {"--method", method};
  int step = 1;
  for (; killedAt(bed, "init", flags, step); ++step) {
    INFO("step " << step);
    const Json report = bed.expect(0, "init", flags);
    CHECK(report["replication"]["state"] == "running");
    bed.expect(0, "remove");
    nothingLeft(bed);
    CHECK(isEmptyDirectory(bed.mount()));
  }
  CHECK(step > fewest);
}

}  // namespace

TEST_CASE("init by clone, killed at any step of its journal, is finished by repeating it") {
  survivesKills("clone", 6);
}

TEST_CASE("init by copy, killed at any step of its journal, is finished by repeating it") {
  survivesKills("copy", 6);
}

TEST_CASE("init by dump, killed at any step of its journal, is finished by repeating it") {
  survivesKills("dump", 6);
}

TEST_CASE("init, killed at any step, leaves work that remove clears") {
  StagingBed bed;
  for (int step = 1; killedAt(bed, "init", {}, step); ++step) {
    INFO("step " << step);
    bed.expect(0, "remove");
    nothingLeft(bed);
    CHECK(isEmptyDirectory(bed.mount()));
  }
}

// Each run begins where the one before it was killed. What comes before the swap is what init does.
TEST_CASE("a resync killed at any step leaves the data that was there or is undone by the next command") {
  StagingBed bed;
  const std::vector<std::string> manual{"--type", "manual"}, resync{"--type", "manual", "--resync"};
  bed.expect(0, "init", manual);
  mark(bed.staging());
  const Mount mount(bed.mount());
  int step = 1;
  int swapping = 0, moved = 0;
  for (; killedAt(bed, "pre-snapshot", resync, step); ++step) {
    INFO("step " << step);
    if (!Journal::unfinished(mount.stateFile()).operation.empty()) {
      ++swapping;
      moved += fs::exists(mount.previous().data()) ? 1 : 0;
      if (moved != 1) continue;
      CHECK(bed.expect(2, "pre-snapshot")["message"].get<std::string>().find("resync") != std::string::npos);
      bed.expect(0, "init", manual);
    }
    CHECK(isMarked(bed.staging()));
  }
  CHECK(step > swapping + 3);
  CHECK(swapping > 4);
  CHECK(moved > 3);
  CHECK_FALSE(isMarked(bed.staging()));
  bed.expect(0, "post-snapshot");
  CHECK_FALSE(fs::exists(mount.next().root()));
  CHECK_FALSE(fs::exists(mount.previous().root()));
  bed.expect(0, "remove");
  nothingLeft(bed);
  CHECK(isEmptyDirectory(bed.mount()));
}

// One row more at the source each time: the old server must go on to replicate it.
TEST_CASE("a resync of staging that replicates, killed while it builds or swaps, leaves it replicating") {
  StagingBed bed;
  bed.source.root().execute("CREATE TABLE shop.seen (id INT AUTO_INCREMENT PRIMARY KEY)");
  bed.expect(0, "init", {"--method", "clone"});
  mark(bed.staging());
  const Mount mount(bed.mount());
  const auto server = [&] { return Instance::require(mount).process().value().pid; };
  const auto replicates = [&] {
    bed.source.root().execute("INSERT INTO shop.seen VALUES ()");
    bed.catchUp();
    CHECK(isMarked(bed.staging()));
    CHECK(bed.staging().number("SELECT COUNT(*) FROM shop.seen") ==
          bed.source.root().number("SELECT COUNT(*) FROM shop.seen"));
  };
  const auto kill = [&](const std::string& step) {
    INFO("killed at '" << step << "'");
    const Finished killed = bed.run("resync", {"--method", "copy"},
                                    {{"LD_PRELOAD", killAtStepLibrary()},
                                     {"KILL_AT_STEP_LOG", bed.file("steps").string()},
                                     {"KILL_AT_STEP_NAME", step}});
    REQUIRE(killed.exitCode == 128 + 9);
  };
  for (const std::string step : {"copy", "put settings back", "replicate"}) {
    const pid_t before = server();
    kill(step);
    CHECK(server() == before);
    bed.expect(0, "start");
    CHECK(server() == before);
    replicates();
  }
  for (const std::string step : {"swap", "start the new data", "publish"}) {
    kill(step);
    CHECK(Journal::unfinished(mount.stateFile()).step == step);
    CHECK(bed.expect(0, "start")["replication"]["state"] == "running");
    CHECK(Journal::unfinished(mount.stateFile()).operation.empty());
    replicates();
  }
  kill("settle");
  const Json report = bed.expect(0, "resync", {"--method", "dump"});
  CHECK(report["replication"]["state"] == "running");
  CHECK_FALSE(isMarked(bed.staging()));
  bed.catchUp();
  CHECK(bed.backup("verify").exitCode == 0);
  CHECK_FALSE(fs::exists(mount.next().root()));
  CHECK_FALSE(fs::exists(mount.previous().root()));
  CHECK(processesUsing(bed.mount()).size() == 1);
}

TEST_CASE("remove, killed at any step, is finished by repeating it") {
  StagingBed bed;
  bed.expect(0, "init");
  int step = 1;
  for (; killedAt(bed, "remove", {}, step); ++step) {
    bed.expect(0, "remove");
    nothingLeft(bed);
    CHECK(isEmptyDirectory(bed.mount()));
    bed.expect(0, "init");
  }
  CHECK(step > 1);
}
