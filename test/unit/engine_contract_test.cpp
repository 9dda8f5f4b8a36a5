#include <functional>
#include <map>

#include "base/text.h"
#include "engine/report.h"
#include "engine/workflows.h"
#include "support/catch.h"
#include "support/engine_host.h"

using namespace dlpx;
using Names = std::vector<std::string>;

namespace {

// The workflows as the engine's contract lists them: what is called, in order. "*point*" is the user's own
// hook; `linked` and `virtual` are where the others are.
struct Workflow {
  const char* title;
  const char* room;
  const char* calls;
};

constexpr Workflow kContract[] = {
    {"link", "linked", "mount-specification *pre-sync* pre-snapshot post-snapshot *post-sync*"},
    {"sync", "linked", "mount-specification *pre-sync* pre-snapshot post-snapshot *post-sync*"},
    {"resync", "linked", "mount-specification *pre-sync* pre-snapshot post-snapshot *post-sync*"},
    {"disable the dSource", "linked", "stop-staging"},
    {"enable the dSource", "linked", "status mount-specification start-staging"},
    {"provision", "virtual", "mount-specification configure *configure-clone* pre-snapshot post-snapshot"},
    {"create-empty", "virtual", "mount-specification initialize *configure-clone*"},
    {"snapshot", "virtual", "*pre-snapshot* pre-snapshot post-snapshot *post-snapshot*"},
    {"refresh", "virtual",
     "*pre-refresh* unconfigure mount-specification configure *configure-clone* *post-refresh*"},
    {"rewind", "virtual", "*pre-rollback* unconfigure mount-specification reconfigure *post-rollback*"},
    {"stop", "virtual", "*pre-stop* stop *post-stop*"},
    {"start", "virtual", "*pre-start* mount-specification start *post-start*"},
    {"disable", "virtual", "unconfigure"},
    {"enable", "virtual", "status mount-specification reconfigure"},
    {"enable what runs", "virtual", "status"},
    {"size", "virtual", "size"},
    {"delete", "virtual", "*pre-stop* unconfigure cleanup *post-stop*"},
    {"delete the dSource", "linked", "stop-staging"},
};

Names expected(const Workflow& workflow, const std::string& object) {
  Names calls;
  for (const std::string& word : split(workflow.calls, ' ')) {
    const bool user = word.front() == '*';
    calls.push_back((user ? "user/" + word.substr(1, word.size() - 2) : workflow.room + ("/" + word)) + " " +
                    object);
  }
  return calls;
}

ObjectSettings withHooks(const test::EngineHost& host, const Names& points) {
  ObjectSettings settings;
  for (const std::string& point : points) settings.userHooks[point] = host.hooks.userScript(point);
  return settings;
}

}  // namespace

