#include <sys/stat.h>

#include <cstdlib>

#include "base/error.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/dry_run.h"
#include "engine/report.h"
#include "engine/workflows.h"
#include "support/catch.h"
#include "support/engine_host.h"

using namespace dlpx;
using Names = std::vector<std::string>;

namespace {

using Host = test::EngineHost;

Error errorOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(ExitCode::success, "nothing failed");
}

}  // namespace

TEST_CASE("link and sync call the hooks in the contract's order") {
  Host host;
  const SnapshotRecord first = host.linkShop();
  CHECK(host.hooks.calls() ==
        Names{"linked/mount-specification shop", "linked/pre-snapshot shop", "linked/post-snapshot shop"});
  CHECK(host.hooks.environmentOf("linked/pre-snapshot").find("DLPX_MYSQL_RESYNC=true\n") !=
        std::string::npos);
  const SnapshotRecord second = sync(host.engine, "shop", false);
  CHECK(host.hooks.environmentOf("linked/pre-snapshot").find("DLPX_MYSQL_RESYNC=false\n") !=
        std::string::npos);
  CHECK(second.name > first.name);
  CHECK(host.engine.pool("plain")->snapshots("shop") == Names{first.name, second.name});
  CHECK(Json::parse(first.details)["snapshotId"] == "of shop");
}

TEST_CASE("a snapshot is taken between pre-snapshot and post-snapshot") {
  Host host;
  const SnapshotRecord first = host.linkShop();
  CHECK(
      fs::exists(host.engine.pool("plain")->config().root / "snapshots" / "shop" / first.name / "prepared"));
  CHECK_FALSE(fs::exists(host.mount("shop") / "prepared"));
}

TEST_CASE("provision calls the hooks in the contract's order and takes a first snapshot") {
  Host host;
  host.linkShop();
  host.hooks.calls();
  ObjectSettings settings;
  settings.userHooks["configure-clone"] = host.hooks.userScript("configure-clone");
  const EngineObject dev = provision(host.engine, {"dev", "shop", settings, 0, 0});
  CHECK(host.hooks.calls() == Names{"virtual/mount-specification dev", "virtual/configure dev",
                                    "user/configure-clone dev", "virtual/pre-snapshot dev",
                                    "virtual/post-snapshot dev"});
  CHECK(host.hooks.running() == Names{"dev", "shop"});
  CHECK(host.engine.catalogue().snapshots(dev).size() == 1);
  CHECK(Json::parse(dev.sourceConfig)["dbName"] == "dev");
  CHECK(dev.settings.parameters.at("basedir") == Names{"/opt/mysql"});
}

TEST_CASE("a vdb goes forth and back over its snapshots, and to another of its parent") {
  Host host;
  host.linkAndProvision();
  const std::string parentData = host.data("shop");
  host.change("dev", "first");
  const SnapshotRecord first = takeVdbSnapshot(host.engine, "dev");
  host.change("dev", "second");
  const SnapshotRecord second = takeVdbSnapshot(host.engine, "dev");
  rewind(host.engine, "dev", first.name);
  CHECK(host.data("dev") == "first");
  rewind(host.engine, "dev", second.name);
  CHECK(host.data("dev") == "second");
  sync(host.engine, "shop", true);
  refresh(host.engine, "dev", std::nullopt);
  CHECK(host.data("dev") == host.data("shop"));
  CHECK(host.data("dev") != parentData);
  rewind(host.engine, "dev", first.name);
  CHECK(host.data("dev") == "first");
  CHECK(host.engine.pool("plain")->datasets() == Names{"dev", "shop"});
}

TEST_CASE("a vdb of a vdb is made and holds its parent") {
  Host host;
  host.linkAndProvision();
  host.change("dev", "masked");
  takeVdbSnapshot(host.engine, "dev");
  provision(host.engine, {"test", "dev", {}, 0, 0});
  CHECK(host.data("test") == "masked");
  CHECK(errorOf([&] { remove(host.engine, "dev"); }).code() == ExitCode::storage);
  remove(host.engine, "test");
  remove(host.engine, "dev");
  CHECK(host.hooks.running() == Names{"shop"});
}

