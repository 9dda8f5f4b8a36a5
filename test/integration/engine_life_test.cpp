// The life of dSources and VDBs under the local engine, with the real hooks and real servers.

#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "process/proc.h"
#include "support/catch.h"
#include "support/paths.h"
#include "support/tools.h"
#include "support/zfs_service.h"

using namespace dlpx;
using namespace dlpx::test;
using Words = std::vector<std::string>;

namespace {

constexpr std::string_view kCount = "SELECT COUNT(*) FROM shop.orders";
constexpr std::string_view kOrder = "INSERT INTO shop.orders (what) VALUES ('another')";

Json engine(const Shop& shop, Words words) {
  words.insert(words.begin(), "dlpx-mysql-engine");
  return shop.host.json(words);
}

std::string snapshotOf(const Shop& shop, const std::string& name) {
  return engine(shop, {"snapshot", name}).at("name");
}

Words snapshotsOf(const Shop& shop, const std::string& name) {
  Words names;
  const Json told = engine(shop, {"snapshots", name});
  for (const Json& snapshot : told.at("snapshots")) names.push_back(snapshot.at("name"));
  return names;
}

std::string statusOf(const Shop& shop, const std::string& name) {
  return engine(shop, {"status", name}).at("status");
}

fs::path mountOf(const Shop& shop, const std::string& name) {
  return engine(shop, {"status", name}).at("mount").get<std::string>();
}

void killAllBelow(const fs::path& directory) {
  for (const ProcessFacts& process : processesUsing(directory))
    CHECK(killProcess(process, Deadline::in(Seconds(20))));
}

using Variables = std::map<std::string, std::string>;

// A hook as an engine calls it: its words, or an error. It ends when nobody holds its output, or another
// descriptor of its caller, open any more: mysqld must not.
Finished hook(const Shop& shop, const std::string& name, const std::string& script, Variables more = {}) {
  Command command;
  const std::string piped = "set -o pipefail; bash \"$1\" 7>&1 | cat";
  command.argv = {"bash", "-c", piped, "-", sourceDir() + "/hooks/" + script + ".sh"};
  command.environment = std::move(more);
  command.environment.insert({{"DLPX_MYSQL_BIN_DIR", binDir()},
                              {"DLPX_MYSQL_HOME", shop.host.home()},
                              {"DLPX_MYSQL_REGISTRY", shop.host / "registry"},
                              {"DLPX_MYSQL_CONFIG", shop.host.home() / "config" / (name + ".yaml")}});
  command.deadline = Deadline::in(Seconds(120));
  return run(command);
}

// Runs it twice, with the same result. Returns what it said.
std::string twice(const Shop& shop, const std::string& name, const std::string& script,
                  const Variables& more = {}) {
  std::string said;
  for (int i = 0; i < 2; ++i) {
    const Finished finished = hook(shop, name, script, more);
    INFO("run " << i + 1 << " of " << script << ": " << finished.err);
    CHECK(finished.exitCode == 0);
    said = finished.out;
  }
  return said;
}

}  // namespace

