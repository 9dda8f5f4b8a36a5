#include <grp.h>
#include <signal.h>

#include "base/text.h"
#include "process/proc.h"
#include "support/catch.h"
#include "support/mysql_server.h"
#include "support/paths.h"
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
  explicit Physical(fs::path directory, const std::string& user = "mysql")
      : directory_(std::move(directory)) {
    Command command{.argv = {(mysqlDirectory() / "9.7/bin/mysqld").string(),
                             "--defaults-file=" + (directory_ / "my.cnf").string(), "--daemonize"},
                    .directory = "/",
                    .outlivesUs = true,
                    .deadline = Deadline::in(Seconds(60))};
    if (serverOwner()) command.argv.push_back("--user=" + user);
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
  runChecked({.argv = {"tar", "-xpf", tar.string(), "-C", into.string()}}, ExitCode::internal, "tar");
}

bool ownedBy(const fs::path& tree, const Owner& owner) {
  bool all = true;
  walk(tree, [&](const fs::directory_entry& entry) {
    const Owner its = ownerOf(entry.path());
    if (its.uid != owner.uid || its.gid != owner.gid) all = false;
  });
  return all;
}

// A file system of its own for an export, with room for `inodes` files only.
class SmallTarget {
 public:
  SmallTarget(fs::path directory, const std::string& options) : directory_(std::move(directory)) {
    makeDirectory(directory_, {0755, std::nullopt});
    runChecked({.argv = {"mount", "-t", "tmpfs", "-o", options, "tmpfs", directory_.string()}},
               ExitCode::internal, "mount");
    setOwner(directory_, serverOwner().value_or(ownerOf(directory_)));
  }
  ~SmallTarget() { run({.argv = {"umount", directory_.string()}}); }
  SmallTarget(const SmallTarget&) = delete;
  SmallTarget& operator=(const SmallTarget&) = delete;

  fs::path operator/(const fs::path& name) const { return directory_ / name; }
  bool empty() const { return isEmptyDirectory(directory_); }

 private:
  fs::path directory_;
};

bool hasClonePlugin(const VdbUnderTest& vdb) {
  return vdb.connect().number(
             "SELECT COUNT(*) FROM information_schema.plugins WHERE plugin_name = 'clone'") != 0;
}

// The export as a child that can be ended while the server clones.
Child exporting(const VdbUnderTest& vdb, const fs::path& passwordFile, const fs::path& output) {
  return Child({.argv = {binDir() + "/dlpx-mysql-vdb", "export", "--mount", vdb.mount().root().string(),
                         "--password-file", passwordFile.string(), "--output", output.string()}},
               Child::Pipes::output);
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
      CHECK(session.number("SELECT COUNT(*) FROM mysql.plugin") == 0);
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
    // One that fails lets the VDB run again, and that is all over then: a VDB that is stopped stays so.
    const fs::path link = vdb.mount().data() / "link";
    fs::create_symlink("/nowhere", link);
    CHECK(vdb.tool("export", cold).exitCode == 9);
    fs::remove(link);
    CHECK(vdb.tool("status", {"--active-only"}).result == "ACTIVE");
    REQUIRE(vdb.tool("stop").exitCode == 0);
    CHECK(vdb.tool("export", toPlace(elsewhere / "stopped.tar", {"--copy", "cold", "--tar"})).exitCode == 0);
    CHECK(vdb.tool("status", {"--active-only"}).result == "INACTIVE");
    REQUIRE(vdb.tool("start").exitCode == 0);
    // Killed while the VDB is stopped: the same command makes the export, and the VDB runs again.
    const ToolRun killed = vdb.tool("export", cold,
                                    {{"LD_PRELOAD", killAtStepLibrary()},
                                     {"KILL_AT_STEP_LOG", (elsewhere / "steps").string()},
                                     {"KILL_AT_STEP_INDEX", "1"}});
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
    Child stuck({.argv = {binDir() + "/dlpx-mysql-vdb", "export", "--mount", vdb.mount().root().string(),
                          "--copy", "cold", "--tar", "--output", "-", "--target-directory", "/srv/db"}},
                Child::Pipes::output);
    char first = 0;
    REQUIRE(stuck.read(&first, 1, Deadline::in(Seconds(60))) == 1);
    kill(stuck.pid(), SIGTERM);
    CHECK(stuck.wait(Deadline::in(Seconds(60))).exitCode == 26);
    CHECK(nothingPartial(vdb.mount().root()));
    CHECK(vdb.tool("status", {"--active-only"}).result == "ACTIVE");
  }
}

