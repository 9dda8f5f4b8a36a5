#include <algorithm>
#include <csignal>

#include "base/journal.h"
#include "engine/workflows.h"
#include "process/command.h"
#include "support/catch.h"
#include "support/fake_hooks.h"
#include "support/paths.h"
#include "support/zfs_service.h"

using namespace dlpx;
using namespace dlpx::test;
using Words = std::vector<std::string>;

namespace {

// dlpx-mysql-engine itself, with a library that stops it by SIGKILL at a chosen step of its journal.
struct KillHost {
  ~KillHost() { test::ZfsService::destroyPools(home.path()); }

  int run(const Words& words, int killAt = 0) {
    removeTree(home / "steps");
    Command command;
    command.argv = {binDir() + "/dlpx-mysql-engine"};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.environment = {{"DLPX_MYSQL_HOME", home / "engine"}, {"DLPX_MYSQL_HOOKS_DIR", hooks.directory()}};
    if (killAt > 0) {
      command.environment["LD_PRELOAD"] = killAtStepLibrary();
      command.environment["KILL_AT_STEP_LOG"] = home / "steps";
      command.environment["KILL_AT_STEP_INDEX"] = std::to_string(killAt);
    }
    const Finished finished = dlpx::run(command);
    INFO(finished.err);
    CHECK((finished.ok() || killAt > 0));
    return finished.exitCode;
  }

  // Kills the command at its first, second, … step, each time from the same beginning; it must end well when
  // it is repeated. Returns the number of steps.
  int killAtEveryStep(const Words& words, const std::function<void()>& begin,
                      const std::function<void()>& check) {
    for (int step = 1;; ++step) {
      begin();
      const int code = run(words, step);
      if (code == 0) return step - 1;
      INFO("killed at step " << step << " of " << words[0]);
      CHECK(code == 128 + SIGKILL);
      run(words);
      check();
      checkNothingIsLeft();
      if (step == 50) FAIL("the command never ends");
    }
  }

  // Storage and catalogue tell the same, and no operation is unfinished.
  void checkNothingIsLeft() {
    Engine engine({home / "engine", hooks.directory()});
    Words known;
    for (const EngineObject& object : engine.catalogue().objects()) {
      known.push_back(object.name);
      CHECK(object.pending == Pending::none);
      Words snapshots;
      for (const auto& snapshot : engine.catalogue().snapshots(object)) snapshots.push_back(snapshot.name);
      CHECK(engine.pool("default")->snapshots(object.name) == snapshots);
    }
    std::sort(known.begin(), known.end());
    CHECK(engine.pool("default")->datasets() == known);
    CHECK(hooks.running() == known);
    for (const auto& file : fs::directory_iterator(home / "engine" / "operations")) {
      CHECK_FALSE(file.is_directory());
      CHECK(Journal::unfinished(file.path()).operation.empty());
    }
  }

  void linkAndProvision(const Words& poolCreate) {
    run(poolCreate);
    run({"link", "shop"});
    run({"provision", "dev", "--from", "shop"});
  }

  fs::path data(const std::string& name) const {
    return home / "engine" / "pools" / "default" / "mounts" / name / "data";
  }

  size_t snapshots(const std::string& name) {
    Engine engine({home / "engine", hooks.directory()});
    return engine.catalogue().snapshots(engine.catalogue().object(name)).size();
  }

  test::Scratch home;
  test::FakeHooks hooks;
};

const Words kPool = {"pool", "create", "--driver", "copy"};

void rewindsWhenKilled(KillHost& host) {
  const fs::path dev = host.data("dev");
  writeFile(dev, "kept\n");
  host.run({"snapshot", "dev"});
  CHECK(host.killAtEveryStep(
            {"rewind", "dev"}, [&] { writeFile(dev, "lost\n"); },
            [&] { CHECK(readFile(dev) == "kept\n"); }) >= 6);
}

}  // namespace

TEST_CASE("a killed pool create on an image is done by the same command, and destroy leaves nothing") {
  KillHost host;
  const std::string driver = GENERATE("btrfs", "zfs");
  if (driver == "zfs") test::ZfsService::start();
  const Words pool = {"pool", "create", "--driver", driver, "--size", "256M"};
  CHECK(host.killAtEveryStep(
            pool,
            [&] {
              host.run({"pool", "destroy"});
            },
            [] {}) == 2);
  host.run(pool, 2);
  host.run({"pool", "destroy"});
  CHECK(isEmptyDirectory(host.home / "engine" / "pools"));
}

