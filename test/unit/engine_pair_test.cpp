// A VDB and its replica under the local engine: the order of hooks, and that both are there or none.

#include "base/text.h"
#include "engine/dry_run.h"
#include "engine/workflows.h"
#include "support/catch.h"
#include "support/fake_hooks.h"

using namespace dlpx;
using Names = std::vector<std::string>;

namespace {

// A copy pool with the dSource "shop", and the pair "dev" and "dev-replica" of it.
struct PairHost {
  explicit PairHost(bool provisioned = true) {
    PoolRequest pool;
    pool.name = "plain";
    pool.kind = PoolKind::copy;
    createPool(engine, pool);
    link(engine, {"shop", "", {}, 0, 0});
    request.settings.parameters["events"] = {"on"};
    for (const char* point : {"configure-clone", "pre-snapshot", "post-refresh", "pre-stop"})
      request.settings.userHooks[point] = hooks.userScript(point);
    if (provisioned) provision(engine, request);
    hooks.calls();
  }

  EngineObject object(const std::string& name) { return engine.catalogue().object(name); }
  Names snapshots(const std::string& name) {
    Names names;
    for (const SnapshotRecord& snapshot : engine.catalogue().snapshots(object(name)))
      names.push_back(snapshot.name);
    return names;
  }
  fs::path data(const std::string& name) { return engine.pool("plain")->pathOf(name) / "data"; }
  void change(const std::string& to) {
    for (const char* name : {"dev", "dev-replica"}) writeFile(data(name), to);
  }

  test::Scratch home;
  test::FakeHooks hooks;
  Engine engine{{home / "engine", hooks.directory()}};
  ProvisionRequest request{"dev", "shop", {}, 0, 0, true};
};

template <typename Action>
ExitCode codeOf(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return ExitCode::success;
}

}  // namespace

TEST_CASE("a pair is provisioned primary first, from one snapshot, with first snapshots of one name") {
  PairHost host(false);
  provision(host.engine, host.request);
  CHECK(host.hooks.calls() == Names{"virtual/mount-specification dev", "virtual/configure dev",
                                    "user/configure-clone dev", "virtual/mount-specification dev-replica",
                                    "virtual/configure dev-replica", "virtual/pre-snapshot dev-replica",
                                    "virtual/post-snapshot dev-replica", "virtual/pre-snapshot dev",
                                    "virtual/post-snapshot dev"});
  const EngineObject dev = host.object("dev"), replica = host.object("dev-replica");
  CHECK(replica.settings.replicaOf == "dev");
  CHECK(replica.origin == dev.origin);
  CHECK(host.snapshots("dev") == host.snapshots("dev-replica"));
  const std::string config = readFile(host.engine.configFile("dev-replica"));
  CHECK(config.find("replicate_from: \"" + host.data("dev").parent_path().string() + "\"\n") !=
        std::string::npos);
  CHECK(config.find("events") == std::string::npos);
  CHECK(readFile(host.engine.configFile("dev")).find("replicate_from") == std::string::npos);
  provision(host.engine, host.request);  // again: verified
  host.request.withReplica = false;
  CHECK(codeOf([&] { provision(host.engine, host.request); }) == ExitCode::usage);
}

TEST_CASE("a pair whose making fails at any hook leaves neither") {
  for (const char* hook :
       {"virtual/configure dev", "virtual/mount-specification dev-replica", "virtual/configure dev-replica",
        "virtual/pre-snapshot dev-replica", "virtual/pre-snapshot dev", "virtual/post-snapshot dev"}) {
    INFO(hook);
    PairHost host(false);
    host.hooks.fail(hook);
    CHECK_THROWS_AS(provision(host.engine, host.request), Error);
    CHECK(host.hooks.running() == Names{"shop"});
    CHECK(host.engine.catalogue().objects().size() == 1);
    CHECK_FALSE(host.engine.pool("plain")->hasDataset("dev"));
    CHECK_FALSE(host.engine.pool("plain")->hasDataset("dev-replica"));
    host.hooks.fail("");
    provision(host.engine, host.request);
    CHECK(host.hooks.running() == Names{"dev", "dev-replica", "shop"});
  }
}

