#include <sys/stat.h>

#include <cstdlib>

#include "base/json_full.h"
#include "support/catch.h"
#include "support/engine_host.h"

using namespace dlpx;
using test::errorOf;
using Names = std::vector<std::string>;
using Host = test::EngineHost;

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
