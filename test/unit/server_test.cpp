#include "base/error.h"
#include "base/json_full.h"
#include "mysql/option_file.h"
#include "server/instance.h"
#include "server/log_index.h"
#include "server/registry.h"
#include "server/server_options.h"
#include "support/catch.h"
#include "support/scratch.h"

using namespace dlpx;

namespace {

Mount mountIn(const test::Scratch& scratch) {
  const Mount mount(scratch.path());
  mount.create(ownerOf(scratch.path()));
  return mount;
}

InstanceFacts someFacts() {
  InstanceFacts facts;
  facts.role = "vdb";
  facts.basedir = "/opt/mysql";
  facts.mysqld = "/opt/mysql/bin/mysqld";
  facts.version = Version::parse("9.7.4");
  facts.port = 3399;
  facts.serverId = 7;
  facts.osUser = "root";
  facts.adminUser = "dlpx_mysql";
  return facts;
}

}  // namespace

TEST_CASE("log index entries that name the parent's files come to name the clone's") {
  const test::Scratch scratch;
  const Mount mount = mountIn(scratch);
  writeFile(mount.log() / "mysql-bin.000001", "log");
  writeFile(mount.log() / "mysql-bin.index", "/parent/log/mysql-bin.000001\n/parent/log/mysql-bin.000002\n");
  CHECK_THROWS_AS(checkLogIndexes(mount), Error);
  CHECK(rewriteLogIndexes(mount).size() == 2);
  CHECK(readFile(mount.log() / "mysql-bin.index") == "../log/mysql-bin.000001\n");
  CHECK_NOTHROW(checkLogIndexes(mount));
  CHECK(rewriteLogIndexes(mount).empty());
}

TEST_CASE("a log that is a symbolic link is not listed as the clone's own") {
  const test::Scratch scratch;
  const test::Scratch parent;
  writeFile(parent / "mysql-bin.000001", "parent's");
  const Mount mount = mountIn(scratch);
  fs::create_symlink(parent / "mysql-bin.000001", mount.log() / "mysql-bin.000001");
  writeFile(mount.log() / "mysql-bin.index", (parent / "mysql-bin.000001").string() + "\n");
  rewriteLogIndexes(mount);
  CHECK(readFile(mount.log() / "mysql-bin.index").empty());
}

TEST_CASE("a relative index entry that climbs out of the mount is refused by name") {
  const test::Scratch scratch;
  const Mount mount = mountIn(scratch);
  writeFile(mount.log() / "relay-bin.index", "../../other/relay-bin.000001\n");
  try {
    checkLogIndexes(mount);
    FAIL("it was accepted");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::unsafeClone);
    CHECK_THAT(e.what(), Catch::Contains("../../other/relay-bin.000001"));
  }
}

TEST_CASE("facts on a mount are read back as they were noted") {
  const InstanceFacts facts = InstanceFacts::from(someFacts().json());
  CHECK(facts.role == "vdb");
  CHECK(facts.mysqld == "/opt/mysql/bin/mysqld");
  CHECK(facts.version.text() == "9.7.4");
  CHECK(facts.port == 3399);
  CHECK(facts.serverId == 7);
}

TEST_CASE("a mount without an instance of ours is told by its name") {
  const test::Scratch scratch;
  CHECK_FALSE(Instance::on(Mount(scratch.path())));
  try {
    Instance::require(Mount(scratch.path()));
    FAIL("an instance was found");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::usage);
    CHECK_THAT(e.what(), Catch::Contains(scratch.path().string()));
  }
}

TEST_CASE("a socket path that is too long for a socket address moves to the runtime directory") {
  const test::Scratch scratch;
  CHECK(Mount(scratch.path()).socket() == scratch / "mysql.sock");
  const Mount deep(scratch / std::string(100, 'd'));
  CHECK(deep.socket().string().size() <= 107);
  CHECK(deep.socket() == Mount(deep.root()).socket());
}

