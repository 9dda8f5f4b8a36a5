#include "base/error.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "vdb/cut_off.h"
#include "vdb/export.h"
#include "vdb/identity.h"
#include "vdb/lifecycle.h"
#include "vdb/options.h"
#include "vdb/outside.h"
#include "vdb/prove.h"
#include "vdb/provision.h"
#include "vdb/report.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

VdbPlan planFor(const fs::path& mount) {
  VdbPlan plan{.mount = Mount(mount)};
  plan.instance.version = Version{9, 7, 4};
  plan.instance.port = 3310;
  plan.instance.adminUser = "o'dev";
  plan.password = Secret("it's");
  return plan;
}

bool has(const std::vector<Option>& options, const std::string& name, const std::string& value) {
  return std::any_of(options.begin(), options.end(), [&](const Option& option) {
    return optionKey(option.name) == optionKey(name) && option.value == value;
  });
}

void makeMount(const Mount& mount) {
  for (const fs::path& directory : {mount.data(), mount.log(), mount.tmp(), mount.control()})
    fs::create_directories(directory);
}

}  // namespace

TEST_CASE("names of tablespaces outside the data directory are found among a dictionary's bytes") {
  using std::string_literals::operator""s;
  const auto found = [](const std::string& pages) { return outsideNames(pages); };
  CHECK(found("\0\0\x01./shop/orders.ibd\0./undo_001\0mysql.ibd"s).empty());
  CHECK(found("\0\0/ext/shop/far.ibd\x80"s).front() == "/ext/shop/far.ibd");
  CHECK(found("\0../other/x.ibd\0"s).front() == "../other/x.ibd");
  CHECK(found("\0/ext/undo_003\x80"s).front() == "/ext/undo_003");
  CHECK(found("\0/ext/u.ibu\0"s).front() == "/ext/u.ibu");
  CHECK(found("/a b/t.ibd").front() == "/a b/t.ibd");
}

TEST_CASE("a name that goes over the border of two blocks of the redo log is found") {
  const std::string name = "/ext/shop/far.ibd";
  std::string payload(490, '\0');
  payload += name;
  payload.resize(2 * 496, '\0');
  std::string blocks;
  for (size_t at = 0; at < payload.size(); at += 496)
    blocks += std::string(12, 'H') + payload.substr(at, 496) + std::string(4, 'T');
  const auto finds = [&](const std::string& bytes) {
    const auto names = outsideNames(bytes);
    return std::count(names.begin(), names.end(), name) == 1;
  };
  CHECK_FALSE(finds(blocks));
  CHECK(finds(redoPayload(blocks)));
}

