#include <fcntl.h>
#include <unistd.h>

#include "process/proc.h"
#include "support/catch.h"
#include "support/mysql_server.h"
#include "support/paths.h"
#include "support/vdb_parent.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

// The tool, killed at the n-th step that it journals. True when it got so far.
bool killedAt(const VdbUnderTest& vdb, const std::string& command, const std::vector<std::string>& arguments,
              unsigned step, const fs::path& log) {
  fs::remove(log);
  const ToolRun run = vdb.tool(command, arguments,
                               {{"LD_PRELOAD", killAtStepLibrary()},
                                {"KILL_AT_STEP_LOG", log.string()},
                                {"KILL_AT_STEP_INDEX", std::to_string(step)}});
  if (run.exitCode == 137) return true;
  INFO(run.err);
  REQUIRE(run.exitCode == 0);
  return false;
}

}  // namespace

TEST_CASE("a vdb can be provisioned again, stopped, started, disabled, enabled and removed") {
  const VdbParent parent;
  VdbUnderTest vdb(parent.clone("vdb"));
  REQUIRE(vdb.provision().exitCode == 0);
  const std::string uuid = vdb.connect().variable("server_uuid");

  CHECK(vdb.provision().result["report"]["result"] == "already runs");
  const uint16_t port = vdb.port();
  vdb.setPort(freePort());
  const ToolRun other = vdb.provision();
  CHECK(other.exitCode == 2);
  CHECK(other.message().find("holds a VDB with port") != std::string::npos);
  vdb.setPort(port);
  CHECK(vdb.tool("start").exitCode == 0);
  CHECK(vdb.tool("stop").exitCode == 0);
  CHECK(vdb.tool("stop").exitCode == 0);
  CHECK(vdb.tool("status").result["state"] == "stopped");
  {
    const UniqueFd held = openFile(vdb.mount().optionFile(), O_RDONLY);
    const ToolRun busy = vdb.tool("disable", {"--timeout", "1s"});
    CHECK(busy.exitCode == 29);
    CHECK(busy.message().find("integration-tests (pid " + std::to_string(getpid()) + ")") !=
          std::string::npos);
  }
  CHECK(vdb.provision().result["report"]["result"] == "is provisioned");
  CHECK(vdb.connect().variable("server_uuid") == uuid);
  CHECK(vdb.tool("disable").exitCode == 0);
  CHECK(processesUsing(vdb.mount().root()).empty());
  CHECK(vdb.tool("enable", {"--setting", "max_connections=77"}).exitCode == 0);
  CHECK(vdb.connect(true).variable("server_uuid") == uuid);
  CHECK(vdb.connect(true).variable("max_connections") == "77");
  CHECK(vdb.tool("remove").exitCode == 0);
  CHECK(isEmptyDirectory(vdb.mount().root()));
  CHECK_FALSE(vdb.hasProcess());
  CHECK(vdb.tool("remove").exitCode == 0);
}

TEST_CASE("a snapshot of a vdb becomes another vdb, and rewinds the vdb itself") {
  const VdbParent parent;
  parent.root().execute("CREATE DATABASE shop");
  VdbUnderTest first(parent.clone("first"));
  REQUIRE(first.provision().exitCode == 0);
  first.connect().execute("CREATE TABLE shop.t (id INT PRIMARY KEY)");
  const ToolRun prepared = first.tool("pre-snapshot", {"--snapshot-mode", "stop"});
  INFO(prepared.err);
  REQUIRE(prepared.exitCode == 0);
  CHECK_FALSE(first.hasProcess());
  const fs::path snapshot = parent.directory() / "snapshot", copy = parent.directory() / "second";
  fs::copy(first.mount().root(), snapshot, fs::copy_options::recursive);
  fs::copy(snapshot, copy, fs::copy_options::recursive);
  const ToolRun taken = first.tool("post-snapshot");
  CHECK(taken.result["snapshotId"] == prepared.result["snapshot"]["id"]);
  CHECK(first.tool("status", {"--active-only"}).result == "ACTIVE");
  const std::string uuid = first.connect().variable("server_uuid");

  VdbUnderTest second(copy);
  CHECK(second.tool("start").exitCode == 24);
  const ToolRun made = second.provision();
  INFO(made.err);
  REQUIRE(made.exitCode == 0);
  CHECK(second.connect(true).number("SELECT COUNT(*) FROM shop.t") == 0);
  CHECK(second.connect(true).variable("server_uuid") != uuid);

  first.connect().execute("DROP TABLE shop.t");
  REQUIRE(first.tool("disable").exitCode == 0);
  fs::remove_all(first.mount().root());
  fs::rename(snapshot, first.mount().root());
  const ToolRun rewound = first.tool("enable");
  INFO(rewound.err);
  REQUIRE(rewound.exitCode == 0);
  CHECK(first.connect(true).number("SELECT COUNT(*) FROM shop.t") == 0);
  CHECK(first.connect(true).variable("server_uuid") == uuid);
}

