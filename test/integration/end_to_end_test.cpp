// The main job through the executables and the hooks, as an operator runs it: source → staging → snapshot →
// VDBs.

#include <atomic>
#include <thread>

#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "support/catch.h"
#include "support/secret_watch.h"
#include "support/tools.h"

using namespace dlpx;
using test::Shop;

namespace {

constexpr std::string_view countOrders = "SELECT COUNT(*) FROM shop.orders";

// Asks a server something over and over, each time by a new connection, and counts what failed.
class Poller {
 public:
  Poller(std::function<Session()> connect, std::string statement)
      : thread_([this, connect = std::move(connect), statement = std::move(statement)] {
          while (!stopping_) {
            try {
              connect().execute(std::string_view(statement));
              ++answered_;
            } catch (const Error& e) {
              ++failed_;
              lastError_ = e.what();
            }
          }
        }) {}
  ~Poller() { stop(); }

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int answered() const { return answered_; }
  int failed() const { return failed_; }
  const std::string& lastError() const { return lastError_; }  // after stop()

 private:
  std::atomic<bool> stopping_ = false;
  std::atomic<int> answered_ = 0;
  std::atomic<int> failed_ = 0;
  std::string lastError_;
  std::thread thread_;
};

bool stagingHas(const Shop& shop, uint64_t orders) {
  return waitUntil(Deadline::in(Seconds(30)), [&] { return shop.onStaging().number(countOrders) == orders; });
}

// Everything about a source that a visitor could have changed.
std::string factsOf(const test::MysqlServer& source) {
  Session root = source.root();
  std::string all;
  for (const char* statement :
       {"CHECKSUM TABLE shop.orders",
        "SELECT user, host, authentication_string, plugin FROM mysql.user ORDER BY user, host",
        "SHOW GRANTS FOR copier@'%'", "SHOW BINARY LOG STATUS", "SHOW BINARY LOGS",
        "SELECT * FROM performance_schema.global_variables WHERE VARIABLE_NAME <> 'timestamp' ORDER BY 1",
        "SHOW DATABASES", "SHOW PLUGINS"}) {
    for (const Row& row : root.query(std::string_view(statement))) {
      for (size_t i = 0; i < row.size(); ++i) all += row[i].value_or("NULL") + "\t";
      all += "\n";
    }
  }
  return all;
}

}  // namespace

TEST_CASE("a source becomes staging, snapshots and two independent vdbs, and a refresh brings new data") {
  const Shop shop;
  shop.link();
  shop.source.root().execute("INSERT INTO shop.orders (what) VALUES ('after the link')");
  REQUIRE(stagingHas(shop, 1001));
  shop.host.json({"dlpx-mysql-engine", "sync", "shop"});

  const uint16_t devPort = test::freePort();
  shop.provision("dev", devPort);
  const uint16_t testPort = test::freePort();
  shop.provision("test", testPort);
  Session dev = shop.onVdb(devPort);
  CHECK(dev.number(countOrders) == 1001);
  dev.execute("DELETE FROM shop.orders WHERE id <= 500");
  CHECK(shop.onVdb(testPort).number(countOrders) == 1001);
  CHECK(shop.source.root().number(countOrders) == 1001);
  CHECK(dev.query("SHOW REPLICA STATUS").empty());
  // A VDB has the server's own Performance Schema, not staging's small one.
  CHECK(shop.onStaging().number("SELECT @@performance_schema_digests_size") == 0);
  CHECK(dev.number("SELECT @@performance_schema_digests_size") > 0);
  CHECK(dev.value("SELECT @@server_uuid") != shop.source.root().value("SELECT @@server_uuid"));

  shop.source.root().execute("INSERT INTO shop.orders (what) VALUES ('before the refresh')");
  REQUIRE(stagingHas(shop, 1002));
  shop.host.json({"dlpx-mysql-engine", "sync", "shop"});
  shop.host.json({"dlpx-mysql-engine", "refresh", "test"});
  CHECK(shop.onVdb(testPort).number(countOrders) == 1002);
  CHECK(dev.number(countOrders) == 501);

  CHECK_FALSE(shop.host.tool({"dlpx-mysql-engine", "delete", "shop"}).ok());  // it has dependents
  for (const char* name : {"dev", "test", "shop"}) shop.host.json({"dlpx-mysql-engine", "delete", name});
  CHECK(shop.host.processesLeft().empty());
}

