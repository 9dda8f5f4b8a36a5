#include "base/json_full.h"
#include "base/log.h"
#include "engine/dry_run.h"
#include "engine/report.h"
#include "support/catch.h"
#include "support/engine_host.h"

using namespace dlpx;
using test::errorOf;
using Names = std::vector<std::string>;
using Host = test::EngineHost;

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

TEST_CASE("a dry run leaves the catalogue of an older version as it is") {
  Host host;
  host.linkShop();
  const fs::path home = host.engine.home(), file = home / "catalogue.db";
  const fs::path old = host.home / "old";
  fs::create_directory(old);
  fs::copy_file(file, old / "catalogue.db");
  fs::copy_file(file.string() + "-wal", old / "catalogue.db-wal");
  {
    Database first(old / "catalogue.db");
    first.execute("ALTER TABLE pool DROP COLUMN dataset");
    first.execute("PRAGMA user_version = 1");
  }
  const std::string before = readFile(old / "catalogue.db");
  {
    Engine engine{{old, host.hooks.directory(), true}};
    CHECK_FALSE(planRemove(engine, "shop").empty());
    CHECK(readFile(old / "catalogue.db") == before);
  }
  CHECK(readFile(old / "catalogue.db") == before);
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(old)) files += entry.exists() ? 1 : 0;
  CHECK(files == 1);
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
