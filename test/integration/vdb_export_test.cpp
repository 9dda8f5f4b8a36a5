#include <signal.h>

#include "base/text.h"
#include "process/proc.h"
#include "support/catch.h"
#include "support/mysql_server.h"
#include "support/shop.h"
#include "support/tools.h"
#include "support/vdb_parent.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

const std::vector<std::string> shopOnly = {"shop"};

ConnectionOptions connectionTo(const VdbUnderTest& vdb) {
  return {.endpoint = {"localhost", vdb.port(), vdb.mount().socket()},
          .user = vdb.user(),
          .password = vdb.password()};
}

// The server of an exported directory, started by nothing but mysqld and its my.cnf.
class Physical {
 public:
  explicit Physical(fs::path directory) : directory_(std::move(directory)) {
    Command command{.argv = {(mysqlDirectory() / "9.7/bin/mysqld").string(),
                             "--defaults-file=" + (directory_ / "my.cnf").string(), "--daemonize"},
                    .directory = "/",
                    .outlivesUs = true,
                    .deadline = Deadline::in(Seconds(60))};
    if (serverOwner()) command.argv.push_back("--user=mysql");
    const Finished started = run(command);
    INFO(readFileIfThere(directory_ / "log/mysqld.err").value_or(started.err));
    REQUIRE(started.ok());
  }
  ~Physical() {
    const auto pid = readFileIfThere(directory_ / "mysqld.pid");
    const auto server = pid ? lookAtProcess(std::stoi(*pid)) : std::nullopt;
    if (server) CHECK(terminateProcess(*server, Deadline::in(Seconds(60))));
  }
  Physical(const Physical&) = delete;
  Physical& operator=(const Physical&) = delete;

  Session connect(const VdbUnderTest& vdb) const {
    return Session::connect({.endpoint = {"localhost", 0, directory_ / "mysql.sock"},
                             .user = vdb.user(),
                             .password = vdb.password()});
  }

 private:
  fs::path directory_;
};

std::vector<std::string> toPlace(const fs::path& output, std::vector<std::string> more = {}) {
  more.insert(more.end(), {"--output", output.string(), "--target-port", std::to_string(freePort())});
  return more;
}

// Nothing of the mount, of the tools or of other places stands in the export's small files.
void checkNoTrace(const fs::path& directory, const VdbUnderTest& vdb) {
  const std::string text = readFile(directory / "my.cnf") + readFile(directory / "README");
  CHECK(text.find(vdb.mount().root().string()) == std::string::npos);
  CHECK(text.find("dlpx-mysql") == std::string::npos);
  for (const char* name : {"auto.cnf", "server-key.pem", "mysqld-auto.cnf", "#clone"})
    CHECK_FALSE(fs::exists(directory / "data" / name));
  CHECK(isEmptyDirectory(directory / "log"));
}

bool nothingPartial(const fs::path& directory) {
  bool none = true;
  walk(directory, [&](const fs::directory_entry& entry) {
    if (endsWith(entry.path().filename().string(), ".partial")) none = false;
  });
  return none;
}

fs::path outside(const VdbParent& parent) {
  const fs::path directory = parent.directory() / "elsewhere";
  makeDirectory(directory, {0755, serverOwner()});
  return directory;
}

void unpack(const fs::path& tar, const fs::path& into) {
  runChecked({.argv = {"tar", "-xzpf", tar.string(), "-C", into.string()}}, ExitCode::internal, "tar");
}

}  // namespace

