// What is left after an operation that failed, and after a reboot.

#include "base/json_full.h"
#include "engine/report.h"
#include "support/catch.h"
#include "support/engine_host.h"

using namespace dlpx;
using test::errorOf;
using Names = std::vector<std::string>;
using Host = test::EngineHost;

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