TEST_CASE("an outside name anywhere in a big dictionary is found, and a file's own tail is no outside name") {
  const Scratch scratch;
  const Mount mount(scratch / "m");
  makeMount(mount);
  const std::string name = scratch / "far.ibd";
  writeFile(name, "there");
  const auto dictionary = [&](size_t at, const std::string& entry) {
    std::string pages(600'000, '\0');
    writeFile(mount.data() / "mysql.ibd", pages.replace(at, entry.size(), entry));
  };
  constexpr size_t border = 1 << 18;
  for (const size_t end : {border - 1, border, border + 1, border + name.size() / 2, border + name.size(),
                           2 * border + 3, size_t{600'000}}) {
    INFO(end);
    dictionary(end - name.size(), name);
    CHECK_THROWS_AS(refuseOutsidePaths(mount), Error);
    // As if cut off where the name begins: "./…/far.ibd" is the data directory's.
    dictionary(end - name.size() - 1, "." + name);
    CHECK_NOTHROW(refuseOutsidePaths(mount));
  }
}

TEST_CASE("a binary log that is not on the mount is refused, because recovery needs it") {
  const Scratch scratch;
  const Mount mount(scratch / "m");
  makeMount(mount);
  const auto logBin = [&](const std::string& option) {
    writeFile(mount.optionFile(), "[mysqld]\n" + option + "\n");
    return parentSettings(mount).logBin;
  };
  CHECK(logBin("skip_log_bin").empty());
  CHECK(logBin("log-bin=../log/mysql-bin\nskip-log-bin").empty());
  CHECK_THROWS_AS(logBin("log-bin=/var/log/mysql/bin"), Error);
  writeFile(mount.log() / "bin.index", "");
  CHECK(logBin("log-bin=/var/log/mysql/bin") == "../log/bin");
  CHECK(logBin("log_bin=bin") == "../log/bin");
  CHECK(logBin("port=1").empty());
  writeFile(mount.data() / "binlog.index", "");
  CHECK(logBin("port=1") == "./binlog");
}

TEST_CASE("of persisted variables only harmless ones stay") {
  const Scratch scratch;
  const Mount mount(scratch / "m");
  makeMount(mount);
  writeFile(mount.optionFile(), "[mysqld]\nsql_mode=ANSI\nlower-case-table-names=1\nread-only=ON\n");
  writeFile(
      mount.data() / "mysqld-auto.cnf",
      R"({"Version": 2, "mysql_dynamic_variables": {"sql_mode": {"Value": "", "Metadata": {"User": "r"}},
               "event_scheduler": {"Value": "ON"}},
               "mysql_static_variables": {"skip_replica_start": {"Value": "OFF"}}})");
  for (int run = 0; run < 2; ++run) {
    const ParentSettings settings = parentSettings(mount);
    CHECK(has(settings.kept, "sql_mode", ""));
    CHECK(has(settings.kept, "lower_case_table_names", "1"));
    CHECK(settings.kept.size() == 2);
    CHECK(settings.dropped == std::vector<std::string>{"event_scheduler", "skip_replica_start"});
    makeIdentityNew(mount);
    CHECK_FALSE(fs::exists(mount.data() / "mysqld-auto.cnf"));
  }
  CHECK_THROWS_AS(parsePersisted("[not json"), Error);
}

TEST_CASE("a new identity leaves data and logs alone and can be made twice") {
  const Scratch scratch;
  const Mount mount(scratch / "m");
  makeMount(mount);
  for (const fs::path& file :
       {mount.data() / "auto.cnf", mount.data() / "server-key.pem", mount.data() / "ibdata1",
        mount.log() / "mysql-bin.000001", mount.tmp() / "left", mount.pidFile()}) {
    writeFile(file, "x");
  }
  writeFile(mount.log() / "mysql-bin.index", "/parent/log/mysql-bin.000001\n");
  const NewIdentity done = makeIdentityNew(mount);
  CHECK(done.removed == std::vector<std::string>{"data/auto.cnf", "data/server-key.pem", "mysqld.pid"});
  CHECK(done.indexes.size() == 1);
  CHECK(readFile(mount.log() / "mysql-bin.index") == "../log/mysql-bin.000001\n");
  CHECK(fs::exists(mount.data() / "ibdata1"));
  CHECK(isEmptyDirectory(mount.tmp()));
  const NewIdentity again = makeIdentityNew(mount);
  CHECK(again.removed.empty());
  CHECK(again.indexes.empty());
}

TEST_CASE("the statements of the first start come in an order that fails closed") {
  const Scratch scratch;
  VdbPlan plan = planFor(scratch / "m");
  plan.vdb.lockAccounts = true;
  const std::string text = cutOffStatements(plan);
  const std::vector<std::string> order = {"sql_log_bin = 0",      "sql_mode",          "gtid_executed",
                                          "RESET REPLICA ALL",    "RESET BINARY LOGS", "CREATE USER",
                                          "'o''dev'@'localhost'", "UPDATE mysql.user"};
  size_t at = 0;
  for (const std::string& part : order) {
    at = text.find(part, at);
    INFO(part);
    REQUIRE(at != std::string::npos);
  }
  CHECK(text.find("offline_mode") == std::string::npos);
  CHECK(text.find("BY 'it''s'") != std::string::npos);
  const auto options = cutOffOptions(plan, {});
  CHECK(std::count(options.begin(), options.end(), "--offline-mode=ON") == 1);
}

TEST_CASE("values of variables are compared as the server understands them") {
  CHECK(sameValue("1G", "1073741824"));
  CHECK(sameValue("on", "1"));
  CHECK(sameValue("OFF", "0"));
  CHECK(sameValue("0.5", "0.500000"));
  CHECK(sameValue("utf8mb4", "UTF8MB4"));
  CHECK_FALSE(sameValue("100", "101"));
  CHECK_FALSE(sameValue("", "0"));
}

TEST_CASE("a vdb is small by its profile and keeps what its parent's data needs") {
  const Scratch scratch;
  VdbPlan plan = planFor(scratch / "m");
  ParentSettings parent;
  parent.kept = {{"lower_case_table_names", "1"}};
  CHECK(has(vdbOptions(plan, parent), "innodb_redo_log_capacity", "8388608"));
  CHECK(has(vdbOptions(plan, parent), "lower_case_table_names", "1"));
  CHECK(has(vdbOptions(plan, parent), "event_scheduler", "OFF"));
  plan.vdb.profile = VdbProfile::small;
  CHECK(has(vdbOptions(plan, parent), "innodb_redo_log_capacity", "8388608"));
  CHECK(bufferPoolFor(VdbProfile::standard, 1ULL << 30) == 128ULL << 20);
  CHECK(bufferPoolFor(VdbProfile::standard, 64ULL << 30) == 512ULL << 20);
  CHECK(bufferPoolFor(VdbProfile::small, 64ULL << 30) == 32ULL << 20);
}

TEST_CASE("a server of another series, an older one and encrypted data do not fit") {
  const Installation here = installationKnown("/b", "/b/bin/mysqld", Version{9, 7, 4});
  SnapshotFacts snapshot;
  snapshot.version = Version{9, 7, 3};
  CHECK_NOTHROW(checkServerFits(here, snapshot));
  snapshot.encryptedTablespaces = 1;
  CHECK_THROWS_AS(checkServerFits(here, snapshot), Error);
  snapshot.encryptedTablespaces = 0;
  snapshot.version = Version{9, 7, 5};
  CHECK_THROWS_AS(checkServerFits(here, snapshot), Error);
  snapshot.version = Version{8, 4, 0};
  CHECK_THROWS_AS(checkServerFits(here, snapshot), Error);
}

TEST_CASE(
    "commands for a VDB leave nothing in a directory that is none, and make none of what is not empty") {
  const Scratch scratch;
  const Mount mount(scratch / "mysql");
  makeDirectory(mount.root());
  writeFile(mount.optionFile(), "theirs");
  VdbAccess access;
  access.mount = mount.root();
  VdbRequest request;
  request.mount = mount.root();
  ExportRequest asked;
  asked.access = access;
  asked.output = scratch / "out";
  CHECK_THROWS_AS(startVdb(access), Error);
  CHECK_THROWS_AS(exportVdb(asked), Error);
  CHECK_THROWS_AS(provision(request), Error);
  CHECK_THROWS_AS(enableVdb(request), Error);
  CHECK_THROWS_AS(createEmptyVdb(request), Error);
  CHECK_FALSE(mount.exists());
  CHECK(readFile(mount.optionFile()) == "theirs");
}

TEST_CASE("a create-empty that was killed may go on, and what else holds something may not") {
  const Scratch scratch;
  const Mount mount(scratch / "vdb");
  CHECK_NOTHROW(refuseFilled(mount));
  makeDirectory(mount.root() / "lost+found");
  { const FileLock lock = mount.lock("create-empty", Deadline::in(Seconds(1))); }
  CHECK_NOTHROW(refuseFilled(mount));
  mount.journal("create-empty").step("initialise");
  makeDirectory(mount.data());
  CHECK_NOTHROW(refuseFilled(mount));
  mount.journal("create-empty").finish();
  CHECK_THROWS_AS(refuseFilled(mount), Error);
}
