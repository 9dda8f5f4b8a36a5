#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/text.h"
#include "server/snapshot_facts.h"
#include "support/catch.h"
#include "support/mysql_server.h"
#include "support/vdb_parent.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

void createShop(Session& parent) {
  for (const char* statement :
       {"CREATE DATABASE shop",
        "CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT, what VARCHAR(40))",
        "CREATE TABLE shop.ticks (at DATETIME(3))",
        "INSERT INTO shop.orders (what) VALUES ('one'), ('two')"}) {
    parent.execute(std::string_view(statement));
  }
}

// A host and port that stand for production: whoever connects is noticed.
class Tripwire {
 public:
  Tripwire() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(fd_.get(), 5) == 0);
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  uint16_t port() const { return port_; }
  bool touched() const { return UniqueFd(accept(fd_.get(), nullptr, nullptr)).get() >= 0; }

 private:
  UniqueFd fd_;
  uint16_t port_ = 0;
};

std::string contractText(const ToolRun& run) {
  return run.result.is_object() ? run.result["report"]["contract"].dump() : "";
}

uint64_t residentMegabytes(const VdbUnderTest& vdb) {
  const std::string status = readFile("/proc/" + trim(readFile(vdb.mount().pidFile())) + "/status");
  return std::strtoull(status.c_str() + status.find("VmRSS:") + 6, nullptr, 10) / 1024;
}

void requireNothingLeft(const VdbUnderTest& vdb) {
  CHECK_FALSE(vdb.hasProcess());
  CHECK_FALSE(vdb.listening());
  const ToolRun status = vdb.tool("status", {"--active-only"});
  CHECK(status.result == "INACTIVE");
}

}  // namespace

TEST_CASE("a clone of a running parent becomes an independent server, and the report says what was done") {
  const VdbParent parent;
  Session source = parent.root();
  createShop(source);
  VdbUnderTest vdb(parent.clone("vdb"));

  const ToolRun made = vdb.provision({"--setting", "innodb_buffer_pool_size=64M", "--name", "dev1"});
  INFO(made.err);
  REQUIRE(made.exitCode == 0);
  CHECK(made.result["dbName"] == "dev1");
  CHECK(made.result["dataDir"] == vdb.mount().data().string());
  CHECK(made.result["port"] == std::to_string(vdb.port()));
  const Json& report = made.result["report"];
  CHECK(report["tables"] ==
        Json({{"snapshot", 2}, {"vdb", 2}, {"equal", true}, {"differences", Json::array()}}));
  CHECK(report["snapshot"]["gtidSet"] == replaceAll(source.variable("gtid_executed"), "\n", ""));
  for (const Json& item : report["contract"]) CHECK_FALSE(item["done"].empty());

  Session mine = vdb.connect(true);
  CHECK(mine.encrypted());
  CHECK(mine.variable("server_uuid") != source.variable("server_uuid"));
  CHECK(mine.variable("innodb_buffer_pool_size") == std::to_string(64 << 20));
  CHECK(mine.variable("offline_mode") == "OFF");
  CHECK(mine.variable("init_replica").empty());
  CHECK(mine.variable("gtid_executed").empty());
  mine.execute("INSERT INTO shop.orders (what) VALUES ('mine')");
  CHECK(mine.number("SELECT COUNT(*) FROM shop.orders") == 3);
  CHECK(source.number("SELECT COUNT(*) FROM shop.orders") == 2);
  CHECK(vdb.tool("status", {"--active-only"}).result == "ACTIVE");
}

