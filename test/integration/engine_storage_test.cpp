// Storage that is full, gone or read-only: what every workflow of the local engine says then, on every
// driver.

#include <functional>

#include "base/error.h"
#include "base/journal.h"
#include "base/text.h"
#include "engine/dry_run.h"
#include "engine/report.h"
#include "engine/workflows.h"
#include "process/command.h"
#include "support/catch.h"
#include "support/fake_hooks.h"
#include "support/pool_storage.h"

using namespace dlpx;
using Names = std::vector<std::string>;

namespace {

// A dSource 'shop' with a VDB 'dev' in a small pool, and the fake hooks.
struct Bed {
  explicit Bed(const std::string& kind) : storage(kind) {
    createPool(engine, storage.request());
    link(engine, {"shop", "", {}, 0, 0});
    provision(engine, {"dev", "shop", {}, 0, 0});
  }

  // All that an operation may change, in words.
  Names state() {
    Names all = hooks.running();
    const auto pool = engine.pool("test");
    for (const std::string& dataset : pool->datasets()) {
      all.push_back("dataset " + dataset + ": " + trim(readFile(pool->pathOf(dataset) / "data")) + "; " +
                    join(pool->snapshots(dataset), ", "));
    }
    for (const EngineObject& object : engine.catalogue().objects()) {
      all.push_back("object " + object.name + " " + std::string(name(object.state)) + " " +
                    std::string(name(object.pending)) + " of " + std::to_string(object.origin.value_or(0)));
      for (const SnapshotRecord& snapshot : engine.catalogue().snapshots(object))
        all.push_back("snapshot " + object.name + "@" + snapshot.name);
    }
    return all;
  }

  test::PoolStorage storage;
  test::FakeHooks hooks;
  test::Scratch home;
  Engine engine{{home / "engine", hooks.directory()}};
};

using Workflow = std::function<void(Engine&)>;
const std::vector<std::pair<std::string, Workflow>> kAsksForRoom = {
    {"link",
     [](Engine& engine) {
       link(engine, {"other", "", {}, 0, 0});
     }},
    {"sync", [](Engine& engine) { sync(engine, "shop", false); }},
    {"provision",
     [](Engine& engine) {
       provision(engine, {"third", "shop", {}, 0, 0});
     }},
    {"snapshot", [](Engine& engine) { takeVdbSnapshot(engine, "dev"); }},
    {"refresh", [](Engine& engine) { refresh(engine, "dev", std::nullopt); }},
    {"rewind", [](Engine& engine) { rewind(engine, "dev", std::nullopt); }}};
const std::vector<std::pair<std::string, Workflow>> kOthers = {
    {"stop", [](Engine& engine) { stop(engine, "dev"); }},
    {"disable", [](Engine& engine) { disable(engine, "dev"); }},
    {"delete of a VDB", [](Engine& engine) { remove(engine, "dev"); }}};

void refuses(Bed& bed, const std::vector<std::pair<std::string, Workflow>>& workflows, ExitCode code) {
  for (const auto& [word, workflow] : workflows) {
    INFO(word);
    try {
      workflow(bed.engine);
      FAIL_CHECK("was done");
    } catch (const Error& error) {
      INFO(error.what() << "; " << error.remedy());
      CHECK(error.code() == code);
      CHECK(std::string(error.what()).find("pool 'test'") != std::string::npos);
      CHECK_FALSE(error.remedy().empty());
    }
  }
}

void worksAgain(Bed& bed) {
  for (const auto& [word, workflow] : kAsksForRoom) {
    INFO(word);
    CHECK_NOTHROW(workflow(bed.engine));
  }
}

}  // namespace

