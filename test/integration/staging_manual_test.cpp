#include "base/text.h"
#include "replication/channel.h"
#include "server/snapshot_facts.h"
#include "staging_support.h"
#include "support/backup_servers.h"
#include "support/catch.h"
#include "support/paths.h"
#include "support/tools.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

const std::string channelName = "mine";
const std::vector<std::string> manual{"--type", "manual"};

// As a user does it, on the staging server that is theirs to fill.
void replicateInto(const StagingBed& bed) {
  Session staging = bed.staging();
  staging.execute(
      "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ?, SOURCE_USER = 'dlpx', "
      "SOURCE_PASSWORD = ?, SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1 FOR CHANNEL 'mine'",
      bed.source.port(), Secret(sourcePassword));
  staging.execute("START REPLICA FOR CHANNEL 'mine'");
}

void waitForSource(const StagingBed& bed) {
  Session staging = bed.staging();
  Channel(staging, channelName)
      .waitForGtids(GtidSet::parse(bed.source.root().variable("gtid_executed")), Deadline::in(Seconds(60)));
}

ReplicaStatus usersReplica(const StagingBed& bed) {
  Session staging = bed.staging();
  return Channel(staging, channelName).status().replica;
}

// A user's `mysql < backup` as our management account, and what they do after it.
void restoreInto(const StagingBed& bed, const fs::path& backup) {
  runChecked({.argv = {testInstallation().program("mysql").string(), "--no-defaults", "-udlpx_admin",
                       "--socket=" + Mount(bed.mount()).socket().string()},
              .environment = {{"MYSQL_PWD", stagingPassword}},
              .input = readFile(backup)},
             ExitCode::internal, "the restore failed");
}

using Variables = std::map<std::string, std::string>;

// hooks/linked/NAME.sh as an engine calls it, with the archived plugin's variables.
Finished hook(const StagingBed& bed, const std::string& name, const Variables& more) {
  const Variables usual = {{"DLPX_MYSQL_BIN_DIR", binDir()},
                           {"DLPX_MYSQL_REGISTRY", bed.file("registry")},
                           {"DLPX_MYSQL_DSOURCE_TYPE", "Manual Backup Ingestion"},
                           {"MYSQLD", mysqlDirectory() / "9.7" / "bin"},
                           {"STAGINGSERVERID", "4711"},
                           {"STAGINGPORT", std::to_string(bed.port())},
                           {"STAGINGCONN", "-udlpx_admin --host=localhost -p"},
                           {"STAGINGPASS", stagingPassword},
                           {"STAGINGDATADIR", bed.mount()}};
  Command command{.argv = {"bash", sourceDir() + "/hooks/linked/" + name + ".sh"},
                  .environment = more,
                  .deadline = Deadline::in(std::chrono::minutes(5))};
  command.environment.insert(usual.begin(), usual.end());
  return run(command);
}

// A sync of the engine's; returns the snapshot object.
Json syncByHooks(const StagingBed& bed, const Variables& variables) {
  const Finished before = hook(bed, "pre-snapshot", variables);
  INFO(before.err);
  REQUIRE(before.exitCode == 0);
  const Finished after = hook(bed, "post-snapshot", variables);
  INFO(after.err);
  REQUIRE(after.exitCode == 0);
  return Json::parse(after.out);
}

}  // namespace

TEST_CASE("a user's replication into manual staging is shown, left alone, and put back after a snapshot") {
  StagingBed bed;
  bed.expect(0, "init", manual);
  replicateInto(bed);
  waitForSource(bed);
  const Json shown = bed.expect(0, "status")["userReplication"];
  REQUIRE(shown.size() == 1);
  CHECK(shown[0]["channel"] == channelName);
  CHECK(shown[0]["state"] == "running");
  bed.expect(0, "worker");

  bed.expect(0, "pre-snapshot");
  CHECK(usersReplica(bed).applier == ReplicaStatus::Thread::running);
  CHECK(bed.expect(0, "post-snapshot")["snapMode"] == "hot");

  bed.source.root().execute("CREATE TABLE shop.m (id INT PRIMARY KEY) ENGINE=MyISAM");
  waitForSource(bed);
  bed.expect(0, "pre-snapshot");
  CHECK(usersReplica(bed).applier == ReplicaStatus::Thread::stopped);
  CHECK(usersReplica(bed).receiver == ReplicaStatus::Thread::running);
  bed.source.root().execute("INSERT INTO shop.m VALUES (1)");
  CHECK(bed.expect(0, "post-snapshot")["snapMode"] == "quiesce");
  waitForSource(bed);

  bed.expect(0, "pre-snapshot", {"--snapshot-mode", "stop"});
  bed.expect(0, "post-snapshot");
  bed.source.root().execute("INSERT INTO shop.m VALUES (2)");
  waitForSource(bed);
  CHECK(bed.staging().number("SELECT COUNT(*) FROM shop.m") == 2);

  // What the user has stopped stays so.
  bed.staging().execute("STOP REPLICA FOR CHANNEL 'mine'");
  bed.expect(0, "pre-snapshot", {"--snapshot-mode", "quiesce"});
  bed.expect(0, "post-snapshot");
  CHECK(usersReplica(bed).applier == ReplicaStatus::Thread::stopped);
  CHECK(usersReplica(bed).receiver == ReplicaStatus::Thread::stopped);
}

