// A VDB and its replica, from one snapshot, on real servers.

#include <algorithm>

#include "base/text.h"
#include "mysql/dialect.h"
#include "process/proc.h"
#include "support/catch.h"
#include "support/paths.h"
#include "support/tools.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

// The pair "dev" and "dev-replica" of the newest snapshot of "shop".
struct DevPair {
  const Shop& shop;
  uint16_t port;
  uint16_t replicaPort = 0;

  Json engine(std::vector<std::string> words) const {
    words.insert(words.begin(), "dlpx-mysql-engine");
    return shop.host.json(words);
  }
  std::vector<std::string> command() const {
    std::vector<std::string> words = shop.provisionCommand("dev", port);
    words.insert(words.end(), {"--with-replica", "--profile", "small"});
    return words;
  }
  Json replication() const { return engine({"status", "dev-replica"}).at("replication"); }
  Session primary() const { return shop.onVdb(port); }
  Session replica() const { return shop.onVdb(replicaPort); }
  // A row is written to the primary, and comes to the replica.
  void follows(const std::string& what) const {
    INFO(what);
    Session primary = this->primary(), replica = this->replica();
    primary.execute("INSERT INTO shop.orders (what) VALUES (?)", what);
    CHECK(replica.number("SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 60)", primary.variable("gtid_executed")) == 0);
    CHECK(replica.number("SELECT COUNT(*) FROM shop.orders WHERE what = ?", what) == 1);
    CHECK(replica.number("SELECT COUNT(*) FROM shop.orders") ==
          primary.number("SELECT COUNT(*) FROM shop.orders"));
  }
};

std::vector<std::string> replicasOf(Session server) {
  std::vector<std::string> ids;
  for (const Row& row : server.query(std::string_view(Dialect(server.version()).showReplicas())))
    ids.push_back(row.text("Server_Id"));
  return ids;
}