TEST_CASE("a full, read-only or lost pool is told by every workflow, which then has changed nothing") {
  const std::string kind = GENERATE("btrfs", "zfs", "reflink", "copy");
  INFO(kind);
  Bed bed(kind);
  const Names before = bed.state();

  bed.storage.fill();
  refuses(bed, kAsksForRoom, ExitCode::noSpace);
  CHECK(bed.state() == before);
  stop(bed.engine, "dev");
  start(bed.engine, "dev");
  CHECK(bed.state() == before);
  bed.storage.drain();

  bed.storage.makeReadOnly();
  refuses(bed, kAsksForRoom, ExitCode::storage);
  refuses(bed, kOthers, ExitCode::storage);
  bed.storage.makeWritable();
  CHECK(bed.state() == before);

  bed.storage.takeAway();
  refuses(bed, kAsksForRoom, ExitCode::storage);
  refuses(bed, kOthers, ExitCode::storage);
  CHECK(up(bed.engine).at(0).problem.find(bed.storage.directory().string()) != std::string::npos);
  CHECK(poolReport(bed.engine, std::nullopt).json["pools"][0]["status"] == "unavailable");
  const Json told = statusReport(bed.engine, std::nullopt).json["objects"];
  CHECK(told.at(1).at("status") == "UNKNOWN");
  CHECK(told.at(1).at("problem").get<std::string>().find("pool 'test'") != std::string::npos);
  bed.storage.giveBack();
  CHECK(up(bed.engine).at(0).problem.empty());
  CHECK(bed.state() == before);

  worksAgain(bed);
}

TEST_CASE("a full pool can be emptied, and one that is gone does not keep the vdbs of others down") {
  Bed bed(GENERATE("btrfs", "zfs", "copy"));
  PoolRequest plain;
  plain.name = "plain";
  plain.kind = PoolKind::copy;
  createPool(bed.engine, plain);
  link(bed.engine, {"blog", "plain", {}, 0, 0});

  bed.storage.fill();
  remove(bed.engine, "dev");
  CHECK(bed.engine.pool("test")->datasets() == Names{"shop"});

  bed.storage.takeAway();
  bed.hooks.killServers();
  const std::vector<UpResult> results = up(bed.engine);
  REQUIRE(results.size() == 2);
  CHECK(results[0].name == "shop");
  CHECK_FALSE(results[0].problem.empty());
  CHECK(results[1].problem.empty());
  CHECK(bed.hooks.running() == Names{"blog"});
  bed.storage.giveBack();
  CHECK(up(bed.engine)[0].problem.empty());
  CHECK(bed.hooks.running() == Names{"blog", "shop"});
}

TEST_CASE("a pool that is lost for good can be forgotten with what was in it, and one that is there cannot") {
  Bed bed(GENERATE("btrfs", "zfs", "copy"));
  Engine& engine = bed.engine;
  PoolRequest plain;
  plain.name = "plain";
  plain.kind = PoolKind::copy;
  createPool(engine, plain);
  link(engine, {"blog", "plain", {}, 0, 0});
  CHECK_FALSE(forgetLostPool(engine, "test"));
  CHECK_FALSE(forgetLostPool(engine, "no-such"));
  CHECK_THROWS_AS(planPoolDestroy(engine, "test", true), Error);  // it holds something
  const PoolConfig config = engine.catalogue().pool("test");

  bed.storage.takeAway();
  CHECK_THROWS_AS(destroyPool(engine, "test"), Error);
  if (fs::exists(config.root)) {  // a server that is still there would be nobody's
    Child server({.argv = {"sleep", "600"}, .directory = config.root}, Child::Pipes::output);
    refuses(bed, {{"forget", [](Engine& host) { forgetLostPool(host, "test"); }}}, ExitCode::storage);
    server.terminate();
  }
  Names planned;
  for (const Step& step : planPoolDestroy(engine, "test", true)) planned.push_back(step.name);
  CHECK(planned == Names{"mount", "forget dev", "forget shop", "record"});
  const auto forgotten = forgetLostPool(engine, "test");
  REQUIRE(forgotten);
  CHECK(forgotten->objects == Names{"dev", "shop"});
  CHECK(engine.catalogue().pools().size() == 1);
  CHECK(engine.catalogue().objects().size() == 1);
  CHECK(fs::exists(engine.configFile("blog")));
  CHECK_FALSE(fs::exists(engine.configFile("dev")));
  CHECK_FALSE(forgetLostPool(engine, "test"));
  bed.hooks.killServers();
  CHECK(up(engine).size() == 1);
  CHECK(bed.hooks.running() == Names{"blog"});
  // What comes back after all was not touched.
  bed.storage.giveBack();
  openPool(config)->mount();
  CHECK(openPool(config)->datasets() == Names{"dev", "shop"});
}