TEST_CASE("a management account that a user's full restore replaced is told, and put back by start") {
  StagingBed bed;
  bed.expect(0, "init", manual);
  dump(bed.source, bed.file("full"));
  restoreInto(bed, bed.file("full"));
  bed.expect(0, "stop");
  bed.expect(0, "start");
  const Json error = bed.expect(11, "pre-snapshot");
  CHECK(error["remedy"].get<std::string>().find("start --repair-account") != std::string::npos);
  CHECK(bed.expect(11, "status")["remedy"] == error["remedy"]);
  bed.expect(0, "start", {"--repair-account"});
  const pid_t server = Instance::require(Mount(bed.mount())).process().value().pid;
  bed.expect(0, "start", {"--repair-account"});
  CHECK(Instance::require(Mount(bed.mount())).process().value().pid == server);
  bed.expect(0, "pre-snapshot");
  bed.expect(0, "post-snapshot");
  CHECK(bed.staging().number("SELECT COUNT(*) FROM mysql.user WHERE User = 'dlpx'") == 1);
  CHECK(bed.staging().number("SELECT COUNT(*) FROM shop.orders") ==
        bed.source.root().number("SELECT COUNT(*) FROM shop.orders"));
}

TEST_CASE("a resync from a directory takes the newest complete backup in it, or none") {
  StagingBed bed;
  bed.expect(0, "init", manual);
  mark(bed.staging());
  const fs::path backups = bed.file("backups");
  makeDirectory(backups, {0755, std::nullopt});
  const std::vector<std::string> resync{"--type", "manual", "--backup", backups.string()};
  CHECK(bed.expect(9, "resync", resync)["message"].get<std::string>().find("no complete backup") !=
        std::string::npos);

  dump(bed.source, backups / "monday.sql");
  bed.source.root().execute("INSERT INTO shop.audit (what) VALUES ('tuesday')");
  dump(bed.source, backups / "tuesday.sql");
  runChecked({.argv = {"gzip", (backups / "tuesday.sql").string()}}, ExitCode::internal, "gzip failed");
  const std::string whole = readFile(backups / "monday.sql");
  writeFile(backups / "wednesday.sql", whole.substr(0, whole.size() - 100));
  const auto now = fs::file_time_type::clock::now();
  fs::last_write_time(backups / "monday.sql", now - std::chrono::hours(48));
  fs::last_write_time(backups / "tuesday.sql.gz", now - std::chrono::hours(24));

  const Finished finished = bed.run("resync", resync);
  INFO(finished.err);
  REQUIRE(finished.exitCode == 0);
  CHECK(finished.err.find("wednesday.sql is not complete") != std::string::npos);
  CHECK(finished.err.find("monday.sql") == std::string::npos);
  CHECK_FALSE(isMarked(bed.staging()));
  CHECK(bed.staging().number("SELECT COUNT(*) FROM shop.audit WHERE what = 'tuesday'") == 1);
  bed.staging().execute("CREATE DATABASE written_by_its_user");

  fs::remove(backups / "monday.sql");
  fs::remove(backups / "tuesday.sql.gz");
  const Json error = bed.expect(9, "resync", resync);
  CHECK(error["message"].get<std::string>().find("wednesday.sql") != std::string::npos);
  CHECK(bed.staging().number("SELECT COUNT(*) FROM shop.audit WHERE what = 'tuesday'") == 1);
}