TEST_CASE("what is done to a vdb is done to its replica, in the order that lets it follow") {
  PairHost host;
  takeVdbSnapshot(host.engine, "dev");
  CHECK(host.hooks.calls() == Names{"user/pre-snapshot dev", "virtual/pre-snapshot dev-replica",
                                    "virtual/post-snapshot dev-replica", "virtual/pre-snapshot dev",
                                    "virtual/post-snapshot dev"});
  CHECK(host.snapshots("dev") == host.snapshots("dev-replica"));
  rewind(host.engine, "dev", host.snapshots("dev").front());
  CHECK(host.hooks.calls() == Names{"virtual/unconfigure dev-replica", "virtual/unconfigure dev",
                                    "virtual/mount-specification dev", "virtual/reconfigure dev",
                                    "virtual/mount-specification dev-replica",
                                    "virtual/reconfigure dev-replica"});
  refresh(host.engine, "dev", std::nullopt);
  CHECK(host.hooks.calls() == Names{"virtual/unconfigure dev-replica", "virtual/unconfigure dev",
                                    "virtual/mount-specification dev", "virtual/configure dev",
                                    "user/configure-clone dev", "virtual/mount-specification dev-replica",
                                    "virtual/configure dev-replica", "user/post-refresh dev"});
  stop(host.engine, "dev");
  CHECK(host.hooks.calls() == Names{"virtual/stop dev-replica", "user/pre-stop dev", "virtual/stop dev"});
  start(host.engine, "dev");
  CHECK(host.hooks.calls() == Names{"virtual/mount-specification dev", "virtual/start dev",
                                    "virtual/mount-specification dev-replica", "virtual/start dev-replica"});
  disable(host.engine, "dev");
  CHECK(host.hooks.calls() == Names{"virtual/unconfigure dev-replica", "virtual/unconfigure dev"});
  enable(host.engine, "dev");
  stop(host.engine, "dev-replica");  // alone
  CHECK(host.hooks.running() == Names{"dev", "shop"});
  host.hooks.killServers();
  up(host.engine);
  CHECK(host.hooks.running() == Names{"dev", "shop"});
  start(host.engine, "dev-replica");
  host.hooks.calls();
  const std::string first = host.snapshots("dev").front(), second = host.snapshots("dev").back();
  for (const std::string& name : {first, second}) {
    remove(host.engine, "dev@" + name);
    CHECK(host.snapshots("dev") == host.snapshots("dev-replica"));
  }
  CHECK(host.snapshots("dev").empty());
  remove(host.engine, "dev");
  CHECK(host.hooks.calls() == Names{"virtual/unconfigure dev-replica", "virtual/cleanup dev-replica",
                                    "user/pre-stop dev", "virtual/unconfigure dev", "virtual/cleanup dev"});
  CHECK(host.engine.catalogue().objects().size() == 1);
}

TEST_CASE("a refresh or rewind that fails for one of a pair leaves both as they were and running") {
  for (const bool isRefresh : {true, false}) {
    const std::string configure = isRefresh ? "virtual/configure" : "virtual/mount-specification";
    for (const std::string name : {"dev", "dev-replica"}) {
      INFO(configure << " " << name);
      PairHost host;
      host.change("changed");
      // Where the hook is also what puts back, its failure there is an operator's to repair: by this hook
      // only.
      host.hooks.fail(isRefresh ? configure + " " + name : "virtual/unconfigure " + name);
      CHECK_THROWS_AS(isRefresh ? refresh(host.engine, "dev", {}) : rewind(host.engine, "dev", {}), Error);
      host.hooks.fail("");
      CHECK(host.hooks.running() == Names{"dev", "dev-replica", "shop"});
      for (const char* part : {"dev", "dev-replica"}) {
        CHECK(readFile(host.data(part)) == "changed");
        CHECK(host.object(part).pending == Pending::none);
      }
    }
  }
}

TEST_CASE("a replica's own name is refused where both are meant, and retention removes from both") {
  PairHost host;
  CHECK(codeOf([&] { takeVdbSnapshot(host.engine, "dev-replica"); }) == ExitCode::usage);
  CHECK(codeOf([&] { refresh(host.engine, "dev-replica", {}); }) == ExitCode::usage);
  CHECK(codeOf([&] { rewind(host.engine, "dev-replica", {}); }) == ExitCode::usage);
  CHECK(codeOf([&] { remove(host.engine, "dev-replica"); }) == ExitCode::usage);
  CHECK(codeOf([&] { planRemove(host.engine, "dev-replica"); }) == ExitCode::usage);
  CHECK(codeOf([&] { provision(host.engine, {"other", "dev-replica", {}, 0, 0}); }) == ExitCode::usage);
  const StepList plan = planSnapshot(host.engine, "dev");
  REQUIRE(plan.size() == 9);
  CHECK(plan.front().name == "dev-replica: pre-snapshot");
  CHECK(plan[4].name == "dev: hook pre-snapshot");
  takeVdbSnapshot(host.engine, "dev");
  const std::string newest = host.snapshots("dev").back();
  RetentionPolicy policy;
  policy.keepLast = 1;
  CHECK(applyRetention(host.engine, "dev", policy).removed.size() == 2);
  CHECK(host.snapshots("dev") == Names{newest});
  CHECK(host.snapshots("dev-replica") == Names{newest});
}

TEST_CASE("retention leaves what a pair was made from, and what others were made from a pair") {
  PairHost host;
  const std::string first = host.snapshots("shop").front();
  sync(host.engine, "shop", false);
  sync(host.engine, "shop", false);
  const std::string made = host.snapshots("dev").front();
  provision(host.engine, {"third", "dev@" + made, {}, 0, 0});
  takeVdbSnapshot(host.engine, "dev");
  takeVdbSnapshot(host.engine, "dev");
  RetentionPolicy policy;
  policy.keepHourly = 1;
  const RetentionResult result = applyRetention(host.engine, {}, policy);
  CHECK(result.inUse == Names{"dev@" + made, "shop@" + first});
  CHECK(result.removed.size() == 3);  // one of each of the three
  CHECK(host.snapshots("dev").size() == 2);
  CHECK(host.snapshots("dev") == host.snapshots("dev-replica"));
  CHECK(host.snapshots("shop").size() == 2);
  // Where the pair has gone back to, it stands on its own snapshots.
  rewind(host.engine, "dev", made);
  remove(host.engine, "third");
  CHECK(applyRetention(host.engine, "dev", policy).inUse == Names{"dev@" + made});
  CHECK(host.snapshots("dev") == host.snapshots("dev-replica"));
}
