#include "base/error.h"
#include "base/json_full.h"
#include "command/parameters.h"
#include "server/dirty_pages.h"
#include "staging/cut_off.h"
#include "staging/facts.h"
#include "staging/lifecycle.h"
#include "staging/mount_use.h"
#include "staging/preflight.h"
#include "staging/replication_commands.h"
#include "staging/request.h"
#include "staging/snapshot.h"
#include "support/catch.h"
#include "support/scratch.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

Parameters enough() {
  Parameters parameters("dlpx-mysql-stage init");
  parameters.set("mount", "/mnt/staging")
      .set("basedir", "/usr")
      .set("port", "3310")
      .set("timeout", "1m")
      .set("staging-user", "dlpx_admin")
      .set("source-host", "localhost")
      .set("source-port", "3306")
      .set("source-user", "reader")
      .setSecret("source-password", Secret("s"))
      .setSecret("staging-password", Secret("a"));
  return parameters;
}

bool follows(const std::string& staging, const std::string& source) {
  return canFollow(Version::parse(staging), Version::parse(source));
}

}  // namespace

TEST_CASE("the source account replicates where no other is named, and localhost means TCP") {
  const StagingRequest request = stagingRequest(enough(), true);
  CHECK(request.source.endpoint.host == "127.0.0.1");
  CHECK(request.replicationUser == "reader");
  CHECK(request.replicationPassword.reveal() == "s");
  CHECK(request.bindAddress == "127.0.0.1");
  CHECK(request.serverId == derivedServerId("/mnt/staging", 3310));
  CHECK(request.logSync);
}

TEST_CASE("ALL means every database, a list means exactly these") {
  CHECK(stagingRequest(enough().set("databases", "ALL"), true).databases.empty());
  CHECK(stagingRequest(enough().setList("databases", {"a", "b"}), true).databases ==
        std::vector<std::string>{"a", "b"});
}

TEST_CASE("type manual needs no source") {
  Parameters parameters("dlpx-mysql-stage init");
  parameters.set("mount", "/mnt/staging")
      .set("basedir", "/usr")
      .set("port", "3310")
      .set("timeout", "1m")
      .set("type", "manual")
      .set("staging-user", "dlpx_admin")
      .setSecret("staging-password", Secret("a"));
  CHECK(stagingRequest(parameters, true).type == StagingType::manual);
}

TEST_CASE("staging follows a source of its own series or of the one before") {
  CHECK(follows("9.7.4", "9.7.1"));
  CHECK(follows("8.0.36", "8.0.40"));
  CHECK(follows("8.0.36", "5.7.44"));
  CHECK(follows("8.4.2", "8.0.36"));
  CHECK(follows("9.7.4", "8.4.2"));
  CHECK_FALSE(follows("9.7.4", "8.0.36"));
  CHECK_FALSE(follows("8.0.36", "8.4.2"));
  CHECK_FALSE(follows("8.4.2", "5.7.44"));
  CHECK_FALSE(follows("5.7.44", "5.6.24"));
}

TEST_CASE("the first failed check is the error, and the table comes with it") {
  Preflight table;
  table.pass("a", "fine");
  table.warn("b", "hm", "look at it");
  CHECK_NOTHROW(table.throwIfFailed());
  table.fail("port", "port 1 is taken", "choose another");
  table.fail("space", "none", "make some");
  try {
    table.throwIfFailed();
    FAIL("failed checks passed");
  } catch (const ReportedError& e) {
    CHECK(e.code() == ExitCode::preflight);
    CHECK(std::string(e.what()) == "port: port 1 is taken (and 1 more failed checks)");
    CHECK(e.remedy() == "choose another");
    CHECK(e.report().json["failed"] == 2);
    CHECK(e.report().json["checks"].size() == 4);
  }
}

TEST_CASE("auto takes hot where every table is InnoDB's and the dictionary is atomic, else quiesce") {
  SnapshotFacts facts;
  facts.version = Version::parse("9.7.4");
  facts.memoryTables = {"shop.cache"};
  CHECK(chooseMode(SnapshotMode::automatic, facts).mode == SnapshotMode::hot);
  CHECK(chooseMode(SnapshotMode::stop, facts).mode == SnapshotMode::stop);
  facts.otherTables = {"shop.m (MyISAM)"};
  const ModeChoice choice = chooseMode(SnapshotMode::automatic, facts);
  CHECK(choice.mode == SnapshotMode::quiesce);
  CHECK(choice.reason.find("shop.m") != std::string::npos);
  CHECK_THROWS_AS(chooseMode(SnapshotMode::hot, facts), Error);
  facts.otherTables.clear();
  facts.version = Version::parse("5.7.44");
  CHECK(chooseMode(SnapshotMode::automatic, facts).mode == SnapshotMode::quiesce);
}