TEST_CASE(
    "a vdb is rewound forth and back, has children, survives the loss of everything, and retention spares "
    "what others need") {
  const Shop shop;
  shop.link();
  const uint16_t port = test::freePort();
  shop.provision("dev", port);
  const auto orders = [&] { return shop.onVdb(port).number(kCount); };

  // Rewind back, forth, back again; later snapshots stay.
  const std::string first = snapshotOf(shop, "dev");
  shop.onVdb(port).execute(kOrder);
  const std::string second = snapshotOf(shop, "dev");
  shop.onVdb(port).execute("DELETE FROM shop.orders");
  engine(shop, {"rewind", "dev", "--to", first});
  CHECK(orders() == 1000);
  engine(shop, {"rewind", "dev", "--to", second});
  CHECK(orders() == 1001);
  engine(shop, {"rewind", "dev", "--to", first});
  CHECK(orders() == 1000);
  shop.onVdb(port).execute("DELETE FROM shop.orders WHERE id <= 10");
  const std::string third = snapshotOf(shop, "dev");
  engine(shop, {"rewind", "dev", "--to", second});
  CHECK(orders() == 1001);

  // A VDB of a VDB's snapshot is independent of it.
  const uint16_t childPort = test::freePort();
  Words child = shop.provisionCommand("child", childPort);
  std::replace(child.begin(), child.end(), std::string("shop"), "dev@" + third);
  shop.host.json(child);
  CHECK(shop.onVdb(childPort).number(kCount) == 990);
  CHECK_FALSE(shop.host.tool({"dlpx-mysql-engine", "delete", "dev@" + third}).ok());

  // The dSource is synced while a VDB stops and starts.
  std::thread syncs([&] {
    for (int i = 0; i < 2; ++i) CHECK(shop.host.tool({"dlpx-mysql-engine", "sync", "shop"}).ok());
  });
  for (const char* word : {"stop", "start", "stop", "start"})
    CHECK(shop.host.tool({"dlpx-mysql-engine", word, "dev"}).ok());
  syncs.join();
  CHECK(orders() == 1001);
  CHECK(snapshotsOf(shop, "shop").size() == 3);

  // Disabled means: no process, no open file, no port.
  engine(shop, {"disable", "dev"});
  CHECK(processesUsing(mountOf(shop, "dev")).empty());
  CHECK_FALSE(listenerOf(port));
  CHECK(statusOf(shop, "dev") == "INACTIVE");
  engine(shop, {"enable", "dev"});
  CHECK(orders() == 1001);

  // A reboot: every server is gone at once and no pool is mounted. What was enabled runs again, no more.
  shop.onVdb(port).execute(kOrder);
  engine(shop, {"stop", "child"});
  killAllBelow(shop.host.home() / "pools");
  REQUIRE(waitUntil(Deadline::in(Seconds(20)), [&] {  // the kernel closes a killed server's files a bit later
    return umount((shop.host.home() / "pools" / "default").c_str()) == 0;
  }));
  engine(shop, {"up"});
  CHECK(orders() == 1002);
  CHECK(shop.onStaging().number(kCount) == 1000);
  CHECK(statusOf(shop, "child") == "INACTIVE");
  engine(shop, {"up"});
  engine(shop, {"start", "child"});
  CHECK(shop.onVdb(childPort).number(kCount) == 990);

  // Retention keeps what the child (third) and dev itself (second) were made from, and what the snapshots of
  // dev were taken on (the oldest of shop).
  const Words before = snapshotsOf(shop, "shop");
  engine(shop, {"retention", "--keep-last", "1"});
  const Words kept = snapshotsOf(shop, "dev");
  CHECK(std::count(kept.begin(), kept.end(), second) == 1);
  CHECK(std::count(kept.begin(), kept.end(), third) == 1);
  CHECK(snapshotsOf(shop, "shop") == Words{before.front(), before.back()});
  engine(shop, {"rewind", "dev", "--to", second});
  CHECK(orders() == 1001);
  CHECK(shop.onVdb(childPort).number(kCount) == 990);

  CHECK_FALSE(shop.host.tool({"dlpx-mysql-engine", "delete", "dev"}).ok());
  for (const char* name : {"child", "dev", "shop"}) engine(shop, {"delete", name});
  CHECK(shop.host.processesLeft().empty());
}

TEST_CASE("a dsource and its vdb live on a zfs pool as on any other, from link to delete") {
  test::ZfsService::start();
  const Shop shop("");
  const std::string image = shop.host / "zfs.img";
  engine(shop, {"pool", "create", "--driver", "zfs", "--image", image, "--size", "3G"});
  shop.link();
  const uint16_t port = test::freePort();
  shop.provision("dev", port);
  const auto orders = [&] { return shop.onVdb(port).number(kCount); };
  CHECK(orders() == 1000);

  shop.source.root().execute(kOrder);
  REQUIRE(waitUntil(Deadline::in(Seconds(60)), [&] { return shop.onStaging().number(kCount) == 1001; }));
  engine(shop, {"sync", "shop"});
  engine(shop, {"refresh", "dev"});
  CHECK(orders() == 1001);
  shop.onVdb(port).execute(kOrder);
  const std::string mine = snapshotOf(shop, "dev");
  shop.onVdb(port).execute("DELETE FROM shop.orders");
  engine(shop, {"rewind", "dev", "--to", mine});
  CHECK(orders() == 1002);
  CHECK(engine(shop, {"status", "shop"}).at("ownBytes").get<uint64_t>() > 0);

  killAllBelow(shop.host.home() / "pools");
  const fs::path root = shop.host.home() / "pools" / "default";
  const Finished named = run({.argv = {"zfs", "list", "-H", "-o", "name", root}});
  REQUIRE(waitUntil(Deadline::in(Seconds(20)), [&] {
    return run({.argv = {"zpool", "export", trim(named.out)}}).ok();
  }));
  CHECK_FALSE(fs::exists(root / "mounts"));
  engine(shop, {"up"});
  CHECK(orders() == 1002);
  CHECK(shop.onStaging().number(kCount) == 1001);

  for (const char* name : {"dev", "shop"}) engine(shop, {"delete", name});
  engine(shop, {"pool", "destroy"});
  CHECK(shop.host.processesLeft().empty());
  CHECK_FALSE(fs::exists(image));
}

