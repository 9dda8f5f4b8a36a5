#include <atomic>
#include <thread>

#include "backup/schema.h"
#include "base/text.h"
#include "process/proc.h"
#include "replication/channel.h"
#include "server/registry.h"
#include "server/snapshot_facts.h"
#include "staging_support.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

void copyMount(const fs::path& from, const fs::path& to) {
  runChecked({.argv = {"cp", "-a", from.string(), to.string()}}, ExitCode::internal, "cannot copy the mount");
}

SnapshotFacts snapshotOn(const StagingBed& bed) {
  return SnapshotFacts::from(readJson(Mount(bed.mount()).snapshotFile()));
}

// Asks staging, over and over, whether it answers and its applier runs.
class Watch {
 public:
  explicit Watch(const StagingBed& bed) : session_(bed.staging()) {
    thread_ = std::thread([this] {
      try {
        Channel channel(session_);
        while (!stop_) {
          if (channel.status().replica.applier != ReplicaStatus::Thread::running) ++pauses_;
          ++looks_;
        }
      } catch (const std::exception&) {
        ++failures_;
      }
    });
  }
  ~Watch() { finish(); }
  void finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  unsigned looks() const { return looks_; }
  unsigned pauses() const { return pauses_; }
  unsigned failures() const { return failures_; }

 private:
  Session session_;
  std::atomic<bool> stop_{false};
  std::atomic<unsigned> looks_{0}, pauses_{0}, failures_{0};
  std::thread thread_;
};

}  // namespace

TEST_CASE("a hot snapshot under load pauses neither staging nor its applier, and puts variables back") {
  StagingBed bed;
  bed.expect(0, "init");
  const auto variables = [&] {
    Session session = bed.staging();
    std::string all;
    for (const char* name : {"innodb_io_capacity", "innodb_io_capacity_max", "innodb_max_dirty_pages_pct",
                             "innodb_max_dirty_pages_pct_lwm", "innodb_redo_log_capacity"})
      all += session.variable(name) + " ";
    return all;
  };
  const std::string before = variables();
  WriteLoad load(bed.source.rootOptions());
  bed.catchUp();
  Watch watch(bed);
  const Json report = bed.expect(0, "pre-snapshot", {"--name", "the shop"});
  const Json object = bed.expect(0, "post-snapshot");
  watch.finish();
  load.stop();
  CHECK(watch.looks() > 0);
  CHECK(watch.pauses() == 0);
  CHECK(watch.failures() == 0);
  CHECK(variables() == before);

  const SnapshotFacts facts = snapshotOn(bed);
  Session source = bed.source.root();
  CHECK(facts.mode == "hot");
  CHECK(facts.name == "the shop");
  CHECK(facts.tables.at("shop") == baseTables(source, {"shop"}).size());
  CHECK(facts.replicationState == "running");
  CHECK(GtidSet::parse(bed.source.root().variable("gtid_executed"))
            .contains(GtidSet::parse(facts.gtidExecuted)));
  CHECK(object["snapshotId"] == facts.id);
  CHECK(object["snapPort"] == std::to_string(bed.port()));
  CHECK_FALSE(object.contains("snapPass"));
  for (const fs::path& file :
       {Mount(bed.mount()).snapshotFile(), Mount(bed.mount()).stateFile(), Mount(bed.mount()).optionFile()})
    CHECK(readFile(file).find("'a\"g$") == std::string::npos);
}

TEST_CASE("a table that is not InnoDB's makes auto quiesce, and post-snapshot lets the applier go on") {
  StagingBed bed;
  bed.expect(0, "init");
  bed.source.root().execute("CREATE TABLE shop.m (id INT PRIMARY KEY) ENGINE=MyISAM");
  bed.catchUp();
  CHECK(bed.expect(20, "pre-snapshot", {"--snapshot-mode", "hot"})["message"].get<std::string>().find(
            "shop.m") != std::string::npos);
  bed.expect(0, "pre-snapshot");
  CHECK(snapshotOn(bed).mode == "quiesce");
  {
    Session session = bed.staging();
    CHECK(Channel(session).status().replica.applier == ReplicaStatus::Thread::stopped);
    CHECK(snapshotOn(bed).gtidExecuted == replaceAll(session.variable("gtid_executed"), "\n", ""));
  }
  bed.source.root().execute("INSERT INTO shop.m VALUES (1)");
  bed.expect(0, "post-snapshot");
  bed.catchUp();
  Session session = bed.staging();
  CHECK(session.number("SELECT COUNT(*) FROM shop.m") == 1);
  CHECK(GtidSet::parse(session.variable("gtid_executed"))
            .subtract(GtidSet::parse(bed.source.root().variable("gtid_executed")))
            .empty());
}