TEST_CASE("hooks restore the newest backup at each sync with resync, and a bad one changes nothing") {
  StagingBed bed;
  const fs::path backups = bed.file("their backups");
  makeDirectory(backups, {0755, std::nullopt});
  Variables resync = {{"BACKUP_PATH", backups}, {"DLPX_MYSQL_RESYNC", "true"}};
  const auto days = [&] {
    return bed.staging().number("SELECT COUNT(*) FROM shop.audit WHERE what = 'day'");
  };
  const auto nextDay = [&](const std::string& name) {
    bed.source.root().execute("INSERT INTO shop.audit (what) VALUES ('day')");
    return dump(bed.source, backups / name);
  };
  nextDay("monday.sql");
  const Json first = syncByHooks(bed, resync);
  CHECK(first["snapPort"] == std::to_string(bed.port()));
  CHECK(days() == 1);

  const fs::path tuesday = nextDay("tuesday.sql");
  fs::last_write_time(backups / "monday.sql", fs::last_write_time(tuesday) - std::chrono::hours(24));
  syncByHooks(bed, {{"BACKUP_PATH", backups}, {"DLPX_MYSQL_RESYNC", ""}});  // a policy's
  CHECK(days() == 1);
  CHECK(syncByHooks(bed, resync)["snapshotId"] != first["snapshotId"]);
  CHECK(days() == 2);

  // Whole but for a statement that no server takes.
  const std::string whole = readFile(tuesday);
  writeFile(tuesday, replaceAll(whole, "-- Dump completed", "THIS IS NO SQL;\n-- Dump completed"));
  const fs::path result = bed.file("result.json");
  resync["DLPX_OUTPUT_FILE"] = result;
  for (const int code : {6, 9}) {
    const Finished failed = hook(bed, "pre-snapshot", resync);
    INFO(failed.err);
    CHECK(failed.exitCode == code);
    CHECK(failed.out.empty());
    CHECK(Json::parse(lastLines(trim(failed.err), 1))["error"]["code"] == code);
    CHECK_FALSE(fs::exists(result));
    CHECK(days() == 2);
    nothingBeside(bed);
    fs::remove(backups / "monday.sql");
    writeFile(tuesday, whole.substr(0, whole.size() - 100));
  }
  resync.erase("DLPX_OUTPUT_FILE");
  CHECK(trim(hook(bed, "status", resync).out) == "ACTIVE");

  // The same mount as a dSource that replicates, from a backup of the user's.
  writeFile(tuesday, whole);
  dump(bed.source, tuesday, plainDump);
  syncByHooks(bed, {{"BACKUP_PATH", tuesday},
                    {"DLPX_MYSQL_RESYNC", "true"},
                    {"DLPX_MYSQL_DSOURCE_TYPE", "Replication"},
                    {"LOGSYNC", "true"},
                    {"SOURCEIP", "127.0.0.1"},
                    {"SOURCEPORT", std::to_string(bed.source.port())},
                    {"SOURCECONN", "-udlpx --host=127.0.0.1 -p"},
                    {"SOURCEPASS", sourcePassword}});
  bed.source.root().execute("INSERT INTO shop.audit (what) VALUES ('day')");
  bed.catchUp();
  CHECK(days() == 3);
}

TEST_CASE("a manual dSource is linked empty, filled by its user, restored by sync, and has VDBs") {
  const Shop shop;
  const fs::path backups = shop.host / "backups";
  makeDirectory(backups, {0755, std::nullopt});
  shop.link("type: manual\n");
  {
    Session staging = shop.onStaging();
    staging.execute("CREATE DATABASE own");
    staging.execute("CREATE TABLE own.t (id INT PRIMARY KEY)");
    staging.execute("INSERT INTO own.t VALUES (1), (2), (3)");
  }
  shop.host.json({"dlpx-mysql-engine", "sync", "shop"});
  const uint16_t port = freePort();
  shop.provision("dev", port);
  CHECK(shop.onVdb(port).number("SELECT COUNT(*) FROM own.t") == 3);
  shop.host.json({"dlpx-mysql-engine", "sync", "shop", "--resync"});
  CHECK(shop.onStaging().number(
            "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'own'") == 0);
  shop.host.json({"dlpx-mysql-engine", "rewind", "dev"});
  CHECK(shop.onVdb(port).number("SELECT COUNT(*) FROM own.t") == 3);
}
