// The safe-clone contract against parents that are set up to break it.

#include "base/text.h"
#include "server/snapshot_facts.h"
#include "support/catch.h"
#include "support/mysql_server.h"
#include "support/vdb_parent.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

using Statements = std::vector<std::string>;

void run(Session& server, const Statements& statements) {
  for (const std::string& statement : statements) server.execute(std::string_view(statement));
}

std::string contractText(const ToolRun& run) {
  return run.result.is_object() ? run.result["report"]["contract"].dump() : "";
}

// A directory outside of every mount that the servers may write to.
struct Elsewhere {
  Elsewhere() { setOwnerOfTree(scratch.path(), serverOwner().value_or(ownerOf(scratch.path()))); }
  std::string path(const std::string& name = {}) const { return (scratch / name).string(); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    walk(scratch.path(), [&](const fs::directory_entry& entry) { names.push_back(entry.path().string()); });
    return names;
  }
  Scratch scratch;
};

// TLS files at absolute paths, as a production server has them.
std::vector<Option> tlsFilesIn(const Elsewhere& elsewhere) {
  for (const char* name : {"ca.pem", "server-cert.pem", "server-key.pem"})
    writeFile(elsewhere.path(name), readFile(freshData() / name), {0644, std::nullopt});
  return {{"ssl-ca", elsewhere.path("ca.pem")},
          {"ssl-cert", elsewhere.path("server-cert.pem")},
          {"ssl-key", elsewhere.path("server-key.pem")}};
}

}  // namespace