TEST_CASE("an empty pool whose storage is away is not destroyed, and can be forgotten") {
  const test::PoolStorage storage(GENERATE("btrfs", "zfs", "reflink", "copy"));
  const test::FakeHooks hooks;
  const test::Scratch home;
  Engine engine({home / "engine", hooks.directory()});
  const PoolConfig config = createPool(engine, storage.request());
  storage.takeAway();
  try {
    destroyPool(engine, "test");
    FAIL_CHECK("was destroyed");
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::storage);
    CHECK(error.remedy().find("--force") != std::string::npos);
  }
  CHECK_THROWS_AS(planPoolDestroy(engine, "test", false), Error);
  CHECK(engine.catalogue().findPool("test"));

  SECTION("its storage comes back") {
    storage.giveBack();
    destroyPool(engine, "test");
    CHECK_FALSE(fs::exists(config.root / "mounts"));
    CHECK((config.image.empty() || !fs::exists(config.image)));
  }
  SECTION("it is lost") {
    CHECK(forgetLostPool(engine, "test"));
  }
  SECTION("it went with a destroy that was killed before the catalogue knew") {
    Journal(engine.journalFile("pool.test"), "pool destroy").step("destroy");
    destroyPool(engine, "test");
    CHECK_FALSE(fs::exists(engine.journalFile("pool.test")));
  }
  CHECK(engine.catalogue().pools().empty());
}

namespace {

// In the user's own zpool.
PoolRequest insideOf(const test::PoolStorage& users) {
  PoolRequest request;
  request.name = "inner";
  request.kind = PoolKind::zfs;
  request.dataset = "dlpx-mysql-" + users.config().id;
  return request;
}

}  // namespace

TEST_CASE("a pool in an exported zpool of the user's is not destroyed") {
  const test::PoolStorage users("zfs");
  openPool(users.config())->create();
  const test::FakeHooks hooks;
  const test::Scratch home;
  Engine engine({home / "engine", hooks.directory()});
  const PoolRequest request = insideOf(users);
  const PoolConfig made = createPool(engine, request);
  users.takeAway();
  CHECK_THROWS_AS(destroyPool(engine, "inner"), Error);
  CHECK(engine.catalogue().findPool("inner"));
  users.giveBack();
  openPool(users.config())->mount();
  destroyPool(engine, "inner");
  CHECK(engine.catalogue().pools().empty());
  CHECK_THROWS_AS(openPool(made)->mount(), Error);
}

TEST_CASE("a pool in a zfs dataset of the user's is made once, told with its dataset, and goes without it") {
  const test::PoolStorage users("zfs");
  const auto storage = openPool(users.config());
  storage->create();
  const test::FakeHooks hooks;
  const test::Scratch home;
  Engine engine({home / "engine", hooks.directory()});
  PoolRequest request = insideOf(users);
  const PoolConfig made = createPool(engine, request);
  CHECK(createPool(engine, request).id == made.id);
  CHECK(made.image.empty());
  CHECK(poolReport(engine, "inner").json["pools"][0]["dataset"] == request.dataset);
  link(engine, {"shop", "", {}, 0, 0});
  provision(engine, {"dev", "shop", {}, 0, 0});

  request.dataset += "/other";
  CHECK_THROWS_AS(createPool(engine, request), Error);
  for (const char* name : {"dev", "shop"}) remove(engine, name);
  destroyPool(engine, "inner");
  CHECK(engine.catalogue().pools().empty());
  storage->check();
}
