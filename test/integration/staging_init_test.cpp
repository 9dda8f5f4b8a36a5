#include <map>

#include "base/text.h"
#include "process/proc.h"
#include "replication/channel.h"
#include "staging_support.h"
#include "support/catch.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

const std::vector<std::string> noGtid = {"plugin-load-add=mysql_clone.so", "gtid-mode=OFF",
                                         "enforce-gtid-consistency=OFF"};

std::vector<std::string> flags(const std::string& method) {
  return {"--method", method};
}

// Data the same, replication proven, and no transaction of staging's own.
void isInStep(const StagingBed& bed) {
  Session source = bed.source.root();
  source.execute(
      "INSERT INTO shop.customers (email, name, city, created) SELECT UUID(), 'new', 'Lund', NOW()");
  bed.catchUp();
  Session staging = bed.staging();
  CHECK(realDifferences(source, staging) == std::vector<std::string>{});
  const GtidSet theirs = GtidSet::parse(source.variable("gtid_executed"));
  const GtidSet ours = GtidSet::parse(staging.variable("gtid_executed"));
  CHECK(ours.subtract(theirs).text().empty());
  CHECK(theirs.subtract(ours).text().empty());
  CHECK(staging.variable("gtid_mode") == source.variable("gtid_mode"));
  CHECK(staging.variable("super_read_only") == "ON");
  CHECK(staging.variable("event_scheduler") == "OFF");
  CHECK(staging.variable("log_bin") == "OFF");
  CHECK(staging.variable("server_uuid") != source.variable("server_uuid"));
}

void initialises(StagingBed& bed, const std::string& method) {
  const Json report = bed.expect(0, "init", flags(method));
  CHECK(report["staging"]["method"] == method);
  CHECK(report["replication"]["state"] == "running");
  CHECK(report["notes"] == Json::array());
  isInStep(bed);
  const Json again = bed.expect(0, "init", flags(method));
  CHECK(again["verified"] == true);
}

// Nothing of ours runs and the mount is as it was.
void nothingLeft(const StagingBed& bed) {
  CHECK_FALSE(fs::exists(bed.mount()));
  CHECK_FALSE(listenerOf(bed.port()).has_value());
}

void refuses(const StagingBed& bed, int exitCode, const std::string& words,
             const std::vector<std::string>& more = {}) {
  const Json error = bed.expect(exitCode, "init", more);
  INFO(error.dump());
  CHECK(error["message"].get<std::string>().find(words) != std::string::npos);
  CHECK_FALSE(error["remedy"].get<std::string>().empty());
  nothingLeft(bed);
}

}  // namespace

TEST_CASE("init by clone from a source with GTIDs builds a staging server that follows") {
  StagingBed bed;
  initialises(bed, "clone");
}

TEST_CASE("init by dump from a source with GTIDs builds a staging server that follows") {
  StagingBed bed;
  initialises(bed, "dump");
}

TEST_CASE("init by copy leaves the settings that a restart would bring, and its redo log on") {
  StagingBed bed;
  initialises(bed, "copy");
  const auto settings = [&] {
    std::map<std::string, std::string> all;
    for (const Row& row : bed.staging().query("SHOW GLOBAL VARIABLES"))
      all.emplace(row[0].value_or(""), row[1].value_or(""));
    return all;
  };
  CHECK(bed.staging().query("SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'").at(0)[1] == "ON");
  auto before = settings();
  before.at("init_file").clear();  // the accounts of the first start
  CHECK(before.at("innodb_extend_and_initialize") == "ON");
  bed.expect(0, "stop");
  bed.expect(0, "start");
  for (const auto& [variable, value] : settings()) {
    INFO(variable);
    CHECK(before.at(variable) == value);
  }
}

TEST_CASE("init by clone from a source without GTIDs follows by file and position") {
  StagingBed bed({.options = noGtid});
  initialises(bed, "clone");
}

TEST_CASE("init by dump from a source without GTIDs follows by file and position") {
  StagingBed bed({.options = noGtid});
  initialises(bed, "dump");
}

TEST_CASE("init under a write load gets every transaction, once") {
  for (const std::string method : {"clone", "copy", "dump"}) {
    StagingBed bed;
    WriteLoad load(bed.source.rootOptions());
    bed.expect(0, "init", flags(method));
    load.stop();
    CHECK(load.transactions() > 0);
    CHECK(load.longestStatement() < Milliseconds(5000));
    bed.catchUp();
    Session staging = bed.staging();
    CHECK(tallyProblem(staging).empty());
    isInStep(bed);
  }
}

TEST_CASE("the source sees reads only") {
  for (const std::string method : {"clone", "copy", "dump"}) {
    StagingBed bed;
    Session source = bed.source.root();
    source.execute("SET GLOBAL event_scheduler = OFF");  // the shop's own event writes every minute
    const std::string before = fingerprint(source);
    bed.expect(0, "check", flags(method));
    bed.expect(0, "init", flags(method));
    bed.expect(0, "pre-snapshot");
    bed.expect(0, "post-snapshot");
    bed.expect(0, "remove");
    CHECK(fingerprint(source) == before);
  }
}