TEST_CASE("a running vdb becomes a physical server by a hot copy under load, and by a tar of a cold one") {
  const VdbParent parent;
  {
    Session source = parent.root();
    createShop(source);
  }
  VdbUnderTest vdb(parent.clone("vdb"));
  REQUIRE(vdb.provision({"--setting", "max_connections=61"}).exitCode == 0);
  const std::string uuid = vdb.connect().variable("server_uuid");
  const fs::path elsewhere = outside(parent), hot = elsewhere / "hot";

  SECTION("hot") {
    WriteLoad load(connectionTo(vdb));
    REQUIRE(waitUntil(Deadline::in(Seconds(30)), [&] { return load.transactions() > 20; }));
    CHECK(vdb.tool("export", toPlace(hot, {"--dry-run"})).exitCode == 0);
    CHECK(isEmptyDirectory(elsewhere));
    const ToolRun done = vdb.tool("export", toPlace(hot));
    load.stop();
    INFO(done.err);
    REQUIRE(done.exitCode == 0);
    CHECK(done.result["copy"] == "hot");
    checkNoTrace(hot, vdb);
    CHECK(nothingPartial(elsewhere));
    CHECK(vdb.connect().number(
              "SELECT COUNT(*) FROM information_schema.plugins WHERE plugin_name = 'clone'") == 0);
    {
      const Physical server(hot);
      Session session = server.connect(vdb);
      CHECK(tallyProblem(session).empty());
      CHECK(session.number("SELECT COUNT(*) FROM shop.entries") > 0);
      CHECK(session.variable("server_uuid") != uuid);
      CHECK(session.variable("max_connections") == "61");
      CHECK(session.variable("datadir") == (hot / "data").string() + "/");
    }
    // What is there is never written over.
    CHECK(vdb.tool("export", toPlace(hot)).exitCode == 2);
    CHECK(vdb.tool("export", toPlace(elsewhere / "no/such")).exitCode == 2);

    const fs::path dump = elsewhere / "shop.sql.gz";
    const ToolRun logical = vdb.tool("export", {"--logical", "--no-gtids", "--output", dump.string()});
    INFO(logical.err);
    REQUIRE(logical.exitCode == 0);
    const std::string text =
        runChecked({.argv = {"gzip", "-dc", dump.string()}}, ExitCode::internal, "gzip").out;
    CHECK(text.find("GTID_PURGED") == std::string::npos);
    MysqlServer restored;
    runChecked({.argv = {(mysqlDirectory() / "9.7/bin/mysql").string(), "--no-defaults", "--user=root",
                         "--socket=" + restored.socket().string()},
                .input = text},
               ExitCode::internal, "mysql");
    Session mine = vdb.connect(), its = restored.root();
    CHECK(differences(mine, its, shopOnly).empty());
  }

  SECTION("cold") {
    vdb.connect().execute("CREATE TABLE shop.old (id INT PRIMARY KEY) ENGINE = MyISAM");
    vdb.connect().execute("INSERT INTO shop.old VALUES (1), (2)");
    const ToolRun refused = vdb.tool("export", toPlace(hot));
    CHECK(refused.exitCode == 20);
    CHECK(refused.message().find("shop.old") != std::string::npos);
    CHECK_FALSE(fs::exists(hot));

    const fs::path tar = elsewhere / "cold.tar.gz";
    std::vector<std::string> cold = toPlace(tar, {"--copy", "cold", "--tar"});
    // Killed while the VDB is stopped: the same command makes the export, and the VDB runs again.
    const ToolRun killed = vdb.tool("export", cold,
                                    {{"LD_PRELOAD", DLPX_TEST_KILL_AT_STEP},
                                     {"KILL_AT_STEP_LOG", (elsewhere / "steps").string()},
                                     {"KILL_AT_STEP_INDEX", "2"}});
    REQUIRE(killed.exitCode == 137);
    CHECK_FALSE(fs::exists(tar));
    const ToolRun done = vdb.tool("export", cold);
    INFO(done.err);
    REQUIRE(done.exitCode == 0);
    CHECK(vdb.connect(true).variable("server_uuid") == uuid);
    CHECK(nothingPartial(elsewhere));
    CHECK(nothingPartial(vdb.mount().root()));
    unpack(tar, elsewhere);
    const fs::path place = elsewhere / "cold";
    checkNoTrace(place, vdb);
    {
      const Physical server(place);
      Session mine = vdb.connect(), its = server.connect(vdb);
      CHECK(differences(mine, its, shopOnly).empty());
      CHECK(its.number("SELECT COUNT(*) FROM shop.old") == 2);
      CHECK(its.variable("server_uuid") != uuid);
    }

    // A tar on standard output that nobody reads ends with a signal, and leaves nothing.
    Child stuck({.argv = {std::string(DLPX_TEST_BIN_DIR) + "/dlpx-mysql-vdb", "export", "--mount",
                          vdb.mount().root().string(), "--copy", "cold", "--tar", "--output", "-",
                          "--target-directory", "/srv/db"}},
                Child::Pipes::output);
    char first = 0;
    REQUIRE(stuck.read(&first, 1, Deadline::in(Seconds(60))) == 1);
    kill(stuck.pid(), SIGTERM);
    CHECK(stuck.wait(Deadline::in(Seconds(60))).exitCode == 26);
    CHECK(nothingPartial(vdb.mount().root()));
    CHECK(vdb.tool("status", {"--active-only"}).result == "ACTIVE");
  }
}