TEST_CASE("mode stop takes the server down until post-snapshot brings it and its replication back") {
  StagingBed bed;
  bed.expect(0, "init");
  bed.expect(0, "pre-snapshot", {"--snapshot-mode", "stop"});
  CHECK(bed.expect(0, "status")["state"] == "stopped");
  copyMount(bed.mount(), bed.file("copy"));
  bed.expect(0, "post-snapshot");
  CHECK(bed.expect(0, "status")["replication"]["state"] == "running");
}

TEST_CASE(
    "when replication cannot be stopped for a snapshot in time, the server goes on, and the worker may heal "
    "it") {
  StagingBed bed;
  bed.expect(0, "init");
  Session holder = bed.staging();
  holder.execute("LOCK TABLES shop.audit READ");
  bed.source.root().execute("INSERT INTO shop.audit (what) VALUES ('waits')");
  REQUIRE(waitUntil(Deadline::in(Seconds(30)), [&] {
    return holder.number(
               "SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE object_name = 'audit' "
               "AND lock_status = 'PENDING'") > 0;
  }));
  bed.expect(25, "pre-snapshot", {"--snapshot-mode", "stop", "--timeout", "3s"});
  CHECK_FALSE(readFacts(Mount(bed.mount()).stateFile()).contains("quiesced"));
  CHECK(bed.expect(0, "status")["state"] == "running");
  holder.execute("UNLOCK TABLES");
  CHECK(waitUntil(Deadline::in(Seconds(60)), [&] {
    return bed.expect(0, "worker")["state"] == "running" &&
           holder.number("SELECT COUNT(*) FROM shop.audit WHERE what = 'waits'") == 1;
  }));
}

TEST_CASE("files that a clone could not own refuse the snapshot with exit code 24") {
  StagingBed bed;
  bed.expect(0, "init", {"--method", "dump"});
  fs::create_directory_symlink("/tmp", bed.mount() / "data" / "elsewhere");
  CHECK(bed.expect(24, "pre-snapshot")["message"].get<std::string>().find("elsewhere") != std::string::npos);
  fs::remove(bed.mount() / "data" / "elsewhere");
  bed.expect(0, "pre-snapshot");
}

TEST_CASE("stop, start, status and remove can be repeated and find the mount by its port") {
  StagingBed bed;
  bed.expect(0, "init");
  const std::string port = std::to_string(bed.port());
  const auto byPort = [&](const std::string& command) {
    Command call;
    call.argv = {binDir() + "/dlpx-mysql-stage", command, "--port", port};
    if (command == "status") call.argv.push_back("--active-only");
    call.environment["DLPX_MYSQL_REGISTRY"] = bed.file("registry").string();
    const Finished finished = run(call);
    REQUIRE(finished.exitCode == 0);
    return trim(finished.out);
  };
  CHECK(byPort("status") == "ACTIVE");
  byPort("stop");
  byPort("stop");
  CHECK(byPort("status") == "INACTIVE");
  CHECK_FALSE(listenerOf(bed.port()).has_value());
  bed.source.root().execute("UPDATE shop.products SET stock = 77");
  bed.expect(0, "start");
  bed.expect(0, "start");
  bed.catchUp();
  CHECK(bed.staging().number("SELECT COUNT(*) FROM shop.products WHERE stock <> 77") == 0);
  bed.expect(0, "remove");
  bed.expect(0, "remove");
  CHECK(isEmptyDirectory(bed.mount()));
  CHECK(bed.expect(0, "status")["state"] == "absent");
}

