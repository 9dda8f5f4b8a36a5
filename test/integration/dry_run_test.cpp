// --dry-run of the tools that work on a mount; the engine's is in the unit tests.

#include <algorithm>
#include <map>

#include "base/text.h"
#include "process/proc.h"
#include "support/catch.h"
#include "support/tools.h"

using namespace dlpx;
using test::Shop;
using Words = std::vector<std::string>;

namespace {

// What tells a mount's state: who is there, all our files, and the server's process.
std::map<std::string, std::string> stateOf(const fs::path& mount) {
  std::map<std::string, std::string> state;
  if (!fs::exists(mount)) return state;
  for (const auto& entry : fs::directory_iterator(mount)) state[entry.path()] = "";
  if (fs::exists(mount / ".dlpx-mysql")) {
    for (const auto& entry : fs::directory_iterator(mount / ".dlpx-mysql"))
      state[entry.path()] = readFile(entry.path());
  }
  state["my.cnf"] = readFileIfThere(mount / "my.cnf").value_or("none");
  for (const ProcessFacts& process : processesUsing(mount)) state["pid " + std::to_string(process.pid)] = "";
  return state;
}

Words stepsOf(const Json& plan) {
  Words names;
  for (const Json& step : plan.at("steps")) names.push_back(step.at("step"));
  return names;
}

// The steps that a command with --verbose has journaled.
Words stepsTaken(const std::string& log, const std::string& operation) {
  Words names;
  for (const std::string& line : split(log, '\n')) {
    const size_t at = line.find(" debug: " + operation + ": ");
    if (at != std::string::npos) names.push_back(line.substr(at + operation.size() + 10));
  }
  return names;
}

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

TEST_CASE("a dry run of staging, vdb and backup commands tells the steps taken and changes nothing") {
  const Shop shop("");
  const fs::path staging = shop.host / "staging", clone = shop.host / "vdb";
  const Words stage = {"--config", shop.stagingConfig(), "--mount", staging};
  const auto plan = [&](const fs::path& mount, const Words& command) {
    INFO(join(command, " "));
    const auto before = stateOf(mount);
    const Words steps = stepsOf(shop.host.json(with(command, {"--dry-run"})));
    CHECK(stateOf(mount) == before);
    return steps;
  };
  const auto onStage = [&](const Words& command) {
    return plan(staging, with(with({"dlpx-mysql-stage"}, command), stage));
  };

  const Words init = onStage({"init"});
  CHECK_FALSE(fs::exists(staging));
  const Finished made = shop.host.tool(with({"dlpx-mysql-stage", "init", "--verbose"}, stage));
  INFO(made.err);
  REQUIRE(made.ok());
  CHECK(stepsTaken(made.err, "init") == init);
  CHECK(onStage({"init"}) == Words{"start replication"});
  CHECK(onStage({"start"}) == Words{"start replication"});
  CHECK(onStage({"pre-snapshot", "--snapshot-mode", "stop"}) ==
        Words{"write down", "stop", "describe", "sync"});
  CHECK(onStage({"post-snapshot"}).empty());
  CHECK(onStage({"replication", "stop"}) == Words{"stop replication"});
  CHECK(onStage({"replication", "start"}).empty());
  CHECK(onStage({"worker"}) == Words{"note"});
  const Words resync = onStage({"resync"});
  CHECK(resync.front() == "create");
  CHECK(Words(resync.end() - 5, resync.end()) ==
        Words{"stop the old data", "swap", "settle", "start the new data", "publish"});
  CHECK(onStage({"remove"}) == Words{"stop and clear"});
  CHECK(plan(staging, with({"dlpx-mysql-backup", "verify"}, stage)).size() == 4);
  const Words take = {"dlpx-mysql-backup", "take", "--config", stage[1], "--output", shop.host / "x"};
  CHECK(plan(shop.host / "x", take) == Words{"snapshot", "dump", "manifest"});

  REQUIRE(shop.host.tool(with({"dlpx-mysql-stage", "pre-snapshot"}, stage)).ok());
  REQUIRE(shop.host.tool(with({"dlpx-mysql-stage", "stop"}, stage)).ok());
  CHECK(onStage({"stop"}).empty());
  runChecked({.argv = {"cp", "-a", staging, clone}}, ExitCode::internal, "cannot copy the mount");
  const Words vdb = {"--mount", clone, "--password-file", shop.host.passwordFile("vdb", shop.vdb)};
  const Words provision =
      with({"dlpx-mysql-vdb", "provision", "--port", std::to_string(test::freePort()), "--user", "app"}, vdb);
  const Words planned = plan(clone, provision);
  const Finished provisioned = shop.host.tool(with(provision, {"--verbose"}));
  INFO(provisioned.err);
  REQUIRE(provisioned.ok());
  CHECK(stepsTaken(provisioned.err, "provision") == planned);
  const auto onVdb = [&](const std::string& command) {
    return plan(
        clone, with({"dlpx-mysql-vdb", command},
                    command == "stop" || command == "disable" || command == "remove" ? Words{"--mount", clone}
                                                                                     : vdb));
  };
  CHECK(plan(clone, provision) == Words{"prove"});
  CHECK(onVdb("enable") == Words{"prove"});
  CHECK(onVdb("start").empty());
  CHECK(onVdb("stop") == Words{"stop"});
  CHECK(onVdb("disable") == Words{"stop", "wait"});
  CHECK(onVdb("pre-snapshot") == Words{"write down", "describe", "sync"});
  CHECK(onVdb("post-snapshot").empty());
  CHECK(onVdb("remove") == Words{"stop", "remove-files"});
}

TEST_CASE("a dry run of create-empty and of a restore into it tells what is then done, and changes nothing") {
  const Shop shop("");
  const fs::path mount = shop.host / "empty", dump = shop.host / "full.sql.zst";
  const Words vdb = {"--mount", mount, "--password-file", shop.host.passwordFile("vdb", shop.vdb)};
  const auto planned = [&](const Words& command) {
    const auto before = stateOf(mount);
    const Words steps = stepsOf(shop.host.json(with(command, {"--dry-run"})));
    CHECK(stateOf(mount) == before);
    return steps;
  };
  const Words create = with({"dlpx-mysql-vdb", "create-empty", "--port", std::to_string(test::freePort()),
                             "--user", "app", "--basedir", (test::mysqlDirectory() / "9.7").string()},
                            vdb);
  makeDirectory(mount, {0755, std::nullopt});
  const Words steps = planned(create);
  const Finished created = shop.host.tool(with(create, {"--verbose"}));
  INFO(created.err);
  REQUIRE(created.ok());
  CHECK(stepsTaken(created.err, "create-empty") == steps);
  CHECK(planned(create) == Words{"prove"});

  shop.host.json({"dlpx-mysql-backup", "take", "--config", shop.stagingConfig(), "--output", dump});
  const Words restore = with({"dlpx-mysql-backup", "restore", dump}, vdb);
  const auto databases = [&] {
    Session server = Session::connect(
        {.endpoint = {"localhost", 0, mount / "mysql.sock"}, .user = "app", .password = shop.vdb});
    return server.number("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'shop'");
  };
  CHECK_FALSE(planned(restore).empty());
  CHECK(databases() == 0);
  const Words broken = with({"dlpx-mysql-backup", "restore", shop.host / "no-such"}, vdb);
  CHECK(shop.host.tool(with(broken, {"--dry-run"})).exitCode == shop.host.tool(broken).exitCode);
  shop.host.json(restore);
  CHECK(databases() == 1);
  const Finished again = shop.host.tool(restore), dry = shop.host.tool(with(restore, {"--dry-run"}));
  CHECK(dry.exitCode == again.exitCode);
  CHECK(dry.exitCode == 6);
  CHECK(dry.err == again.err);
}
