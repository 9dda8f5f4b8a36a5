#include "base/text.h"
#include "process/proc.h"
#include "staging_support.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

// What an operator types at night: the mount, and no file of parameters.
Finished atNight(const StagingBed& bed, const std::string& command, const std::vector<std::string>& more = {},
                 const std::map<std::string, std::string>& environment = {}) {
  Command call;
  call.argv = {binDir() + "/dlpx-mysql-stage"};
  for (const std::string& word : split(command, ' ')) call.argv.push_back(word);
  call.argv.insert(call.argv.end(), {"--mount", bed.mount(), "--json"});
  call.argv.insert(call.argv.end(), more.begin(), more.end());
  call.environment = environment;
  call.environment["DLPX_MYSQL_REGISTRY"] = bed.file("registry").string();
  call.deadline = Deadline::in(std::chrono::minutes(3));
  return run(call);
}

Json said(const Finished& finished) {
  INFO(finished.out << finished.err);
  REQUIRE(finished.exitCode == 0);
  return Json::parse(finished.out);
}

Json refused(const Finished& finished, int exitCode) {
  INFO(finished.out << finished.err);
  REQUIRE(finished.exitCode == exitCode);
  CHECK(finished.out.empty());
  return Json::parse(lastLines(trim(finished.err), 1))["error"];
}

std::string words(const Json& error) {
  return error["message"].get<std::string>() + " | " + error["remedy"].get<std::string>();
}

}  // namespace

TEST_CASE("the mount is enough to start staging and its replication where its passwords lie in files") {
  StagingBed bed;
  bed.expect(0, "init");
  bed.expect(0, "stop");
  CHECK(said(atNight(bed, "start"))["replication"]["state"] == "running");
  CHECK(said(atNight(bed, "status"))["replication"]["state"] == "running");
  CHECK(said(atNight(bed, "worker"))["state"] == "running");
  said(atNight(bed, "pre-snapshot"));
  said(atNight(bed, "post-snapshot"));
  said(atNight(bed, "replication stop"));
  CHECK(said(atNight(bed, "replication start"))["state"] == "running");
  const std::string state = readFile(bed.mount() / ".dlpx-mysql" / "state.json");
  CHECK_THAT(state, Catch::Contains(bed.file("source.pw").string()));
  for (const std::string& password : {sourcePassword, stagingPassword})
    CHECK(state.find(Json(password).dump()) == std::string::npos);
}

TEST_CASE("where the replication password is gone the server is started, and what is to be done is told") {
  StagingBed bed;
  bed.expect(0, "init");
  bed.expect(0, "stop");
  fs::rename(bed.file("source.pw"), bed.file("moved.pw"));
  const Finished start = atNight(bed, "start");
  const Json error = refused(start, 22);
  CHECK_THAT(words(error), Catch::Contains("staging runs") && Catch::Contains("--replication-password-file"));
  CHECK_THAT(start.err, Catch::Contains(bed.file("source.pw").string()));
  CHECK(listenerOf(bed.port()).has_value());
  CHECK(said(atNight(bed, "status"))["replication"]["state"] == "stopped");
  // Once is enough: the new file is noted.
  const std::vector<std::string> given = {"--replication-password-file", bed.file("moved.pw")};
  CHECK(said(atNight(bed, "replication start", given))["state"] == "running");
  said(atNight(bed, "stop"));
  CHECK(said(atNight(bed, "start"))["replication"]["state"] == "running");
  // A file that does not let it run is not noted.
  said(atNight(bed, "stop"));
  writeFile(bed.file("wrong.pw"), "wrong\n", {0600, std::nullopt});
  refused(atNight(bed, "start", {"--replication-password-file", bed.file("wrong.pw")}), 22);
  CHECK(said(atNight(bed, "replication start"))["state"] == "running");
}

TEST_CASE("passwords that came in variables are not kept: without them the server is started, and no more") {
  StagingBed bed;
  fs::remove(bed.file("source.pw"));
  const std::map<std::string, std::string> secrets = {{"DLPX_MYSQL_SOURCE_PASSWORD", sourcePassword},
                                                      {"DLPX_MYSQL_STAGING_PASSWORD", stagingPassword}};
  REQUIRE(bed.run("init", {}, secrets).exitCode == 0);
  said(atNight(bed, "stop"));
  const Json error = refused(atNight(bed, "start"), 22);
  CHECK_THAT(words(error),
             Catch::Contains("staging runs on port") && Catch::Contains("--staging-password-file"));
  CHECK(listenerOf(bed.port()).has_value());
  CHECK(said(atNight(bed, "start", {}, secrets))["replication"]["state"] == "running");
  said(atNight(bed, "stop"));
  CHECK(said(atNight(bed, "start", {"--no-log-sync"}))["state"] == "running");
}