TEST_CASE("every workflow calls what the contract's table says, in its order") {
  test::EngineHost host;
  Engine& engine = host.engine;
  const ObjectSettings shop = withHooks(host, {"pre-sync", "post-sync"});
  const ObjectSettings dev =
      withHooks(host, {"configure-clone", "pre-snapshot", "post-snapshot", "pre-refresh", "post-refresh",
                       "pre-rollback", "post-rollback", "pre-start", "post-start", "pre-stop", "post-stop"});
  const std::map<std::string, std::pair<std::string, std::function<void()>>> actions = {
      {"link",
       {"shop",
        [&] {
          link(engine, {"shop", "", shop, 0, 0});
        }}},
      {"sync", {"shop", [&] { sync(engine, "shop", false); }}},
      {"resync", {"shop", [&] { sync(engine, "shop", true); }}},
      {"disable the dSource", {"shop", [&] { disable(engine, "shop"); }}},
      {"enable the dSource", {"shop", [&] { enable(engine, "shop"); }}},
      {"provision",
       {"dev",
        [&] {
          provision(engine, {"dev", "shop", dev, 0, 0});
        }}},
      {"create-empty",
       {"blank",
        [&] {
          createEmpty(engine, {"blank", "", dev, 0, 0});
        }}},
      {"snapshot", {"dev", [&] { takeVdbSnapshot(engine, "dev"); }}},
      {"refresh", {"dev", [&] { refresh(engine, "dev", std::nullopt); }}},
      {"rewind", {"dev", [&] { rewind(engine, "dev", std::nullopt); }}},
      {"stop", {"dev", [&] { stop(engine, "dev"); }}},
      {"start", {"dev", [&] { start(engine, "dev"); }}},
      {"disable", {"dev", [&] { disable(engine, "dev"); }}},
      {"enable", {"dev", [&] { enable(engine, "dev"); }}},
      {"enable what runs", {"dev", [&] { enable(engine, "dev"); }}},
      {"size", {"dev", [&] { sizeReport(engine, "dev"); }}},
      {"delete", {"dev", [&] { remove(engine, "dev"); }}},
      {"delete the dSource", {"shop", [&] { remove(engine, "shop"); }}},
  };
  REQUIRE(actions.size() == std::size(kContract));
  for (const Workflow& workflow : kContract) {
    const auto& [object, action] = actions.at(workflow.title);
    INFO(workflow.title);
    action();
    CHECK(host.hooks.calls() == expected(workflow, object));
  }
}

TEST_CASE("a masking script sees how to connect, and no password") {
  test::EngineHost host;
  ObjectSettings settings = withHooks(host, {"configure-clone"});
  const fs::path password = host.home / "app.password";
  writeFile(password, "not-to-be-seen\n", {0600, std::nullopt});
  settings.parameters = {{"user", {"app"}}, {"password_file", {password.string()}}};
  const EngineObject blank = createEmpty(host.engine, {"blank", "", settings, 0, 0});
  const std::string seen = host.hooks.environmentOf("user/configure-clone");
  const auto sees = [&](const std::string& line) { return seen.find(line + "\n") != std::string::npos; };
  CHECK(sees("DLPX_MYSQL_NAME=blank"));
  CHECK(sees("DLPX_MYSQL_HOST=127.0.0.1"));
  CHECK(sees("DLPX_MYSQL_PORT=" + std::to_string(blank.port)));
  CHECK(sees("DLPX_MYSQL_USER=app"));
  CHECK(sees("DLPX_MYSQL_PASSWORD_FILE=" + password.string()));
  CHECK(sees("DLPX_MYSQL_SOCKET=" + (host.mount("blank") / "mysql.sock").string()));
  CHECK(sees("DLPX_DATA_DIRECTORY=" + host.mount("blank").string()));
  CHECK(seen.find("not-to-be-seen") == std::string::npos);
}

TEST_CASE("an empty vdb is whole: repeated, snapshotted, rewound, and nothing is left of a failed one") {
  test::EngineHost host;
  Engine& engine = host.engine;
  const EmptyVdbRequest request = {"blank", "", {}, 0, 0};
  host.hooks.fail("virtual/initialize");
  CHECK_THROWS_AS(createEmpty(engine, request), Error);
  CHECK(engine.catalogue().objects().empty());
  CHECK(engine.pool("plain")->datasets().empty());
  host.hooks.fail("");
  const EngineObject blank = createEmpty(engine, request);
  CHECK(createEmpty(engine, request).id == blank.id);
  CHECK_THROWS_AS(createEmpty(engine, {"blank", "", {{{"profile", {"small"}}}, {}}, 0, 0}), Error);
  CHECK(host.data("blank") == "empty");
  takeVdbSnapshot(engine, "blank");
  host.change("blank", "changed");
  rewind(engine, "blank", std::nullopt);
  CHECK(host.data("blank") == "empty");
  CHECK_THROWS_AS(refresh(engine, "blank", std::nullopt), Error);  // from where?
  CHECK(sizeReport(engine, "blank").json["bytes"] == 6);
  remove(engine, "blank");
  CHECK(host.hooks.running().empty());
}