TEST_CASE("every hook can be run twice") {
  const Shop shop;
  shop.link();
  const uint16_t port = test::freePort();
  shop.provision("dev", port);

  for (const char* script : {"mount-specification", "stop-staging", "start-staging", "pre-snapshot",
                             "post-snapshot", "worker", "size"})
    twice(shop, "shop", std::string("linked/") + script);
  CHECK(twice(shop, "shop", "linked/status") == "ACTIVE\n");
  CHECK(shop.onStaging().number(kCount) == 1000);
  twice(shop, "shop", "linked/stop-staging");
  CHECK(twice(shop, "shop", "linked/status") == "INACTIVE\n");
  // A resync of the whole, twice: the second replaces what the first has made.
  twice(shop, "shop", "linked/pre-snapshot", {{"DLPX_MYSQL_RESYNC", "true"}});
  twice(shop, "shop", "linked/post-snapshot");
  CHECK(shop.onStaging().number(kCount) == 1000);

  for (const char* script : {"mount-specification", "configure", "stop", "start", "unconfigure",
                             "reconfigure", "pre-snapshot", "post-snapshot", "size"})
    twice(shop, "dev", std::string("virtual/") + script);
  CHECK(twice(shop, "dev", "virtual/status") == "ACTIVE\n");
  CHECK(shop.onVdb(port).number(kCount) == 1000);
  twice(shop, "dev", "virtual/unconfigure");
  CHECK(twice(shop, "dev", "virtual/status") == "INACTIVE\n");
  twice(shop, "dev", "virtual/cleanup");
  CHECK(isEmptyDirectory(mountOf(shop, "dev")));
  twice(shop, "dev", "virtual/initialize");
  CHECK(shop.onVdb(port).number("SELECT COUNT(*) FROM mysql.user WHERE user = 'app'") > 0);
  twice(shop, "dev", "virtual/unconfigure");
  twice(shop, "dev", "virtual/cleanup");

  const fs::path result = shop.host / "result.json";
  CHECK(Json::parse(twice(shop, "shop", "discovery/repository", {{"DLPX_OUTPUT_FILE", result}})).is_array());
  CHECK(readJson(result).is_array());
  CHECK(Json::parse(twice(shop, "shop", "discovery/source-config")).is_array());
}

TEST_CASE(
    "hooks take what the archived plugin gives them, with blanks, quotes and empty optional variables") {
  const Shop shop("");
  const uint16_t vdbPort = test::freePort();
  const fs::path staging = shop.host / "a 'staging' mount", clone = shop.host / "a \"vdb\" mount";
  const std::string basedir = shop.source.basedir(), port = std::to_string(vdbPort);
  const Variables linked = {{"DLPX_MYSQL_CONFIG", ""},
                            {"DLPX_BIN", ""},
                            {"MYSQLD", basedir + "/bin"},
                            {"STAGINGSERVERID", "4711"},
                            {"STAGINGPORT", std::to_string(shop.stagingPort)},
                            {"STAGINGCONN", "-umanager --host=localhost -p"},
                            {"STAGINGPASS", shop.staging.reveal()},
                            {"STAGINGDATADIR", staging},
                            {"LOGSYNC", "true"},
                            {"SOURCEIP", "127.0.0.1"},
                            {"SOURCEPORT", std::to_string(shop.source.port())},
                            {"SOURCECONN", "-ucopier --host=127.0.0.1 -p"},
                            {"SOURCEPASS", shop.copier.reveal()},
                            {"BACKUP_PATH", ""},
                            {"REPLICATION_USER", ""},
                            {"REPLICATION_PASS", ""}};
  const auto with = [](Variables all, const Variables& more) {
    for (const auto& [name, value] : more) all[name] = value;
    return all;
  };
  REQUIRE(hook(shop, "", "linked/pre-snapshot", with(linked, {{"DLPX_MYSQL_RESYNC", "true"}})).ok());
  twice(shop, "", "linked/post-snapshot", linked);
  twice(shop, "", "linked/pre-snapshot", with(linked, {{"DLPX_MYSQL_RESYNC", ""}}));  // a policy's
  CHECK(Json::parse(twice(shop, "", "linked/post-snapshot", linked)).at("snapPort") ==
        linked.at("STAGINGPORT"));
  const Variables byPort = {{"DLPX_MYSQL_CONFIG", ""}, {"STAGINGPORT", linked.at("STAGINGPORT")}};
  CHECK(twice(shop, "", "linked/status", byPort) == "ACTIVE\n");
  twice(shop, "", "linked/stop-staging", byPort);

  runChecked({.argv = {"cp", "-a", staging, clone}}, ExitCode::internal, "cannot copy the mount");
  const Variables virtualOnes = {{"DLPX_MYSQL_CONFIG", ""},
                                 {"DLPX_DATA_DIRECTORY", clone},
                                 {"MYSQLD", basedir + "/bin"},
                                 {"VDBCONN", "-uapp --host=localhost -p"},
                                 {"VDBPASS", shop.vdb.reveal()},
                                 {"MYBASEDIR", ""},
                                 {"PORT", port},
                                 {"SERVERID", "4712"},
                                 {"MYCONFIG", "max_connections=77\ninit_connect=SET @a = 'x y'\n"},
                                 {"STAGED_ROOT_PASS", ""}};
  CHECK(Json::parse(twice(shop, "", "virtual/configure", virtualOnes)).at("port") == port);
  CHECK(shop.onVdb(vdbPort).number(kCount) == 1000);
  CHECK(shop.onVdb(vdbPort).variable("init_connect") == "SET @a = 'x y'");
  CHECK(twice(shop, "", "virtual/status", virtualOnes) == "ACTIVE\n");
  twice(shop, "", "virtual/unconfigure", virtualOnes);
  twice(shop, "", "linked/start-staging", linked);
  twice(shop, "", "linked/stop-staging", linked);
}