TEST_CASE("a vdb of a parent whose settings all point elsewhere has its own place, port, keys and names") {
  const Elsewhere elsewhere;
  writeFile(elsewhere.path("init.sql"), "CREATE DATABASE IF NOT EXISTS from_init_file;\n",
            {0644, std::nullopt});
  std::vector<Option> options = tlsFilesIn(elsewhere);
  for (const Option& option :
       std::vector<Option>{{"lower-case-table-names", "1"},
                           {"require-secure-transport", "ON"},
                           {"skip-networking", "ON"},
                           {"skip-name-resolve", "ON"},
                           {"partial-revokes", "ON"},
                           {"init-file", elsewhere.path("init.sql")},
                           {"init-connect", "SELECT no_such_column"},
                           {"innodb-directories", elsewhere.path()},
                           {"replicate-do-db", "nothing"},
                           {"sql-mode", "ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH"},
                           {"loose-rpl-semi-sync-source-enabled", "ON"},
                           {"admin-address", "127.0.0.1"},
                           {"admin-port", std::to_string(freePort())},
                           {"read-only", "ON"}})
    options.push_back(option);
  const VdbParent parent(options);
  Session source = parent.root();
  run(source,
      {"SET sql_mode = ''",
       "SET GLOBAL super_read_only = OFF",
       "SET GLOBAL read_only = OFF",
       "CREATE DATABASE Shop",
       "CREATE TABLE Shop.Orders (id INT PRIMARY KEY)",
       "CREATE TABLE Shop.ticks (at DATETIME(3))",
       "CREATE EVENT Shop.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO Shop.ticks VALUES (NOW(3))",
       "CREATE USER ''@'localhost'",
       "CREATE USER 'app'@'127.0.0.1' IDENTIFIED BY 'application' REQUIRE SSL",
       "CREATE ROLE ghost",
       "CREATE SERVER production FOREIGN DATA WRAPPER mysql OPTIONS (HOST '10.0.0.1', USER 'r', PASSWORD "
       "'secret', DATABASE 'live')",
       "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'",
       "INSERT INTO mysql.component (component_group_id, component_urn) VALUES (77, "
       "'file://component_absent')",
       "SET PERSIST rpl_semi_sync_source_enabled = ON",
       "SET PERSIST rpl_semi_sync_source_timeout = 100000000",
       "SET PERSIST event_scheduler = ON",
       "SET PERSIST general_log_file = '" + elsewhere.path("general.log") + "'",
       "SET PERSIST slow_query_log_file = '" + elsewhere.path("slow.log") + "'",
       "SET PERSIST general_log = ON",
       "SET PERSIST slow_query_log = ON",
       "SET PERSIST long_query_time = 0",
       "SET PERSIST mandatory_roles = 'ghost'",
       "SET PERSIST default_password_lifetime = 1",
       "SET PERSIST password_history = 5",
       "SET PERSIST server_id = 0",
       "SET PERSIST super_read_only = ON"});
  VdbUnderTest vdb(parent.clone("vdb"));
  parent.stop();
  writeFile(elsewhere.path("init.sql"), "CREATE DATABASE made_since;\n", {0644, std::nullopt});
  const std::string before = parent.digest();
  const auto files = elsewhere.files();

  const ToolRun made = vdb.provision({"--accounts", "lock", "--federated", "drop"});
  INFO(made.err);
  REQUIRE(made.exitCode == 0);
  const std::string contract = contractText(made);
  for (const char* said : {"FEDERATED servers dropped: production", "server_id, ", "general_log_file",
                           "4 other accounts came along, 4 locked", "with TLS"}) {
    INFO(said);
    CHECK(contract.find(said) != std::string::npos);
  }
  Session mine = vdb.connect(true);
  for (const auto& [variable, value] : std::map<std::string, std::string>{
           {"lower_case_table_names", "1"},
           {"partial_revokes", "ON"},
           {"sql_mode",
            "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ONLY_FULL_GROUP_BY,ANSI,"
            "NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH"},
           {"mandatory_roles", "ghost"},
           {"skip_networking", "OFF"},
           {"require_secure_transport", "OFF"},
           {"super_read_only", "OFF"},
           {"event_scheduler", "OFF"},
           {"init_connect", ""},
           {"general_log", "OFF"},
           {"admin_address", ""},
           {"bind_address", "127.0.0.1"},
           {"default_password_lifetime", "0"},
           {"rpl_semi_sync_source_enabled", "OFF"},
           {"ssl_key", "server-key.pem"},
           {"server_id", "12345"}}) {
    INFO(variable);
    CHECK(mine.variable(variable) == value);
  }
  CHECK(mine.number("SELECT COUNT(*) FROM SHOP.ORDERS") == 0);
  CHECK(mine.number("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'made_since'") ==
        0);
  CHECK(mine.number("SELECT COUNT(*) FROM mysql.servers") == 0);
  mine.execute("INSERT INTO shop.orders VALUES (1)");
  // More than one period of the event: it has had its chance.
  const uint64_t ticks = mine.number("SELECT COUNT(*) FROM shop.ticks");
  REQUIRE(waitUntil(Deadline::in(Seconds(60)), [&] {
    return std::stoul(mine.query(std::string_view("SHOW GLOBAL STATUS LIKE 'Uptime'")).at(0).text("Value")) >=
           3;
  }));
  CHECK(mine.number("SELECT COUNT(*) FROM shop.ticks") == ticks);
  CHECK(vdb.tool("stop").exitCode == 0);
  CHECK(vdb.tool("start").exitCode == 0);
  CHECK(elsewhere.files() == files);
  CHECK(parent.digest() == before);
}