TEST_CASE("an export belongs to whom is asked, as a directory and in tars of every compression") {
  const VdbParent parent;
  VdbUnderTest vdb(parent.clone("vdb"));
  REQUIRE(vdb.provision().exitCode == 0);
  vdb.connect().execute("CREATE DATABASE shop");
  vdb.connect().execute("CREATE TABLE shop.t (id INT PRIMARY KEY)");
  const fs::path elsewhere = outside(parent);
  const Owner daemon = ownerOf(std::string("daemon"));

  CHECK(vdb.tool("export", toPlace(elsewhere / "x", {"--owner", "no-such-user"})).exitCode == 2);
  CHECK(vdb.tool("export", toPlace(elsewhere / "x", {"--owner", "daemon:no-such-group"})).exitCode == 2);
  CHECK(isEmptyDirectory(elsewhere));
  const fs::path directory = elsewhere / "theirs";
  const ToolRun done = vdb.tool("export", toPlace(directory, {"--owner", "daemon"}));
  INFO(done.err);
  REQUIRE(done.exitCode == 0);
  CHECK(done.result["owner"] == "daemon:daemon");
  CHECK_THAT(done.result["start"].get<std::string>(), Catch::Contains("--user=daemon"));
  CHECK(ownedBy(directory, daemon));
  {
    const Physical server(directory, "daemon");
    CHECK(server.connect(vdb).number("SELECT COUNT(*) FROM shop.t") == 0);
  }

  for (const std::string ending : {"tar", "tar.zst", "txz"}) {
    INFO(ending);
    const fs::path tar = elsewhere / ("packed." + ending);
    const ToolRun packed = vdb.tool("export", toPlace(tar, {"--tar", "--owner", "daemon:mail"}));
    INFO(packed.err);
    REQUIRE(packed.exitCode == 0);
    CHECK(packed.result["place"] == (elsewhere / "packed").string());
    unpack(tar, elsewhere);
    CHECK(ownedBy(elsewhere / "packed", {daemon.uid, getgrnam("mail")->gr_gid}));
    checkNoTrace(elsewhere / "packed", vdb);
    {
      const Physical server(elsewhere / "packed", "daemon");
      CHECK(server.connect(vdb).number("SELECT COUNT(*) FROM shop.t") == 0);
    }
    removeTree(elsewhere / "packed");
  }
}

TEST_CASE("an export that finds no space leaves nothing, and the vdb as it was") {
  const VdbParent parent;
  VdbUnderTest vdb(parent.clone("vdb"));
  REQUIRE(vdb.provision().exitCode == 0);
  {
    Session session = vdb.connect();
    session.execute("CREATE DATABASE shop");
    session.execute("CREATE TABLE shop.noise (id INT PRIMARY KEY AUTO_INCREMENT, c VARBINARY(8192))");
    for (int i = 0; i < 8; ++i)  // no compression makes 8 MB of it smaller
      session.execute(
          "INSERT INTO shop.noise (c) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
          "i < 1000) SELECT RANDOM_BYTES(1024) FROM n");
  }
  const fs::path elsewhere = outside(parent);
  const auto refused = [&](const SmallTarget& target, const std::vector<std::string>& flags,
                           const std::string& name) {
    const ToolRun run = vdb.tool("export", toPlace(target / name, flags));
    INFO(run.err);
    CHECK(run.exitCode == 28);
    CHECK(target.empty());
    CHECK(nothingPartial(vdb.mount().root()));
    CHECK(vdb.tool("status", {"--active-only"}).result == "ACTIVE");
    CHECK_FALSE(hasClonePlugin(vdb));
  };
  {
    const SmallTarget small(elsewhere, "size=4m");
    refused(small, {}, "hot");  // seen before anything is written
    refused(small, {"--copy", "cold"}, "cold");
    refused(small, {"--tar"}, "hot.tar");
    refused(small, {"--tar"}, "hot.tar.zst");  // how small it gets is not known before
    refused(small, {"--logical"}, "dump.sql");
  }
  const SmallTarget fewFiles(elsewhere, "size=4g,nr_inodes=12");
  refused(fewFiles, {}, "hot");
  refused(fewFiles, {"--copy", "cold"}, "cold");
}

TEST_CASE("a hot export that is ended in the middle leaves nothing, or what the next one replaces") {
  const VdbParent parent;
  {
    Session source = parent.root();
    createShop(source);
    // Enough for the copy to take a while.
    source.execute("CREATE TABLE shop.filler (id INT AUTO_INCREMENT PRIMARY KEY, c LONGBLOB)");
    source.execute("SET SESSION sql_log_bin = 0");
    for (int i = 0; i < 20; ++i) source.execute("INSERT INTO shop.filler (c) VALUES (REPEAT('x', 8000000))");
  }
  VdbUnderTest vdb(parent.clone("vdb"));
  REQUIRE(vdb.provision().exitCode == 0);
  const fs::path elsewhere = outside(parent), hot = elsewhere / "hot";
  const fs::path partial = elsewhere / (".hot." + std::to_string(vdb.port()) + ".partial");
  const fs::path password = parent.directory() / "password";
  writeFile(password, vdb.password().reveal() + "\n", {0600, std::nullopt});
  const auto endedBy = [&](int signal) {
    Child child = exporting(vdb, password, hot);
    REQUIRE(waitUntil(Deadline::in(Seconds(60)), [&] { return fs::exists(partial / "data" / "ibdata1"); }));
    kill(child.pid(), signal);
    return child.wait(Deadline::in(Seconds(60))).exitCode;
  };
  CHECK(endedBy(SIGTERM) == 26);
  CHECK(isEmptyDirectory(elsewhere));
  CHECK_FALSE(hasClonePlugin(vdb));
  CHECK(vdb.tool("export", toPlace(hot)).exitCode == 0);
  fs::rename(hot, elsewhere / "whole");

  for (const std::string copy : {"hot", "cold"}) {
    INFO(copy);
    CHECK(endedBy(SIGKILL) == 128 + SIGKILL);
    CHECK_FALSE(fs::exists(hot));
    CHECK(fs::exists(partial));
    const ToolRun again = vdb.tool("export", toPlace(hot, {"--copy", copy}));
    INFO(again.err);
    REQUIRE(again.exitCode == 0);
    CHECK(nothingPartial(elsewhere));
    if (copy == "hot") CHECK_FALSE(hasClonePlugin(vdb));
    {
      const Physical server(hot);
      CHECK(server.connect(vdb).number("SELECT SUM(LENGTH(c)) FROM shop.filler") == 160000000);
    }
    removeTree(hot);
  }
}