TEST_CASE("an option file keeps the starter's settings and ours win over its paths") {
  const test::Scratch scratch;
  const Mount mount = mountIn(scratch);
  writeFile(
      scratch / "starter.cnf",
      "[mysqld]\nmax_connections = 55\ndatadir=/prod/data\nport=3306\ninnodb_undo_directory=/prod/undo\n"
      "[mysql]\nprompt=prod\n");
  const Instance instance(mount, someFacts());
  writeOptionFile(instance, {.starter = scratch / "starter.cnf",
                             .role = {{"event_scheduler", "OFF"}},
                             .chosen = {{"max_connections", "66"}}});
  const OptionFile written = OptionFile::read(mount.optionFile());
  CHECK(written.get("mysqld", "datadir") == mount.data().string());
  CHECK(written.get("mysqld", "port") == "3399");
  CHECK(written.get("mysqld", "innodb_undo_directory") == "./");
  CHECK(written.get("mysqld", "max_connections") == "66");
  CHECK(written.get("mysqld", "event-scheduler") == "OFF");
  CHECK(written.get("mysql", "prompt") == "prod");
  CHECK_THAT(readFile(mount.optionFile()), Catch::Contains("/prod/data"));  // kept as a comment
}

TEST_CASE("a setting that decides the instance's place, loads code or leads out of it cannot be chosen") {
  for (const char* name :
       {"datadir", "port", "log_error", "skip-slave-start", "loose_innodb_undo_directory", "socket",
        "log-bin", "plugin-load-add", "early-plugin-load", "init_file", "secure-file-priv", "event_scheduler",
        "maximum-port", "replicate-do-db", "loose-group-replication-group-seeds", "datad", "PORT"}) {
    INFO(name);
    CHECK_THROWS_AS(refuseReserved({{name, "x"}}), Error);
  }
  for (const char* place : {"/var/lib/other", "../../other/data", "~/x"})
    CHECK_THROWS_AS(refuseReserved({{"some_file", place}}), Error);
  CHECK_NOTHROW(refuseReserved({{"max_connections", "10"},
                                {"innodb_buffer_pool_size", "64M"},
                                {"general_log", "ON"},
                                {"mysqlx", "ON"},
                                {"skip-log-bin", std::nullopt},
                                {"ssl_ca", "/etc/ssl/ca.pem"}}));
}

TEST_CASE("the setting that a server's errors name is found, whatever its dashes, and never by a part") {
  const std::vector<Option> chosen = {{"max_connections", "x"}, {"sql-mode", "NONE"}, {"connections", "1"}};
  const auto named = [&](const std::string& errors) {
    const auto option = refusedSetting(chosen, errors);
    return option ? option->name : std::string();
  };
  CHECK(named("Error while setting value 'NONE' to 'sql_mode'.") == "sql-mode");
  CHECK(named("unknown variable 'max-connections=x'") == "max_connections");
  CHECK(named("unknown variable 'connections=1'") == "connections");
  CHECK(named("Bind on TCP/IP port: Address already in use").empty());
}

TEST_CASE("the registry finds a mount by its port and forgets only the mount it names") {
  const test::Scratch scratch;
  setenv("DLPX_MYSQL_REGISTRY", (scratch / "registry").c_str(), 1);
  registry::enter(3308, "/mnt/a");
  CHECK(registry::find(3308) == fs::path("/mnt/a"));
  CHECK_FALSE(registry::find(33080));
  registry::enter(331, "/mnt/c");
  CHECK(registry::mounts() == std::vector<fs::path>{"/mnt/c", "/mnt/a"});
  registry::forget(3308, "/mnt/b");
  CHECK(registry::find(3308) == fs::path("/mnt/a"));
  registry::forget(3308, "/mnt/a");
  CHECK_FALSE(registry::find(3308));
  unsetenv("DLPX_MYSQL_REGISTRY");
}

TEST_CASE("errors of an error log are told without their time stamps") {
  CHECK(errorsIn("2026-01-01T00:00:00Z 0 [ERROR] [MY-010262] [Server] Can't start server: Bind on TCP/IP "
                 "port: Address already in use\n"
                 "2026-01-01T00:00:00Z 0 [Warning] [MY-1] [Server] x\n"
                 "2026-01-01T00:00:00Z 0 [ERROR] [MY-010119] [Server] Aborting\n") ==
        "[MY-010262] [Server] Can't start server: Bind on TCP/IP port: Address already in use");
}