TEST_CASE("what has dependents is not deleted, and says by what it is held") {
  Host host;
  const SnapshotRecord snapshot = host.linkShop();
  host.provisionDev();
  const Error whole = errorOf([&] { remove(host.engine, "shop"); });
  CHECK(whole.code() == ExitCode::storage);
  CHECK(std::string(whole.what()).find("in use by dev") != std::string::npos);
  CHECK(errorOf([&] { remove(host.engine, "shop@" + snapshot.name); }).code() == ExitCode::storage);
  CHECK(host.hooks.running() == Names{"dev", "shop"});
  remove(host.engine, "dev");
  remove(host.engine, "shop");
  remove(host.engine, "shop");
  CHECK(host.hooks.running().empty());
  CHECK(host.engine.pool("plain")->datasets().empty());
  CHECK(host.engine.pool("plain")->snapshots("shop").empty());
  CHECK(host.engine.catalogue().objects().empty());
}

TEST_CASE("a hook's error is told with its code, message, remedy and log") {
  Host host;
  host.hooks.fail("linked/pre-snapshot");
  const Error error = errorOf([&] { host.linkShop(); });
  CHECK(error.code() == ExitCode::backup);
  CHECK(std::string(error.what()) == "the hook linked/pre-snapshot was told to fail");
  CHECK(error.remedy() == "mend it");
  CHECK(error.log() == "the log");
}

TEST_CASE("a failed link or provision leaves no server, no storage and no record") {
  Host host;
  const bool linked = GENERATE(true, false);
  const std::string hook =
      linked ? GENERATE("linked/mount-specification", "linked/pre-snapshot", "linked/post-snapshot")
             : GENERATE("virtual/mount-specification", "virtual/configure", "virtual/pre-snapshot",
                        "virtual/post-snapshot");
  if (!linked) host.linkShop();
  host.hooks.fail(hook);
  CHECK(errorOf([&] { linked ? void(host.linkShop()) : void(host.provisionDev()); }).code() ==
        ExitCode::backup);
  CHECK(host.hooks.running() == (linked ? Names{} : Names{"shop"}));
  CHECK(host.engine.pool("plain")->datasets() == (linked ? Names{} : Names{"shop"}));
  CHECK(host.engine.catalogue().objects().size() == (linked ? 0 : 1));
  host.hooks.fail("");
  if (linked) host.linkShop();
  host.provisionDev();
}

TEST_CASE("a failed refresh or rewind leaves the vdb as it was and running") {
  Host host;
  host.linkAndProvision();
  host.change("dev", "mine");
  sync(host.engine, "shop", true);
  const bool refreshing = GENERATE(true, false);
  const EngineObject before = host.engine.catalogue().object("dev");
  host.hooks.fail(refreshing ? "virtual/configure" : "virtual/mount-specification");
  const Error error = errorOf([&] {
    refreshing ? refresh(host.engine, "dev", std::nullopt) : rewind(host.engine, "dev", std::nullopt);
  });
  CHECK(error.code() == ExitCode::backup);
  host.hooks.fail("");
  if (!refreshing) {  // what was put back could not be prepared: the next operation goes on
    CHECK(host.engine.catalogue().object("dev").pending == Pending::replacing);
    takeVdbSnapshot(host.engine, "dev");
  }
  CHECK(host.data("dev") == "mine");
  CHECK(host.hooks.running() == Names{"dev", "shop"});
  CHECK(host.engine.catalogue().object("dev").origin == before.origin);
  CHECK(host.engine.catalogue().object("dev").pending == Pending::none);
  CHECK(host.engine.pool("plain")->datasets() == Names{"dev", "shop"});
}

TEST_CASE("a failing user hook fails the operation with its name and words") {
  Host host;
  host.linkShop();
  ObjectSettings settings;
  settings.userHooks["configure-clone"] = host.hooks.userScript("mask", 3);
  const Error error = errorOf([&] { provision(host.engine, {"dev", "shop", settings, 0, 0}); });
  CHECK(error.code() == ExitCode::usage);
  CHECK(std::string(error.what()).find("configure-clone") != std::string::npos);
  CHECK(std::string(error.what()).find("told") != std::string::npos);
  CHECK(host.hooks.running() == Names{"shop"});
}