TEST_CASE("files of a parent outside its mount are refused with their name before anything starts") {
  const Elsewhere elsewhere;
  const std::vector<Option> allowed = {{"innodb-directories", elsewhere.path()}};
  const VdbParent parent(allowed);
  Session source = parent.root();
  run(source, {"CREATE DATABASE shop"});
  const fs::path before = parent.clone("before");
  const auto refusedWith = [&](const fs::path& clone, const std::string& name) {
    VdbUnderTest vdb(clone);
    const ToolRun refused = vdb.provision();
    INFO(refused.err);
    CHECK(refused.exitCode == 24);
    INFO(name);
    CHECK(refused.message().find(name) != std::string::npos);
    CHECK_FALSE(vdb.hasProcess());
    CHECK(fs::exists(clone / "data" / "auto.cnf"));  // nothing was changed
  };
  // The names stand in the redo log alone: no page was written down since.
  run(source, {"CREATE TABLESPACE far ADD DATAFILE '" + elsewhere.path("far.ibd") + "'",
               "CREATE TABLE shop.t (id INT PRIMARY KEY) TABLESPACE far"});
  const fs::path general = parent.clone("general");
  run(source, {"DROP TABLE shop.t", "DROP TABLESPACE far",
               "CREATE UNDO TABLESPACE farther ADD DATAFILE '" + elsewhere.path("farther.ibu") + "'"});
  const fs::path undo = parent.clone("undo");
  refusedWith(undo, elsewhere.path("farther.ibu"));
  parent.stop();
  writeFile(elsewhere.path("far.ibd"), "still there");
  const std::string digest = parent.digest();
  refusedWith(general, elsewhere.path("far.ibd"));
  fs::remove(elsewhere.path("far.ibd"));

  for (const auto& [file, named] : std::map<std::string, std::string>{
           {"ibdata1", "system tablespace"}, {"#innodb_redo", "redo log"}, {"undo_001", "undo_001"}}) {
    fs::rename(before / "data" / file, elsewhere.path(file));
    refusedWith(before, named);
    fs::rename(elsewhere.path(file), before / "data" / file);
  }
  fs::rename(before / "data", elsewhere.path("data"));
  fs::create_directory_symlink(elsewhere.path("data"), before / "data");
  refusedWith(before, "symbolic link");
  CHECK(parent.digest() == digest);
}

TEST_CASE("a setting of its parent that shuts people out, alone, does not shut them out of a vdb") {
  const Option setting = GENERATE(Option{"require-secure-transport", "ON"}, Option{"skip-networking", "ON"},
                                  Option{"super-read-only", "ON"}, Option{"lower-case-table-names", "1"});
  INFO(setting.name);
  const std::string variable = replaceAll(setting.name, "-", "_");
  const bool ofTheData = variable == "lower_case_table_names";
  const VdbParent parent({setting});
  CHECK(parent.root().variable(variable) == setting.value);
  VdbUnderTest vdb(parent.clone("vdb"));
  const ToolRun made = vdb.provision();
  INFO(made.err);
  REQUIRE(made.exitCode == 0);
  Session mine = vdb.connect(true);
  CHECK(mine.variable(variable) == (ofTheData ? "1" : "OFF"));
  mine.execute("CREATE DATABASE Mine");
  mine.execute("CREATE TABLE Mine.T (id INT PRIMARY KEY)");
  CHECK(mine.number("SELECT COUNT(*) FROM information_schema.tables WHERE BINARY table_name = ?",
                    std::string(ofTheData ? "t" : "T")) == 1);
}