TEST_CASE(
    "a clone whose parent has absolute indexes and persisted variables never touches parent or source") {
  const Tripwire production;
  const std::vector<Option> replicatesByItself = {{"skip-replica-start", "OFF"}};
  VdbParent parent(replicatesByItself);
  parent.stop();
  // What a server started with an absolute log-bin writes.
  const std::string index = readFile(parent.mount().log() / "mysql-bin.index");
  writeFile(parent.mount().log() / "mysql-bin.index",
            replaceAll(index, "../log/", parent.mount().log().string() + "/"),
            {0640, ownerOf(parent.mount().data())});
  parent.start();
  Session source = parent.root();
  createShop(source);
  for (const std::string& statement : std::vector<std::string>{
           "SET PERSIST event_scheduler = ON", "SET PERSIST_ONLY skip_replica_start = OFF",
           "SET PERSIST_ONLY server_id = 815", "SET PERSIST group_concat_max_len = 7777",
           "SET PERSIST super_read_only = OFF",
           "CREATE EVENT shop.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.ticks VALUES (NOW(3))",
           "CREATE USER ''@'localhost' IDENTIFIED BY ''", "CREATE USER 'app'@'%' IDENTIFIED BY 'application'",
           "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_USER = 'r', SOURCE_PASSWORD = "
           "'secret', "
           "SOURCE_PORT = " +
               std::to_string(production.port()),
           "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_USER = 'r', SOURCE_PORT = " +
               std::to_string(production.port()) + " FOR CHANNEL 'second'",
           "XA START 'left', 'branch', 7", "INSERT INTO shop.orders (what) VALUES ('prepared')",
           "XA END 'left', 'branch', 7", "XA PREPARE 'left', 'branch', 7"}) {
    source.execute(std::string_view(statement));
  }
  VdbUnderTest vdb(parent.clone("vdb"));
  parent.stop();
  while (production.touched()) {
  }
  const std::string before = parent.digest();

  const ToolRun made = vdb.provision({"--accounts", "lock"});
  INFO(made.err);
  REQUIRE(made.exitCode == 0);
  INFO(contractText(made));
  CHECK(contractText(made).find("1 prepared XA transactions rolled back") != std::string::npos);
  CHECK(contractText(made).find("skip_replica_start") != std::string::npos);
  CHECK(made.result["report"]["accounts"]["total"] == made.result["report"]["accounts"]["locked"]);
  {
    Session mine = vdb.connect(true);
    CHECK(mine.query(std::string_view("SHOW REPLICA STATUS")).empty());
    CHECK(mine.number("SELECT COUNT(*) FROM mysql.slave_master_info") == 0);
    CHECK(mine.variable("event_scheduler") == "OFF");
    CHECK(mine.variable("server_id") == "12345");
    CHECK(mine.variable("group_concat_max_len") == "7777");
    CHECK(mine.number("SELECT COUNT(*) FROM shop.orders") == 2);
    CHECK(mine.number("SELECT COUNT(*) FROM mysql.user WHERE User = 'app' AND account_locked = 'Y'") == 1);
    CHECK(startsWith(mine.value("SELECT CURRENT_USER()").value_or(""), vdb.user() + "@"));
    mine.execute("INSERT INTO shop.orders (what) VALUES ('more')");
    mine.execute("RESET BINARY LOGS AND GTIDS");
    mine.execute("FLUSH LOGS");
  }
  CHECK(vdb.tool("stop").exitCode == 0);
  CHECK(vdb.tool("start").exitCode == 0);
  CHECK(vdb.connect().query(std::string_view("SHOW REPLICA STATUS")).empty());
  CHECK(vdb.tool("remove").exitCode == 0);
  CHECK_FALSE(production.touched());
  CHECK(parent.digest() == before);
}

TEST_CASE("a vdb user whose password the parent's policy refuses ends with exit 24 and no server") {
  const VdbParent parent;
  parent.root().execute("INSTALL COMPONENT 'file://component_validate_password'");
  VdbUnderTest vdb(parent.clone("vdb"));
  const Secret good = vdb.password();
  vdb.setPassword(Secret("weak"));

  const ToolRun refused = vdb.provision();
  INFO(refused.err);
  CHECK(refused.exitCode == 24);
  CHECK(refused.error["remedy"].get<std::string>().find("validate_password") != std::string::npos);
  CHECK(refused.err.find("weak") == std::string::npos);
  requireNothingLeft(vdb);

  vdb.setPassword(Secret("Strong-" + good.reveal() + "-1"));
  const ToolRun made = vdb.provision();
  INFO(made.err);
  CHECK(made.exitCode == 0);
  CHECK(vdb.connect(true).variable("offline_mode") == "OFF");
}