TEST_CASE("after a clone no account, event, channel or policy of the source hinders staging") {
  StagingBed bed;
  Session source = bed.source.root();
  source.execute("INSTALL COMPONENT 'file://component_validate_password'");
  source.execute("SET GLOBAL validate_password.length = 60");
  source.execute("SET PERSIST event_scheduler = ON");
  source.execute("CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1 FOR CHANNEL 'up'");
  bed.expect(0, "init", flags("clone"));
  Session staging = bed.staging();
  CHECK(staging.variable("event_scheduler") == "OFF");
  CHECK(staging.number("SELECT COUNT(*) FROM performance_schema.replication_connection_configuration") == 1);
  isInStep(bed);
}

TEST_CASE("an unreachable source, a wrong password and a missing binary log are refused before any effect") {
  {
    StagingBed bed;
    refuses(bed, 20, "source", {"--source-port", std::to_string(freePort())});
    bed.setSourcePassword("wrong");
    refuses(bed, 20, "Access denied");
  }
  StagingBed bed({.options = {"skip-log-bin", "plugin-load-add=mysql_clone.so"}});
  refuses(bed, 20, "binary log");
}

TEST_CASE("a taken port, a mount with files in it and a used server id are refused before any effect") {
  StagingBed bed;
  refuses(bed, 20, "is taken by", {"--port", std::to_string(bed.source.port())});
  refuses(bed, 20, "same server id", {"--server-id", std::to_string(bed.source.port())});
  makeDirectory(bed.mount());
  writeFile(bed.mount() / "theirs", "precious");
  const Json error = bed.expect(20, "init");
  CHECK(error["message"].get<std::string>().find("not empty and not ours") != std::string::npos);
  bed.expect(2, "remove");
  CHECK(readFile(bed.mount() / "theirs") == "precious");
  CHECK_FALSE(fs::exists(bed.mount() / ".dlpx-mysql"));
}

TEST_CASE("a 5.6 source is refused by its version") {
  StagingBed bed({.version = "5.6", .options = {"log-bin=bin"}});
  const Json error = bed.expect(20, "init");
  CHECK(error["message"].get<std::string>().find("5.6.24") != std::string::npos);
  nothingLeft(bed);
}

TEST_CASE("an account that may not replicate makes the check fail with exit code 20") {
  StagingBed bed;
  bed.source.root().execute("REVOKE REPLICATION SLAVE ON *.* FROM dlpx@'%'");
  const Json error = bed.expect(20, "check");
  CHECK(error["report"]["failed"] == 1);
  CHECK(error["message"].get<std::string>().find("REPLICATION SLAVE") != std::string::npos);
}

TEST_CASE("a failing ingestion leaves no process and no file") {
  StagingBed bed;
  // The check cannot see it: the server refuses it at its start.
  writeFile(bed.file("my.cnf"), "[mysqld]\nno_such_setting_at_all=1\n");
  const Json error = bed.expect(3, "init", {"--my-cnf", bed.file("my.cnf").string()});
  CHECK(error["message"].get<std::string>().find("no_such_setting_at_all") != std::string::npos);
  nothingLeft(bed);
}

TEST_CASE(
    "a mount below directories that are missing, too, can be entered by the server, and goes with a "
    "failure") {
  StagingBed bed;
  const std::vector<std::string> flags{"--type", "manual", "--mount", bed.file("new/deeper/mount").string()};
  std::vector<std::string> failing = flags;
  writeFile(bed.file("bad.cnf"), "[mysqld]\nno_such_setting = 1\n");
  failing.insert(failing.end(), {"--my-cnf", bed.file("bad.cnf").string()});
  bed.expect(3, "init", failing);
  CHECK_FALSE(fs::exists(bed.file("new")));
  bed.expect(0, "init", flags);
  bed.expect(0, "remove", {"--mount", flags.back()});
}

TEST_CASE("init of type manual makes an empty seed that its user can write to") {
  StagingBed bed;
  bed.expect(0, "init", {"--type", "manual"});
  Session staging = bed.staging();
  staging.execute("CREATE DATABASE own");
  CHECK(staging.query(std::string_view("SHOW REPLICA STATUS")).empty());
  bed.expect(0, "pre-snapshot");
  CHECK(bed.expect(0, "post-snapshot")["snapMode"] == "hot");
}

TEST_CASE("a subset of databases brings and follows exactly these") {
  StagingBed bed;
  Session source = bed.source.root();
  source.execute("CREATE DATABASE other");
  source.execute("CREATE TABLE other.t (id INT PRIMARY KEY)");
  const Json report = bed.expect(0, "init", {"--databases", "shop"});
  CHECK(report["staging"]["method"] == "copy");
  source.execute("INSERT INTO other.t VALUES (1)");
  source.execute("CREATE DATABASE third");
  isInStep(bed);
  Session staging = bed.staging();
  CHECK(staging.number(
            "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name IN ('other', 'third')") == 0);
  bed.expect(0, "stop");
  bed.expect(0, "start");
  source.execute("INSERT INTO other.t VALUES (2)");
  isInStep(bed);
}