TEST_CASE("hooks see what the operation gives and nothing that our caller has exported") {
  Host host;
  setenv("SOURCEPASS", "secret-one", 1);
  setenv("DLPX_MYSQL_SOURCE_PASSWORD", "secret-two", 1);
  setenv("DLPX_MYSQL_PORT", "1", 1);
  setenv("MYSQL_PWD", "secret-three", 1);
  ObjectSettings settings;
  settings.parameters = {
      {"source_host", {"db \"one\""}}, {"databases", {"a", "b"}}, {"source_password_file", {"/etc/p w"}}};
  link(host.engine, {"shop", "", settings, 4321, 77});
  for (const char* name : {"SOURCEPASS", "DLPX_MYSQL_SOURCE_PASSWORD", "DLPX_MYSQL_PORT", "MYSQL_PWD"})
    unsetenv(name);
  const std::string environment = host.hooks.environmentOf("linked/pre-snapshot");
  CHECK(environment.find("secret") == std::string::npos);
  CHECK(environment.find("DLPX_MYSQL_PORT=") == std::string::npos);
  CHECK(environment.find("STAGINGPORT=4321\n") != std::string::npos);
  CHECK(environment.find("STAGINGSERVERID=77\n") != std::string::npos);
  CHECK(environment.find("DLPX_MYSQL_SNAPSHOT_MODE=stop\n") != std::string::npos);
  const fs::path config = host.engine.configFile("shop");
  CHECK(environment.find("DLPX_MYSQL_CONFIG=" + config.string() + "\n") != std::string::npos);
  const std::string yaml = readFile(config);
  CHECK(yaml.find("source_host: \"db \\\"one\\\"\"\n") != std::string::npos);
  CHECK(yaml.find("databases: [\"a\",\"b\"]\n") != std::string::npos);
  CHECK(yaml.find("port: 4321\n") != std::string::npos);
  struct stat status = {};
  REQUIRE(stat(config.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  REQUIRE(stat((host.engine.home() / "catalogue.db").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("ports and server ids are chosen, kept and never given twice") {
  Host host;
  host.linkShop();
  const EngineObject dev = host.provisionDev();
  const EngineObject shop = host.engine.catalogue().object("shop");
  CHECK(shop.port != 0);
  CHECK(dev.port != shop.port);
  CHECK(dev.serverId != shop.serverId);
  const Error error = errorOf([&] { provision(host.engine, {"test", "shop", {}, dev.port, 0}); });
  CHECK(error.code() == ExitCode::usage);
  CHECK(std::string(error.what()).find("belongs to 'dev'") != std::string::npos);
}

TEST_CASE("link and provision can be repeated, and refuse a name that means something else") {
  Host host;
  const SnapshotRecord first = host.linkShop();
  CHECK(host.linkShop().name == first.name);
  const EngineObject dev = host.provisionDev();
  host.hooks.calls();
  CHECK(host.provisionDev().port == dev.port);
  CHECK(host.hooks.calls() == Names{"virtual/status dev"});
  CHECK(errorOf([&] { provision(host.engine, {"shop", "dev", {}, 0, 0}); }).code() == ExitCode::usage);
  CHECK(errorOf([&] { link(host.engine, {"dev", "", {}, 0, 0}); }).code() == ExitCode::usage);
  CHECK(errorOf([&] { link(host.engine, {"../x", "", {}, 0, 0}); }).code() == ExitCode::usage);
  CHECK(errorOf([&] { sync(host.engine, "dev", false); }).code() == ExitCode::usage);
  CHECK(errorOf([&] { sync(host.engine, "shpo", false); }).remedy() == "did you mean 'shop'?");
}

TEST_CASE("one operation at a time works on an object, and the other is told who does") {
  Host host;
  host.linkShop();
  const FileLock lock = host.engine.lock("shop", "sync");
  const Error error = errorOf([&] { sync(host.engine, "shop", false); });
  CHECK(error.code() == ExitCode::locked);
  CHECK(std::string(error.what()).find("'sync', pid") != std::string::npos);
  CHECK(statusReport(host.engine, "shop").json["status"] == "BUSY");
}

TEST_CASE("after a reboot what was enabled runs again, and what was stopped does not") {
  Host host;
  host.linkAndProvision();
  provision(host.engine, {"test", "shop", {}, 0, 0});
  stop(host.engine, "test");
  host.hooks.killServers();
  CHECK(up(host.engine).size() == 2);
  CHECK(host.hooks.running() == Names{"dev", "shop"});
}

TEST_CASE("one that does not come up does not keep the others down") {
  Host host;
  host.linkAndProvision();
  host.hooks.killServers();
  host.hooks.fail("linked/start-staging");
  const auto results = up(host.engine);
  REQUIRE(results.size() == 2);
  CHECK(results[0].name == "shop");
  CHECK_FALSE(results[0].problem.empty());
  CHECK(results[1].problem.empty());
  CHECK(host.hooks.running() == Names{"dev"});
}

TEST_CASE("retention removes what no rule keeps, but never the newest and never what is in use") {
  Host host;
  const SnapshotRecord first = host.linkShop();
  provision(host.engine, {"dev", "shop@" + first.name, {}, 0, 0});
  const SnapshotRecord second = sync(host.engine, "shop", false);
  const SnapshotRecord third = sync(host.engine, "shop", false);
  CHECK(errorOf([&] { applyRetention(host.engine, std::nullopt, {}); }).code() == ExitCode::usage);
  RetentionPolicy day;
  day.keepFor = Seconds(3600);
  CHECK(applyRetention(host.engine, "shop", day).removed.empty());
  RetentionPolicy one;
  one.keepDaily = 1;
  const RetentionResult result = applyRetention(host.engine, std::nullopt, one);
  CHECK(result.removed == Names{"shop@" + second.name});
  CHECK(result.inUse == Names{"shop@" + first.name});
  CHECK(host.engine.pool("plain")->snapshots("shop") == Names{first.name, third.name});
}

TEST_CASE("reports tell the same to people and to programs") {
  Host host;
  host.linkAndProvision();
  const Output list = listReport(host.engine);
  REQUIRE(list.json["objects"].size() == 2);
  CHECK(list.json["objects"][1]["name"] == "dev");
  CHECK(list.json["objects"][1]["parent"] == "shop");
  CHECK(list.text.find("dev") != std::string::npos);
  const Output status = statusReport(host.engine, "dev");
  CHECK(status.json["status"] == "ACTIVE");
  CHECK(status.json["ownBytes"].get<uint64_t>() > 0);
  CHECK(status.json["mount"] == host.mount("dev").string());
  const Output all = statusReport(host.engine, std::nullopt);
  CHECK(all.json["objects"][0]["lagSeconds"] == 7);
  CHECK(all.text.find("7.0 s") != std::string::npos);
  CHECK(all.text.find("\n└─ dev") != std::string::npos);
  const Output snapshots = snapshotsReport(host.engine, "shop");
  REQUIRE(snapshots.json["snapshots"].size() == 1);
  CHECK(snapshots.json["snapshots"][0]["dependents"].size() == 2);  // dev, and dev's own snapshot
  const Output pools = poolReport(host.engine, std::nullopt);
  CHECK(pools.json["freeBytes"].get<uint64_t>() > 0);
  CHECK(pools.json["pools"][0]["thinClones"] == false);
}

TEST_CASE("a zfs dataset is refused for pools that have none") {
  Host host;
  PoolRequest request;
  request.name = "other";
  request.dataset = "tank/mysql";
  request.kind = PoolKind::copy;
  CHECK(errorOf([&] { createPool(host.engine, request); }).code() == ExitCode::usage);
  request.kind = PoolKind::zfs;
  request.image = host.home / "image";
  CHECK(errorOf([&] { createPool(host.engine, request); }).code() == ExitCode::usage);
  CHECK(host.engine.catalogue().pools().size() == 1);
}

TEST_CASE("a pool that holds something is not destroyed") {
  Host host;
  host.linkShop();
  CHECK(errorOf([&] { destroyPool(host.engine, "plain"); }).code() == ExitCode::storage);
  remove(host.engine, "shop");
  destroyPool(host.engine, "plain");
  destroyPool(host.engine, "plain");
  CHECK(errorOf([&] { host.linkShop(); }).remedy().find("pool create") != std::string::npos);
}

namespace {

// Everything below a directory but the catalogue, which is asked itself.
std::map<std::string, std::string> contentOf(const fs::path& directory) {
  std::map<std::string, std::string> content;
  walk(directory, [&](const fs::directory_entry& entry) {
    if (startsWith(entry.path().filename().string(), "catalogue.db")) return;
    content[entry.path()] = entry.is_regular_file() ? readFile(entry.path()) : "";
  });
  return content;
}

Names namesOf(const StepList& steps) {
  Names names;
  for (const Step& step : steps) names.push_back(step.name);
  return names;
}

// The steps that workflows have logged for one object since the last question.
class StepLog {
 public:
  StepLog() { log::configure(log::Level::error, scratch_ / "log"); }
  Names of(const std::string& object) {
    const std::string text = readFile(scratch_ / "log");
    Names steps;
    for (const std::string& line : split(text.substr(read_), '\n')) {
      const size_t at = line.find(": " + object + ": ");
      if (at != std::string::npos) steps.push_back(line.substr(at + object.size() + 4));
    }
    read_ = text.size();
    return steps;
  }

 private:
  test::Scratch scratch_;
  size_t read_ = 0;
};

}  // namespace

TEST_CASE("a dry run tells the steps that a workflow then takes, and changes nothing") {
  Host host;
  StepLog log;
  Engine& engine = host.engine;
  ObjectSettings settings;
  for (const char* point :
       {"pre-sync", "post-sync", "configure-clone", "pre-snapshot", "post-snapshot", "pre-refresh",
        "post-refresh", "pre-rollback", "post-rollback", "pre-start", "post-start", "pre-stop", "post-stop"})
    settings.userHooks[point] = host.hooks.userScript(point);

  const auto agree = [&](const std::string& object, const std::function<StepList()>& plan,
                         const std::function<void()>& run) {
    const auto before = contentOf(host.home.path());
    const Json catalogue = listReport(engine).json;
    host.hooks.calls();
    const Names planned = namesOf(plan());
    CHECK(host.hooks.calls().empty());
    CHECK(contentOf(host.home.path()) == before);
    CHECK(listReport(engine).json == catalogue);
    CHECK_FALSE(planned.empty());
    log.of(object);
    run();
    CHECK(log.of(object) == planned);
  };
  const LinkRequest shop{"shop", "", settings, 0, 0};
  agree(
      "shop", [&] { return planLink(engine, shop); }, [&] { link(engine, shop); });
  CHECK(planLink(engine, shop).empty());
  agree(
      "shop", [&] { return planSync(engine, "shop", false); }, [&] { sync(engine, "shop", false); });
  const ProvisionRequest dev{"dev", "shop", settings, 0, 0};
  agree(
      "dev", [&] { return planProvision(engine, dev); }, [&] { provision(engine, dev); });
  CHECK(planProvision(engine, dev).empty());
  agree(
      "dev", [&] { return planSnapshot(engine, "dev"); }, [&] { takeVdbSnapshot(engine, "dev"); });
  agree(
      "dev", [&] { return planRefresh(engine, "dev", {}); }, [&] { refresh(engine, "dev", {}); });
  agree(
      "dev", [&] { return planRewind(engine, "dev", {}); }, [&] { rewind(engine, "dev", {}); });
  agree(
      "dev", [&] { return planStop(engine, "dev"); }, [&] { stop(engine, "dev"); });
  agree(
      "dev", [&] { return planStart(engine, "dev"); }, [&] { start(engine, "dev"); });
  agree(
      "dev", [&] { return planDisable(engine, "dev"); }, [&] { disable(engine, "dev"); });
  const auto withoutStatus = [](StepList steps) {  // a question, which is no step
    steps.erase(steps.begin());
    return steps;
  };
  agree(
      "dev", [&] { return withoutStatus(planEnable(engine, "dev")); }, [&] { enable(engine, "dev"); });
  CHECK(namesOf(planUp(engine)).front() == "mount");

  EmptyVdbRequest blank;
  blank.name = "blank";
  blank.settings = settings;
  agree(
      "blank", [&] { return planCreateEmpty(engine, blank); }, [&] { createEmpty(engine, blank); });
  CHECK(planCreateEmpty(engine, blank).empty());
  agree(
      "blank", [&] { return planRemove(engine, "blank"); }, [&] { remove(engine, "blank"); });

  CHECK_THROWS_AS(planRefresh(engine, "dev", "no-such"), Error);
  CHECK_THROWS_AS(planSync(engine, "dev", false), Error);
  CHECK_THROWS_AS(planRemove(engine, "shop"), Error);  // dev was made from it
  CHECK_THROWS_AS(planPoolDestroy(engine, "plain", false), Error);
  RetentionPolicy newest;
  newest.keepLast = 1;
  const Names toGo = namesOf(planRetention(engine, {}, newest));
  Names gone;
  for (const std::string& name : applyRetention(engine, {}, newest).removed) gone.push_back("delete " + name);
  CHECK(toGo == gone);
  CHECK_FALSE(gone.empty());
  agree(
      "dev", [&] { return planRemove(engine, "dev"); }, [&] { remove(engine, "dev"); });
  agree(
      "shop", [&] { return planRemove(engine, "shop"); }, [&] { remove(engine, "shop"); });
  CHECK(planRemove(engine, "shop").empty());
  CHECK(namesOf(planPoolDestroy(engine, "plain", false)) == Names{"destroy", "record"});
}

TEST_CASE("a dry run of the first pool makes no home") {
  const test::Scratch scratch;
  Engine engine{{scratch / "home", {}, true}};
  PoolRequest pool;
  pool.name = "plain";
  pool.kind = PoolKind::copy;
  CHECK(namesOf(planPoolCreate(engine, pool)) == Names{"create", "record"});
  CHECK_FALSE(fs::exists(scratch / "home"));
}