TEST_CASE("a clone that names a tablespace outside its mount is refused with that name before it starts") {
  const Scratch outside;
  setOwnerOfTree(outside.path(), serverOwner().value_or(ownerOf(outside.path())));
  const std::vector<Option> elsewhere = {{"innodb-directories", outside.path().string()}};
  const VdbParent parent(elsewhere);
  Session source = parent.root();
  createShop(source);
  source.execute("CREATE TABLE shop.far (id INT PRIMARY KEY) DATA DIRECTORY = ?", outside.path().string());
  source.execute("CREATE TABLESPACE general ADD DATAFILE 'general.ibd'");
  source.execute("CREATE TABLE shop.near (id INT PRIMARY KEY) TABLESPACE general");
  // The dictionary's pages are in its file once they were written down.
  parent.stop();
  parent.start();
  VdbUnderTest vdb(parent.clone("vdb"));

  const ToolRun refused = vdb.provision();
  INFO(refused.err);
  CHECK(refused.exitCode == 24);
  CHECK(refused.message().find((outside / "shop/far.ibd").string()) != std::string::npos);
  requireNothingLeft(vdb);
}

TEST_CASE("a clone with a symbolic link is refused with its name") {
  const VdbParent parent;
  VdbUnderTest vdb(parent.clone("vdb"));
  fs::create_symlink(parent.mount().data() / "mysql.ibd", vdb.mount().data() / "linked.ibd");
  const ToolRun refused = vdb.provision();
  CHECK(refused.exitCode == 24);
  CHECK(refused.message().find("linked.ibd") != std::string::npos);
  requireNothingLeft(vdb);
}

TEST_CASE("a snapshot that the server cannot open is refused before anything is changed") {
  const VdbParent parent;
  VdbUnderTest vdb(parent.clone("vdb"));
  const fs::path file = vdb.mount().snapshotFile();
  const Json facts = readJson(file);
  const auto refusedWith = [&](const std::string& member, const Json& value) {
    Json other = facts;
    other[member] = value;
    writeFile(file, pretty(other), {0644, std::nullopt});
    return vdb.provision().exitCode;
  };
  CHECK(refusedWith("version", "8.0.36") == 10);
  CHECK(refusedWith("version", "9.7.99") == 10);
  CHECK(refusedWith("encryptedTablespaces", 2) == 24);
  fs::remove(file);
  CHECK(vdb.provision().exitCode == 24);
  CHECK(fs::exists(vdb.mount().data() / "auto.cnf"));
  requireNothingLeft(vdb);
}

TEST_CASE("a clone that lacks a table or a transaction of its snapshot ends with exit 24 and no server") {
  const VdbParent parent;
  Session source = parent.root();
  createShop(source);
  VdbUnderTest vdb(parent.clone("vdb"));
  const Json facts = readJson(vdb.mount().snapshotFile());
  const auto provisionedWith = [&](const Json& changes) {
    Json other = facts;
    other.update(changes);
    writeFile(vdb.mount().snapshotFile(), pretty(other), {0644, std::nullopt});
    return vdb.provision();
  };
  const std::string later = source.variable("server_uuid") + ":1-99";
  const ToolRun fewer = provisionedWith({{"gtidExecuted", later}});
  CHECK(fewer.exitCode == 24);
  CHECK(fewer.message().find("lacks transactions") != std::string::npos);
  requireNothingLeft(vdb);

  VdbUnderTest second(parent.clone("second"));
  Json more = readJson(second.mount().snapshotFile());
  more["tables"]["shop"] = 3;
  writeFile(second.mount().snapshotFile(), pretty(more), {0644, std::nullopt});
  const ToolRun missing = second.provision();
  CHECK(missing.exitCode == 24);
  CHECK(missing.message().find("shop: 2 instead of 3") != std::string::npos);
  requireNothingLeft(second);
}