TEST_CASE("a snapshot of a stopped vdb becomes another vdb with its tables") {
  const VdbParent parent;
  parent.root().execute("CREATE DATABASE shop");
  VdbUnderTest first(parent.clone("first"));
  REQUIRE(first.provision().exitCode == 0);
  first.connect().execute("CREATE TABLE shop.t (id INT PRIMARY KEY)");
  REQUIRE(first.tool("stop").exitCode == 0);
  REQUIRE(first.tool("pre-snapshot").exitCode == 0);
  const fs::path copy = parent.directory() / "second";
  fs::copy(first.mount().root(), copy, fs::copy_options::recursive);
  REQUIRE(first.tool("post-snapshot").exitCode == 0);
  CHECK_FALSE(first.hasProcess());

  VdbUnderTest second(copy);
  const ToolRun made = second.provision();
  INFO(made.err);
  REQUIRE(made.exitCode == 0);
  CHECK(second.connect(true).number("SELECT COUNT(*) FROM shop.t") == 0);
}

TEST_CASE("an empty vdb is made on an empty mount, and on nothing else") {
  const Scratch scratch;
  fs::create_directory(scratch / "vdb");
  VdbUnderTest vdb(scratch / "vdb");
  writeFile(scratch / "vdb" / "data", "in the way");
  CHECK(vdb.tool("create-empty", vdb.building()).exitCode == 2);
  fs::remove(scratch / "vdb" / "data");
  const ToolRun made = vdb.tool("create-empty", vdb.building());
  INFO(made.err);
  REQUIRE(made.exitCode == 0);
  Session session = vdb.connect(true);
  CHECK(session.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'root' AND account_locked = 'N'") == 0);
  CHECK(vdb.tool("create-empty", vdb.building()).exitCode == 0);
}

TEST_CASE("provision and remove, killed at any step, are finished by the same command") {
  const VdbParent parent;
  parent.root().execute("CREATE DATABASE shop");
  const fs::path log = parent.directory() / "steps";
  unsigned step = 1;
  for (bool killed = true; killed; ++step) {
    VdbUnderTest vdb(parent.clone("vdb" + std::to_string(step)));
    killed = killedAt(vdb, "provision", vdb.building(), step, log);
    INFO("step " << step << ": " << readFileIfThere(log).value_or(""));
    // Once it is published it is proven, too.
    const bool published = readFileIfThere(log).value_or("").find("publish") != std::string::npos;
    if (killed && !published) CHECK(vdb.tool("status", {"--active-only"}).result == "INACTIVE");
    const ToolRun again = vdb.provision();
    INFO(again.err);
    REQUIRE(again.exitCode == 0);
    CHECK(vdb.connect(true).variable("offline_mode") == "OFF");
    CHECK(vdb.tool("status", {"--active-only"}).result == "ACTIVE");
    const bool removeKilled = killedAt(vdb, "remove", {}, step, log);
    CHECK((removeKilled || step > 2));
    CHECK(vdb.tool("remove").exitCode == 0);
    CHECK(isEmptyDirectory(vdb.mount().root()));
    CHECK_FALSE(vdb.hasProcess());
  }
  CHECK(step > 6);
}