TEST_CASE("replication stops, waits, starts and breaks with the right exit codes") {
  StagingBed bed;
  bed.expect(0, "init");
  CHECK(bed.expect(0, "replication stop")["state"] == "stopped");
  CHECK(bed.expect(0, "replication stop")["state"] == "stopped");
  bed.expect(22, "replication wait");
  CHECK(bed.expect(0, "worker")["state"] == "running");
  CHECK(bed.expect(0, "replication start")["state"] == "running");

  Session staging = bed.staging();
  staging.execute("SET GLOBAL super_read_only = 0");
  staging.execute("SET SESSION sql_log_bin = 0");
  staging.execute("SET SESSION foreign_key_checks = 0");
  staging.execute("DELETE FROM shop.products");
  staging.execute("SET GLOBAL super_read_only = 1");
  bed.source.root().execute("UPDATE shop.products SET stock = 5");
  REQUIRE(waitUntil(Deadline::in(Seconds(30)),
                    [&] { return Channel(staging).status().state == ChannelState::broken; }));
  for (const char* command : {"worker", "replication start", "pre-snapshot", "init", "replication wait"}) {
    const Json error = bed.expect(22, command);
    INFO(error.dump());
    CHECK(error["remedy"].get<std::string>().find("resync") != std::string::npos);
  }
  bed.expect(0, "pre-snapshot", {"--resync"});
  CHECK(bed.expect(0, "post-snapshot")["replicationState"] == "running");
  CHECK(bed.staging().number("SELECT COUNT(*) FROM shop.products WHERE stock = 5") == 100);
}

TEST_CASE("a replication password that is not at hand or too long is told with exit code 22") {
  StagingBed bed;
  bed.expect(0, "init");
  bed.expect(0, "stop");
  writeFile(bed.file("long.pw"), std::string(33, 'x') + "\n", {0600, std::nullopt});
  const Json error =
      bed.expect(22, "start",
                 {"--replication-user", "dlpx", "--replication-password-file", bed.file("long.pw").string()});
  CHECK(error["message"].get<std::string>().find("32") != std::string::npos);
  CHECK(bed.expect(0, "start", {"--no-log-sync"})["state"] == "running");
}

TEST_CASE("a second operation on the same mount is told who holds the lock") {
  StagingBed bed;
  bed.expect(0, "init");
  const FileLock lock = Mount(bed.mount()).lock("the test", Deadline::in(Milliseconds(0)));
  const Json error = bed.expect(21, "pre-snapshot");
  CHECK(error["message"].get<std::string>().find("the test") != std::string::npos);
}

TEST_CASE("discovery finds the installation, and its servers whether they run or not") {
  StagingBed bed;
  bed.expect(0, "init");
  Command call;
  call.argv = {binDir() + "/dlpx-mysql-stage", "discover", "--json"};
  const Json found = Json::parse(run(call).out);
  const fs::path basedir = mysqlDirectory() / "9.7";
  CHECK(std::any_of(found.begin(), found.end(), [&](const Json& each) {
    return fs::weakly_canonical(each["installPath"].get<std::string>()) == fs::weakly_canonical(basedir);
  }));
  call.argv.insert(call.argv.end(), {"--source-config", "--basedir", ""});
  call.environment["DLPX_MYSQL_SEARCH_PATH"] = bed.mount() / "my.cnf";
  const auto statesFrom = [&](const fs::path& place) {
    call.argv.back() = place;
    std::vector<std::string> states;
    for (const Json& each : Json::parse(run(call).out)) {
      if (each["dataDir"] != (bed.mount() / "data").string()) continue;
      CHECK(each["port"] == std::to_string(bed.port()));
      states.push_back(each["state"]);
    }
    return states;
  };
  for (const fs::path& place : {basedir, basedir / "bin"})
    CHECK(statesFrom(place) == std::vector<std::string>{"running"});
  bed.expect(0, "stop");
  CHECK(statesFrom(basedir) == std::vector<std::string>{"stopped"});
}