TEST_CASE(
    "a taken port and settings that are reserved or refused end with their exit code and nothing running, "
    "and a small vdb is small") {
  const VdbParent parent;
  VdbUnderTest vdb(parent.clone("vdb"));
  const uint16_t port = vdb.port();
  vdb.setPort(parent.port());
  const ToolRun taken = vdb.provision();
  vdb.setPort(port);
  INFO(taken.err);
  CHECK(taken.exitCode == 3);
  CHECK(taken.message().find("port") != std::string::npos);
  // Before anything is changed: the clone still has its parent's identity.
  VdbUnderTest untouched(parent.clone("untouched"));
  for (const char* line : {"datadir=/tmp", "plugin_load_add=evil.so"}) {
    CHECK(untouched.tool("provision", untouched.building(), {{"MYCONFIG", line}}).exitCode == 4);
    CHECK(fs::exists(untouched.mount().data() / "auto.cnf"));
  }
  // A name and a value that the server refuses, in its own words.
  const ToolRun name = vdb.provision({"--setting", "no_such_setting=1"});
  CHECK(name.exitCode == 4);
  CHECK(name.message().find("refuses the setting 'no_such_setting'") != std::string::npos);
  CHECK(name.message().find("unknown variable") != std::string::npos);
  requireNothingLeft(vdb);
  const ToolRun value =
      vdb.tool("provision", vdb.building(), {{"MYCONFIG", "max_connections=61\nsql_mode=SLOPPY"}});
  INFO(value.err);
  CHECK(value.exitCode == 4);
  CHECK(value.message().find("refuses the setting 'sql_mode'") != std::string::npos);
  CHECK(value.message().find("SLOPPY") != std::string::npos);
  requireNothingLeft(vdb);

  const ToolRun made = vdb.provision({"--profile", "small", "--setting", "max_connections=61"});
  INFO(made.err);
  REQUIRE(made.exitCode == 0);
  CHECK(vdb.connect().variable("max_connections") == "61");
  CHECK(residentMegabytes(vdb) <= 220);
  // A change that the server refuses leaves the VDB as it was.
  REQUIRE(vdb.tool("stop").exitCode == 0);
  CHECK(vdb.tool("enable", vdb.building({"--setting", "sql_mode=SLOPPY"})).exitCode == 4);
  CHECK(vdb.tool("start").exitCode == 0);
  CHECK(vdb.connect().variable("max_connections") == "61");
}

TEST_CASE("with events on, events run that replication had disabled, and keep their definer") {
  const VdbParent parent;
  Session source = parent.root();
  createShop(source);
  source.execute("CREATE USER 'owner'@'localhost'");
  source.execute("GRANT ALL ON shop.* TO 'owner'@'localhost'");
  source.execute(
      "CREATE DEFINER = 'owner'@'localhost' EVENT shop.tick ON SCHEDULE EVERY 1 SECOND DISABLE ON REPLICA DO "
      "INSERT INTO shop.ticks VALUES (NOW(3))");
  source.execute("SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', SESSION time_zone = '+05:00'");
  source.execute("SET SESSION character_set_client = latin1, SESSION collation_connection = latin1_bin");
  source.execute("CREATE EVENT shop.`t\xfcrk` ON SCHEDULE EVERY 1 DAY DISABLE ON REPLICA DO SELECT '\\'");
  const std::string state =
      "SELECT CONCAT_WS(' ', sql_mode, time_zone, character_set_client, collation_connection, definer) FROM "
      "information_schema.events WHERE event_definition LIKE 'SELECT%'";
  const std::string before = parent.root().value(state).value_or("");
  VdbUnderTest vdb(parent.clone("vdb"));
  const ToolRun made = vdb.provision({"--events", "on"});
  INFO(made.err);
  REQUIRE(made.exitCode == 0);
  Session mine = vdb.connect();
  CHECK(waitUntil(Deadline::in(Seconds(20)),
                  [&] { return mine.number("SELECT COUNT(*) FROM shop.ticks") > 0; }));
  CHECK(mine.value("SELECT definer FROM information_schema.events WHERE event_name = 'tick'").value_or("") ==
        "owner@localhost");
  CHECK(mine.number("SELECT originator FROM information_schema.events WHERE event_name = 'tick'") == 12345);
  CHECK(before.find("ANSI_QUOTES") != std::string::npos);
  CHECK(mine.value(state).value_or("") == before);
  CHECK(mine.number("SELECT COUNT(*) FROM information_schema.events WHERE status = 'ENABLED'") == 2);
}