TEST_CASE("facts of a snapshot and of staging read back as they were written") {
  SnapshotFacts facts;
  facts.id = "ab";
  facts.version = Version::parse("9.7.4");
  facts.mode = "quiesce";
  facts.tables = {{"shop", 7}};
  facts.otherTables = {"shop.m (MyISAM)"};
  const SnapshotFacts read = SnapshotFacts::from(facts.json());
  CHECK(read.json() == facts.json());
  CHECK(read.exact());
  StagingFacts staging;
  staging.sourceHost = "db1";
  staging.databases = {"a"};
  CHECK(StagingFacts::from(staging.json()).json() == staging.json());
}

TEST_CASE("the checkpoint's age is read from InnoDB's status") {
  const Checkpoint point = parseCheckpoint(
      "---\nLOG\n---\nLog sequence number          5000\nLog buffer assigned up to    5000\n"
      "Last checkpoint at           1200\n");
  CHECK(point.current == 5000);
  CHECK(point.last == 1200);
  CHECK(point.age() == 3800);
}

TEST_CASE("statements of the cut-off hold no password, go online last, and are one a line") {
  const std::string statements =
      cutOffStatements({"o'dlpx", "caching_sha2_password", "AB01"}, Version::parse("9.7.4"));
  CHECK(statements.rfind("SET SESSION sql_log_bin = 0;\n", 0) == 0);
  CHECK(statements.find("RESET REPLICA ALL") < statements.find("CREATE USER"));
  CHECK(statements.find("AS 0xAB01") != std::string::npos);
  CHECK(statements.find("'o''dlpx'@'localhost'") != std::string::npos);
  const std::string last = "SET GLOBAL offline_mode = OFF;\n";
  CHECK(statements.compare(statements.size() - last.size(), last.size(), last) == 0);
}

TEST_CASE("a mount is empty, ours, a VDB's or foreign, and only ours is cleared") {
  const Scratch scratch;
  const Mount mount(scratch / "mount");
  CHECK(useOf(mount) == MountUse::missing);
  makeDirectory(mount.root());
  CHECK(useOf(mount) == MountUse::empty);
  makeDirectory(mount.root() / "lost+found");
  CHECK(useOf(mount) == MountUse::empty);
  writeFile(mount.root() / "theirs", "x");
  CHECK(useOf(mount) == MountUse::foreign);
  CHECK_THROWS_AS(requireStaging(mount), Error);

  fs::remove(mount.root() / "theirs");
  const Owner self = ownerOf(mount.root());
  { const FileLock lock = mount.lock("init", Deadline::in(Seconds(1))); }
  CHECK(useOf(mount) == MountUse::empty);
  Journal(mount.stateFile(), "init").step("create");
  mount.create(self);
  CHECK(useOf(mount) == MountUse::unfinished);
  mount.journal("init").finish();
  mergeFacts(mount.stateFile(), {{"staging", StagingFacts{}.json()}});
  CHECK(useOf(mount) == MountUse::staging);
  Journal(mount.stateFile(), "resync").step("clear");
  CHECK(useOf(mount) == MountUse::unfinished);

  writeFile(mount.data() / "ibdata1", "x");
  writeFile(mount.root() / "theirs", "x");
  clearMount(mount, true, Deadline::in(Seconds(1)));
  CHECK_FALSE(fs::exists(mount.data()));
  CHECK_FALSE(fs::exists(mount.control()));
  CHECK(fs::exists(mount.root() / "theirs"));
}

TEST_CASE("a lock that a command left in a foreign directory does not make its data ours to remove") {
  const Scratch scratch;
  const Mount mount(scratch / "mysql");
  makeDirectory(mount.data());
  writeFile(mount.data() / "ibdata1", "theirs");
  { const FileLock lock = mount.lock("start", Deadline::in(Seconds(1))); }
  CHECK(useOf(mount) == MountUse::foreign);
  StagingAccess access;
  access.mount = mount.root();
  CHECK_THROWS_AS(removeStaging(access), Error);
  CHECK_NOTHROW(stopStaging(access));
  CHECK(readFile(mount.data() / "ibdata1") == "theirs");
}

TEST_CASE("while a resync swaps its data in, the worker has nothing to do and others are told who holds it") {
  const Scratch scratch;
  const Mount mount(scratch / "mount");
  makeDirectory(mount.root());
  const FileLock lock = mount.lock("resync", Deadline::in(Seconds(1)));
  InstanceFacts instance;
  instance.role = "staging";
  mergeFacts(mount.stateFile(), {{"instance", instance.json()}, {"staging", StagingFacts{}.json()}});
  mount.journal("resync").step("swap");
  StagingAccess access;
  access.mount = mount.root();
  CHECK(work(access).json["state"] == "busy");
  try {
    requireStaging(mount);
    FAIL("it is at work");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::locked);
    CHECK(std::string(e.what()).find("'resync'") != std::string::npos);
  }
}