TEST_CASE(
    "anonymous accounts, prepared transactions and firing events of a parent, each alone, end with its vdb") {
  const VdbParent parent;
  Session source = parent.root();
  run(source, {"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)",
               "CREATE TABLE shop.ticks (at DATETIME(3))"});
  const auto provisioned = [&](VdbUnderTest& vdb, const std::vector<std::string>& flags,
                               const std::string& said) {
    const ToolRun made = vdb.provision(flags);
    INFO(made.err);
    REQUIRE(made.exitCode == 0);
    INFO(contractText(made));
    CHECK(contractText(made).find(said) != std::string::npos);
  };
  SECTION("anonymous accounts") {
    const std::string host = GENERATE(as<std::string>(), "localhost", "127.0.0.1");
    run(source, {"CREATE USER ''@'" + host + "' IDENTIFIED BY 'theirs'", "CREATE USER ''@'%'",
                 "CREATE USER `dev o'per`@'127.0.0.1' IDENTIFIED BY 'theirs'"});  // the VDB's user
    VdbUnderTest vdb(parent.clone("vdb"));
    REQUIRE(vdb.user() == "dev o'per");
    provisioned(vdb, {}, "other accounts came along");
    for (const bool tcp : {false, true}) {
      Session mine = vdb.connect(tcp);
      CHECK(startsWith(mine.value("SELECT CURRENT_USER()").value_or(""), vdb.user() + "@"));
    }
  }
  SECTION("accounts at host patterns that stand before %, anonymous or of the vdb's user, and limited") {
    const std::string user = "`dev o'per`";
    run(source, {"CREATE USER ''@'127.0.0.%' IDENTIFIED BY 'theirs'", "CREATE USER ''@'10.0.0.0/255.0.0.0'",
                 "CREATE USER " + user + "@'192.168.%' IDENTIFIED BY 'theirs' REQUIRE SSL ACCOUNT LOCK",
                 "CREATE USER " + user +
                     "@'%' IDENTIFIED BY 'theirs' WITH MAX_USER_CONNECTIONS 1 "
                     "FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME UNBOUNDED",
                 "ALTER USER " + user + "@'%' IDENTIFIED BY 'second' RETAIN CURRENT PASSWORD",
                 "CREATE DEFINER = " + user + "@'%' VIEW shop.v AS SELECT COUNT(*) AS n FROM shop.t"});
    VdbUnderTest vdb(parent.clone("vdb"));
    REQUIRE(vdb.user() == "dev o'per");
    const std::string accounts = GENERATE(as<std::string>(), "keep", "lock");
    provisioned(vdb, {"--accounts", accounts}, "dev o'per@192.168.% has the given password and full rights");
    Session mine = vdb.connect(true);
    for (const char* host : {"%", "127.0.0.%", "10.0.0.0/255.0.0.0", "192.168.%"}) {
      INFO(host);
      CHECK(mine.number("SELECT COUNT(*) FROM mysql.user AS u JOIN mysql.user AS o ON o.User = u.User "
                        "WHERE u.User = ? AND u.Host = ? AND o.Host = 'localhost' AND u.Super_priv = 'Y' AND "
                        "u.account_locked = 'N' AND u.ssl_type = '' AND u.max_user_connections = 0 AND "
                        "u.User_attributes IS NULL",
                        vdb.user(), std::string(host)) == 1);
    }
    CHECK(mine.number("SELECT n FROM shop.v") == 0);
    // Without ours at this host, the parent's own account of the name would be taken.
    mine.execute("DROP USER ?@'127.0.0.1', ?@'localhost'", vdb.user(), vdb.user());
    Session over = vdb.connect(true);
    CHECK(over.value("SELECT CURRENT_USER()").value_or("") == vdb.user() + "@127.0.0.%");
  }
  SECTION("prepared transactions with every kind of byte in their names") {
    run(source, {"XA START X'00ff275c', X'27', 99", "INSERT INTO shop.t VALUES (1)",
                 "XA END X'00ff275c', X'27', 99", "XA PREPARE X'00ff275c', X'27', 99"});
    Session other = parent.root();
    run(other, {"XA START ''", "INSERT INTO shop.t VALUES (2)", "XA END ''", "XA PREPARE ''"});
    VdbUnderTest vdb(parent.clone("vdb"));
    provisioned(vdb, {}, "2 prepared XA transactions rolled back");
    Session mine = vdb.connect();
    CHECK(mine.query(std::string_view("XA RECOVER")).empty());
    mine.execute("INSERT INTO shop.t VALUES (1), (2)");  // nothing holds them
  }
  SECTION("an event that writes every second") {
    run(source,
        {"SET GLOBAL event_scheduler = ON",
         "CREATE EVENT shop.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.ticks VALUES (NOW(3))"});
    const auto ticks = [](Session& server) { return server.number("SELECT COUNT(*) FROM shop.ticks"); };
    REQUIRE(waitUntil(Deadline::in(Seconds(60)), [&] { return ticks(source) > 0; }));
    VdbUnderTest quiet(parent.clone("quiet")), firing(parent.clone("firing"));
    provisioned(quiet, {}, "event scheduler off");
    provisioned(firing, {"--events", "on"}, "events on as asked");
    Session still = quiet.connect(), live = firing.connect();
    const uint64_t before = ticks(still), first = ticks(live);
    REQUIRE(waitUntil(Deadline::in(Seconds(60)), [&] { return ticks(live) > first + 1; }));
    CHECK(ticks(still) == before);
  }
}