// Wired to each other, and to nothing else.
void checkWiring(const DevPair& pair) {
  Session primary = pair.primary(), replica = pair.replica();
  CHECK(primary.query("SHOW REPLICA STATUS").empty());
  const Rows channels = replica.query("SHOW REPLICA STATUS");
  REQUIRE(channels.size() == 1);
  CHECK(channels[0].text("Source_Host") == "127.0.0.1");
  CHECK(channels[0].text("Source_Port") == std::to_string(pair.port));
  CHECK(channels[0].text("Source_UUID") == primary.variable("server_uuid"));
  CHECK(channels[0].text("Auto_Position") == "1");
  CHECK(channels[0].text("Source_SSL_Allowed") == "Yes");
  CHECK(replica.variable("server_uuid") != primary.variable("server_uuid"));
  CHECK(replica.variable("super_read_only") == "ON");
  CHECK(replica.variable("event_scheduler") == "OFF");
  CHECK(replica.number("SELECT COUNT(*) FROM mysql.slave_master_info WHERE User_password <> ''") == 0);
  CHECK(primary.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'dlpx_replica'") == 1);
  CHECK(replica.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'dlpx_replica'") == 0);
  CHECK(replicasOf(pair.primary()) == std::vector{replica.variable("server_id")});
  CHECK(replicasOf(pair.replica()).empty());
  CHECK(replicasOf(pair.shop.onStaging()).empty());
  CHECK(replicasOf(pair.shop.source.root()) == std::vector{pair.shop.onStaging().variable("server_id")});
}

void killServerOf(const DevPair& pair, const std::string& name) {
  const fs::path mount = pair.engine({"status", name}).at("mount").get<std::string>();
  for (const ProcessFacts& process : processesUsing(mount))
    CHECK(killProcess(process, Deadline::in(Seconds(20))));
}

}  // namespace

TEST_CASE("a vdb and its replica of one snapshot follow each other and nothing else, all their life") {
  const Shop shop;
  shop.link();
  DevPair pair{shop, test::freePort()};

  // The replica cannot be made: the primary's user hook has stopped it. Nothing is left of either.
  const fs::path script = shop.host / "stop.sh";
  writeFile(script,
            "\"$DLPX_MYSQL_BIN_DIR\"/dlpx-mysql-vdb stop --mount \"$DLPX_DATA_DIRECTORY\" >/dev/null\n",
            {0700, std::nullopt});
  std::vector<std::string> failing = pair.command();
  failing.insert(failing.end(), {"--hook", "configure-clone=" + script.string()});
  const Finished failed = shop.host.tool(failing);
  INFO(failed.err);
  CHECK(failed.exitCode == 22);
  CHECK(pair.engine({"list"}).at("objects").size() == 1);
  CHECK_FALSE(listenerOf(pair.port));

  shop.host.json(pair.command());
  pair.replicaPort = pair.engine({"status", "dev-replica"}).at("port").get<uint16_t>();
  checkWiring(pair);
  pair.follows("first");
  CHECK(pair.replication().at("state") == "running");
  CHECK(pair.replication().at("lagSeconds") == 0);
  CHECK_THROWS_AS(pair.replica().execute("DELETE FROM shop.orders"), SqlError);

  // Rewound together: what came after is gone in both, and they go on.
  pair.engine({"snapshot", "dev"});
  pair.follows("gone");
  pair.engine({"rewind", "dev"});
  CHECK(pair.primary().number("SELECT COUNT(*) FROM shop.orders") == 1001);
  pair.follows("after rewind");
  CHECK(pair.replica().number("SELECT COUNT(*) FROM shop.orders WHERE what = 'gone'") == 0);

  // The primary alone dies: the replica waits for it. Then both: up starts them in order.
  killServerOf(pair, "dev");
  pair.engine({"up"});
  pair.follows("after a crash of the primary");
  pair.engine({"stop", "dev"});
  CHECK_FALSE(listenerOf(pair.replicaPort));
  // Alone the replica cannot follow, and says so.
  CHECK(shop.host.tool({"dlpx-mysql-engine", "start", "dev-replica"}).exitCode == 22);
  pair.engine({"start", "dev"});
  pair.follows("after stop and start");

  shop.source.root().execute("INSERT INTO shop.orders (what) VALUES ('from the source')");
  const std::string executed = shop.source.root().variable("gtid_executed");
  CHECK(shop.onStaging().number("SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 60)", executed) == 0);
  pair.engine({"sync", "shop"});
  pair.engine({"refresh", "dev"});
  checkWiring(pair);
  pair.follows("after refresh");
  CHECK(pair.replica().number("SELECT COUNT(*) FROM shop.orders WHERE what = 'from the source'") == 1);

  pair.engine({"delete", "dev"});
  CHECK(pair.engine({"list"}).at("objects").size() == 1);
  CHECK_FALSE(listenerOf(pair.port));
  CHECK_FALSE(listenerOf(pair.replicaPort));
}

TEST_CASE("a pair of a parent without gtids follows by gtids, also when its making was killed") {
  Shop shop;
  shop.source.setOptions({"gtid_mode=OFF", "plugin-load-add=mysql_clone.so"});
  shop.source.restart();
  shop.link();
  CHECK(shop.onStaging().variable("gtid_mode") == "OFF");
  DevPair pair{shop, test::freePort()};
  const fs::path log = shop.host / "steps";
  for (const char* step : {"record the VDB", "configure", "replicate"}) {
    INFO(step);
    const Finished killed = shop.host.tool(pair.command(), {{"LD_PRELOAD", killAtStepLibrary()},
                                                            {"KILL_AT_STEP_LOG", log.string()},
                                                            {"KILL_AT_STEP_NAME", step}});
    CHECK_FALSE(killed.ok());
  }
  shop.host.json(pair.command());
  pair.replicaPort = pair.engine({"status", "dev-replica"}).at("port").get<uint16_t>();
  checkWiring(pair);
  pair.follows("without gtids at the source");
  for (const char* step : {"unconfigure", "clone", "remove what was set aside"}) {
    INFO(step);
    const Finished killed =
        shop.host.tool({"dlpx-mysql-engine", "refresh", "dev"}, {{"LD_PRELOAD", killAtStepLibrary()},
                                                                 {"KILL_AT_STEP_LOG", log.string()},
                                                                 {"KILL_AT_STEP_NAME", step}});
    CHECK_FALSE(killed.ok());
    pair.engine({"refresh", "dev"});
    checkWiring(pair);
    pair.follows(std::string("after a refresh killed at ") + step);
  }
  const Finished killed =
      shop.host.tool({"dlpx-mysql-engine", "delete", "dev"}, {{"LD_PRELOAD", killAtStepLibrary()},
                                                              {"KILL_AT_STEP_LOG", log.string()},
                                                              {"KILL_AT_STEP_NAME", "remove the storage"}});
  CHECK_FALSE(killed.ok());
  pair.engine({"delete", "dev"});
  CHECK(pair.engine({"list"}).at("objects").size() == 1);
  CHECK_FALSE(listenerOf(pair.port));
  CHECK_FALSE(listenerOf(pair.replicaPort));
}