TEST_CASE("a killed pool create, link, sync, provision and delete is done or undone by the same command") {
  KillHost host;
  CHECK(host.killAtEveryStep(
            kPool,
            [&] {
              host.run({"pool", "destroy"});
            },
            [] {}) == 2);
  const auto nothing = [&] {
    host.run({"delete", "dev"});
    host.run({"delete", "shop"});
  };
  CHECK(host.killAtEveryStep({"link", "shop"}, nothing, [&] { CHECK(host.snapshots("shop") == 1); }) >= 6);

  size_t before = 0;
  CHECK(host.killAtEveryStep(
            {"sync", "shop"}, [&] { before = host.snapshots("shop"); },
            [&] { CHECK(host.snapshots("shop") - before >= 1); }) >= 5);

  const Words provision = {"provision", "dev", "--from", "shop"};
  CHECK(host.killAtEveryStep(
            provision,
            [&] {
              host.run({"delete", "dev"});
            },
            [&] { CHECK(host.snapshots("dev") == 1); }) >= 7);
  CHECK(host.killAtEveryStep(
            {"delete", "dev"}, [&] { host.run(provision); },
            [&] { CHECK(host.hooks.running() == Words{"shop"}); }) >= 3);
}

TEST_CASE("a killed snapshot, refresh or rewind is done or undone by the same command") {
  KillHost host;
  host.linkAndProvision(kPool);
  const fs::path dev = host.data("dev");
  const fs::path shop = host.data("shop");

  CHECK(host.killAtEveryStep(
            {"snapshot", "dev"}, [] {}, [&] { CHECK(fs::exists(dev)); }) >= 4);
  CHECK(host.killAtEveryStep(
            {"refresh", "dev"},
            [&] {
              writeFile(dev, "changed\n");
              host.run({"sync", "shop", "--resync"});
            },
            [&] { CHECK(readFile(dev) == readFile(shop)); }) >= 6);

  rewindsWhenKilled(host);
}

TEST_CASE("a killed provision, snapshot, refresh or rewind of a pair is done or undone for both") {
  KillHost host;
  host.run(kPool);
  host.run({"link", "shop"});
  const Words parts = {"dev", "dev-replica"};
  const Words provision = {"provision", "dev", "--from", "shop", "--with-replica"};
  const auto change = [&](const std::string& to) {
    for (const std::string& part : parts) writeFile(host.data(part), to);
  };
  const auto checkBoth = [&](const std::string& content) {
    for (const std::string& part : parts) CHECK(readFile(host.data(part)) == content);
    CHECK(host.snapshots("dev") == host.snapshots("dev-replica"));
  };
  const fs::path shop = host.data("shop");
  CHECK(host.killAtEveryStep(
            provision,
            [&] {
              host.run({"delete", "dev"});
            },
            [&] { checkBoth(readFile(shop)); }) >= 14);
  CHECK(host.killAtEveryStep(
            {"snapshot", "dev"}, [&] { change("kept\n"); }, [&] { checkBoth("kept\n"); }) >= 8);
  CHECK(host.killAtEveryStep(
            {"rewind", "dev"}, [&] { change("lost\n"); }, [&] { checkBoth("kept\n"); }) >= 12);
  CHECK(host.killAtEveryStep(
            {"refresh", "dev"},
            [&] {
              change("changed\n");
              host.run({"sync", "shop", "--resync"});
            },
            [&] { checkBoth(readFile(shop)); }) >= 12);
}

TEST_CASE("a killed delete of a pair is done for both by the same command") {
  KillHost host;
  host.run(kPool);
  host.run({"link", "shop"});
  CHECK(host.killAtEveryStep(
            {"delete", "dev"},
            [&] {
              host.run({"provision", "dev", "--from", "shop", "--with-replica"});
            },
            [&] { CHECK(host.hooks.running() == Words{"shop"}); }) >= 6);
}

TEST_CASE("another command repairs both of a pair whose refresh was killed") {
  KillHost host;
  host.run(kPool);
  host.run({"link", "shop"});
  host.run({"provision", "dev", "--from", "shop", "--with-replica"});
  for (const Words& command : {Words{"up"}, Words{"stop", "dev-replica"}, Words{"snapshot", "dev"}}) {
    for (int step = 1; step <= 10; ++step) {
      const std::string mine = command[0] + " " + std::to_string(step) + "\n";
      for (const char* part : {"dev", "dev-replica"}) writeFile(host.data(part), mine);
      CHECK(host.run({"refresh", "dev"}, step) == 128 + SIGKILL);
      host.run(command);
      INFO("killed at step " << step << ", then " << command[0]);
      host.run({"start", "dev"});
      for (const char* part : {"dev", "dev-replica"}) CHECK(readFile(host.data(part)) == mine);
      host.checkNothingIsLeft();
    }
  }
}

TEST_CASE("a killed rewind on zfs is done or undone by the same command") {
  test::ZfsService::start();
  KillHost host;
  host.linkAndProvision({"pool", "create", "--driver", "zfs", "--size", "320M"});
  rewindsWhenKilled(host);
}

TEST_CASE("another command repairs what a killed refresh has left") {
  KillHost host;
  host.linkAndProvision(kPool);
  const fs::path dev = host.data("dev");
  for (int step = 1; step <= 5; ++step) {
    writeFile(dev, "mine " + std::to_string(step) + "\n");
    CHECK(host.run({"refresh", "dev"}, step) == 128 + SIGKILL);
    host.run({"snapshot", "dev"});
    INFO("killed at step " << step);
    CHECK(readFile(dev) == "mine " + std::to_string(step) + "\n");
    host.checkNothingIsLeft();
  }
}