TEST_CASE(
    "staging answers all through a hot sync, its replication does not pause, and no errant transaction "
    "appears") {
  const Shop shop;
  shop.link();
  Session watcher = shop.onStaging();
  const auto appliers = [&] {
    return watcher.value(
        "SELECT GROUP_CONCAT(THREAD_ID ORDER BY WORKER_ID) FROM "
        "performance_schema.replication_applier_status_by_worker");
  };
  const auto before = appliers();
  Poller client([&] { return shop.onStaging(); }, std::string(countOrders));
  for (int i = 0; i < 2; ++i) shop.host.json({"dlpx-mysql-engine", "sync", "shop"});
  client.stop();
  INFO(client.lastError());
  CHECK(client.failed() == 0);
  CHECK(client.answered() > 0);
  CHECK(appliers() == before);  // the same threads: none was stopped and started
  const std::string sourceSet = shop.source.root().value("SELECT @@GLOBAL.gtid_executed").value();
  CHECK(watcher.value("SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, ?)", sourceSet) == "");
}

TEST_CASE("no password is visible in a command line, an environment, a log or a file during a whole run") {
  const Shop shop;
  test::SecretWatch watch({"copierQx7", "stagingQx7", "vdbQx7"});
  shop.link();
  shop.host.json({"dlpx-mysql-engine", "sync", "shop"});
  shop.provision("dev", test::freePort());
  shop.host.json({"dlpx-mysql-engine", "refresh", "dev"});
  CHECK(watch.filesWith(shop.host.home()).empty());
  CHECK(watch.filesWith(shop.host / "registry").empty());
  for (const char* name : {"dev", "shop"}) shop.host.json({"dlpx-mysql-engine", "delete", name});
  CHECK(watch.looks() > 10);
  CHECK(watch.stop() == std::set<std::string>{});
}

TEST_CASE("the source sees reads only: its data, variables, accounts and binary log stay as they were") {
  const Shop shop;
  const std::string before = factsOf(shop.source);
  SECTION("by clone") {
    shop.link("method: clone\n");
  }
  SECTION("by copy") {
    shop.link("method: copy\n");
  }
  SECTION("by dump") {
    shop.link("method: dump\n");
  }
  shop.host.json({"dlpx-mysql-engine", "sync", "shop"});
  shop.host.json({"dlpx-mysql-engine", "delete", "shop"});
  CHECK(factsOf(shop.source) == before);
}

TEST_CASE(
    "a full stop anywhere ends with its exit code, one clear line, a remedy, and nothing left running") {
  Shop shop;
  const auto failing = [&](const fs::path& config) {
    const Finished finished =
        shop.host.tool({"dlpx-mysql-engine", "link", "shop", "--json", "--config", config.string()});
    CHECK(finished.out.empty());
    INFO(finished.err);
    const Json error = Json::parse(lastLines(finished.err, 1)).at("error");
    CHECK_FALSE(error.at("message").get<std::string>().empty());
    CHECK_FALSE(error.at("remedy").get<std::string>().empty());
    CHECK(error.at("code") == finished.exitCode);
    CHECK(shop.host.processesLeft().empty());
    return finished.exitCode;
  };
  const auto withLine = [&](const std::string& from, const std::string& to) {
    const fs::path config = shop.stagingConfig();
    writeFile(config, replaceAll(readFile(config), from, to), {0600, std::nullopt});
    return config;
  };
  SECTION("the port of staging is taken") {
    shop.stagingPort = shop.source.port();
    CHECK(failing(shop.stagingConfig()) == static_cast<int>(ExitCode::preflight));
  }
  SECTION("the source's password is wrong") {
    shop.copier = Secret("wrong");
    CHECK(failing(shop.stagingConfig()) == static_cast<int>(ExitCode::preflight));
  }
  SECTION("the source cannot be reached") {
    const std::string port = std::to_string(test::freePort());
    CHECK(failing(withLine("source_port: " + std::to_string(shop.source.port()), "source_port: " + port)) ==
          static_cast<int>(ExitCode::preflight));
  }
  SECTION("there is no MySQL where we are told") {
    CHECK(failing(withLine("basedir: ", "basedir: /nowhere")) == static_cast<int>(ExitCode::installation));
  }
  SECTION("the configuration has a key that nobody knows") {
    CHECK(failing(withLine("source_host: ", "source_hots: ")) == static_cast<int>(ExitCode::usage));
  }
}

TEST_CASE("a pool that is too small for a source refuses the link before anything is made") {
  const Shop shop("256M");
  const Finished finished = shop.host.tool(shop.linkCommand());
  CHECK(finished.exitCode == static_cast<int>(ExitCode::preflight));
  CHECK_THAT(finished.err, Catch::Contains("space") && Catch::Contains("remedy:"));
  CHECK(shop.host.processesLeft().empty());
  CHECK(shop.host.tool({"dlpx-mysql-engine", "pool", "destroy"}).ok());
}
