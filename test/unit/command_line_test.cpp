#include "base/text.h"
#include "command/help.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "unit/command_support.h"

using namespace dlpx;
using namespace dlpx::test;

TEST_CASE("a flag beats the environment, that the file, that the default") {
  const Scratch scratch;
  writeFile(scratch / "c.yaml", "source_port: 3\n");
  const AppSpec app = echoApp({"source-port"});
  const std::string config = (scratch / "c.yaml").string();
  const auto seen = [&](const std::vector<std::string>& arguments, const Variables& variables) {
    std::vector<std::string> all = {"make", "--json"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return compact(valueOf(runInChild(app, all, variables), "source-port"));
  };
  CHECK(seen({}, {}) == R"({"value":3306,"origin":"default"})");
  CHECK(seen({"--config", config}, {}) == R"({"value":3,"origin":"file )" + config + R"(:1"})");
  CHECK(seen({"--config", config}, {{"SOURCEPORT", "4"}}) ==
        R"({"value":4,"origin":"environment SOURCEPORT"})");
  CHECK(seen({"--config", config}, {{"SOURCEPORT", "4"}, {"DLPX_MYSQL_SOURCE_PORT", "5"}}) ==
        R"({"value":5,"origin":"environment DLPX_MYSQL_SOURCE_PORT"})");
  CHECK(seen({"--config=" + config, "--source-port=6"}, {{"DLPX_MYSQL_SOURCE_PORT", "5"}}) ==
        R"({"value":6,"origin":"flag"})");
  CHECK(seen({}, {{"DLPX_MYSQL_CONFIG", config}}) == R"({"value":3,"origin":"file )" + config + R"(:1"})");
}

TEST_CASE("a command's own default is taken before the table's") {
  AppSpec app = echoApp({"timeout"});
  app.commands[0].defaults = {{"timeout", "30s"}};
  CHECK(valueOf(runInChild(app, {"make", "--json"}), "timeout").at("value") == "30s");
  CHECK(contains(helpText(app, app.commands[0]), "(30s)"));
}

TEST_CASE("an empty variable is not given") {
  const Told told = runInChild(echoApp({"backup", "source-password"}), {"make", "--json"},
                               {{"BACKUP_PATH", ""}, {"SOURCEPASS", ""}});
  CHECK(valueOf(told, "backup").at("value").is_null());
  CHECK(valueOf(told, "source-password").at("value").is_null());
}

TEST_CASE("the archived plugin's variables mean what they meant, by executable") {
  const Variables staging = {{"MYSQLD", "/usr/sbin"},
                             {"STAGINGPORT", "3309"},
                             {"STAGINGSERVERID", "7"},
                             {"STAGINGCONN", "-uroot --host=localhost -p"},
                             {"STAGINGDATADIR", "/m"},
                             {"LOGSYNC", "false"},
                             {"PORT", "1"},
                             {"SERVERID", "1"},
                             {"DLPX_MYSQL_DSOURCE_TYPE", "Manual Backup Ingestion"}};
  const Told stage =
      runInChild(echoApp({"basedir", "port", "server-id", "staging-user", "mount", "log-sync", "type"}),
                 {"make", "--json"}, staging);
  CHECK(valueOf(stage, "basedir").at("value") == "/usr/sbin");
  CHECK(valueOf(stage, "port").at("value") == 3309);
  CHECK(valueOf(stage, "server-id").at("value") == 7);
  CHECK(valueOf(stage, "staging-user").at("value") == "root");
  CHECK(valueOf(stage, "mount").at("value") == "/m");
  CHECK(valueOf(stage, "log-sync").at("value") == false);
  CHECK(valueOf(stage, "type").at("value") == "manual");

  const Variables clone = {{"DLPX_DATA_DIRECTORY", "/v"},
                           {"PORT", "3310"},
                           {"SERVERID", "8"},
                           {"VDBPASS", "p"},
                           {"VDBCONN", "-udev --host=h -p"},
                           {"MYCONFIG", "a=1\nb=2,3\n\n"},
                           {"STAGINGPORT", "1"}};
  const Told vdb =
      runInChild(echoApp({"mount", "port", "server-id", "user", "setting", "password"}, "dlpx-mysql-vdb"),
                 {"make", "--json"}, clone);
  CHECK(valueOf(vdb, "mount").at("value") == "/v");
  CHECK(valueOf(vdb, "port").at("value") == 3310);
  CHECK(valueOf(vdb, "server-id").at("value") == 8);
  CHECK(valueOf(vdb, "user").at("value") == "dev");
  CHECK(compact(valueOf(vdb, "setting").at("value")) == R"(["a=1","b=2,3"])");
  CHECK(valueOf(vdb, "password").at("origin") == "environment VDBPASS");
}

TEST_CASE("a wrong variable is told by its own name") {
  const Told told = runInChild(echoApp({"port"}), {"make"}, {{"STAGINGPORT", "x"}});
  CHECK(told.code == 2);
  CHECK(contains(told.err, "STAGINGPORT is 'x', which is not a whole number"));
}

TEST_CASE("lists and assignments are collected from repeated flags") {
  const Told told = runInChild(
      echoApp({"databases", "setting"}),
      {"make", "--json", "--databases", "a, b", "--databases", "c", "--setting", "x=1,2", "--setting=y=[a]"});
  CHECK(compact(valueOf(told, "databases").at("value")) == R"(["a","b","c"])");
  CHECK(compact(valueOf(told, "setting").at("value")) == R"(["x=1,2","y=[a]"])");
}

TEST_CASE("a switch can be turned off by its no form") {
  const AppSpec app = echoApp({"log-sync"});
  CHECK(valueOf(runInChild(app, {"make", "--json", "--no-log-sync"}, {{"LOGSYNC", "true"}}), "log-sync")
            .at("value") == false);
  CHECK(valueOf(runInChild(app, {"make", "--json", "--log-sync"}, {{"LOGSYNC", "0"}}), "log-sync")
            .at("value") == true);
}

TEST_CASE("a mistyped flag is answered with the nearest one and never with its value") {
  const AppSpec app = wordyApp();
  const Told flag = runInChild(app, {"make", "--mehtod=hunter2"});
  CHECK(flag.code == 2);
  CHECK(contains(flag.err, "dlpx-mysql-stage make has no flag --mehtod\n  remedy: did you mean --method?"));
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"make", "--source-password=hunter2"},
                                             {"make", "--source-password", "hunter2"},
                                             {"make", "-phunter2"}}) {
    const Told told = runInChild(app, words);
    CHECK(told.code == 2);
    CHECK(contains(told.err, "a password is not taken from the command line"));
    CHECK_FALSE(contains(told.err, "hunter2"));
  }
}

TEST_CASE("a mistyped command, a missing one and half a command are usage errors") {
  const AppSpec app = wordyApp();
  CHECK(contains(runInChild(app, {"mkae"}).err, "has no command 'mkae'\n  remedy: did you mean 'make'?"));
  CHECK(contains(runInChild(app, {}).err, "no command is given"));
  CHECK(contains(runInChild(app, {"--bogus"}).err, "has no flag --bogus"));
  CHECK(contains(runInChild(app, {"pool"}).err, "'pool' is only half a command"));
  CHECK(runInChild(app, {"pool"}).code == 2);
}

TEST_CASE("a flag without its value and a flag given twice are usage errors") {
  const AppSpec app = wordyApp();
  CHECK(contains(runInChild(app, {"make", "--mount"}).err, "--mount needs a value"));
  CHECK(
      contains(runInChild(app, {"make", "--mount", "--json"}).err, "\"message\":\"--mount needs a value\""));
  CHECK(contains(runInChild(app, {"make", "--mount", "a", "--mount", "b"}).err, "--mount is given 2 times"));
  CHECK(contains(runInChild(app, {"make", "--mount", ""}).err, "--mount is empty"));
  CHECK(contains(runInChild(app, {"make", "--json=perhaps"}).err, "--json"));
  CHECK(runInChild(app, {"make", "--json=perhaps"}).code == 2);
}

TEST_CASE("a command of two words takes arguments by position, flag or variable") {
  const AppSpec app = wordyApp();
  CHECK(runInChild(app, {"pool", "create", "p"}).out == "p -\n");
  CHECK(runInChild(app, {"--quiet", "pool", "create", "p", "s"}).out == "p s\n");
  CHECK(runInChild(app, {"pool", "create", "--to", "s", "make"}).out == "make s\n");
  CHECK(runInChild(app, {"pool", "create"}, {{"DLPX_MYSQL_NAME", "n"}}).out == "n -\n");
  const Told missing = runInChild(app, {"pool", "create"});
  CHECK(missing.code == 2);
  CHECK(contains(missing.err, "argument NAME is required for dlpx-mysql-stage pool create"));
  CHECK(contains(runInChild(app, {"pool", "create", "a", "b", "c"}).err, "does not take the argument 'c'"));
  CHECK(contains(runInChild(app, {"pool", "create", "a", "--name", "b"}).err, "by flag and by position"));
}

TEST_CASE("common flags may stand before the command") {
  const Scratch scratch;
  writeFile(scratch / "c.yaml", "mount: /m\n");
  const Told told = runInChild(wordyApp(), {"--config", (scratch / "c.yaml").string(), "--json", "make"});
  CHECK(valueOf(told, "mount").at("value") == "/m");
}

TEST_CASE("a required parameter is missed before the command runs") {
  AppSpec app = failingApp([] { throw Error(ExitCode::internal, "ran"); });
  app.commands[0].required = {"mount"};
  const Told told = runInChild(app, {"make"});
  CHECK(told.code == 2);
  CHECK(contains(told.err, "parameter --mount is required for dlpx-mysql-stage make"));
}

TEST_CASE("show-config tells values and origins, hides secrets and runs nothing") {
  AppSpec app = appOf({"mount", "source-password", "databases"},
                      [](const Parameters&) -> Output { throw Error(ExitCode::internal, "ran"); });
  app.commands[0].required = {"mount"};
  const Told text = runInChild(app, {"make", "--show-config"}, {{"SOURCEPASS", "hunter2"}});
  CHECK(text.code == 0);
  CHECK(contains(text.out, "<redacted>  environment SOURCEPASS"));
  CHECK(contains(text.out, "not given"));
  CHECK_FALSE(contains(text.out, "hunter2"));
  const Told json = runInChild(app, {"make", "--show-config", "--json"}, {{"SOURCEPASS", "hunter2"}});
  CHECK(compact(valueOf(json, "source-password")) ==
        R"({"value":"<redacted>","origin":"environment SOURCEPASS"})");
  CHECK(compact(valueOf(json, "databases")) == R"({"value":["ALL"],"origin":"default"})");
}

TEST_CASE(
    "an unknown variable of our prefix is warned of, with the nearest known name and without its value") {
  const AppSpec app = appOf({"source-host"}, [](const Parameters&) { return Output{}; });
  const Told told = runInChild(app, {"make", "--quiet"},
                               {{"DLPX_MYSQL_SORCE_HOST", "db1"}, {"DLPX_MYSQL_SOURCE_PASWORD", "hunter2"}});
  CHECK(told.code == 0);
  CHECK(contains(told.err, "DLPX_MYSQL_SORCE_HOST is not known; did you mean DLPX_MYSQL_SOURCE_HOST?"));
  CHECK(contains(told.err, "did you mean DLPX_MYSQL_SOURCE_PASSWORD?"));
  CHECK_FALSE(contains(told.err, "hunter2"));
  CHECK(runInChild(app, {"make"}, {{"DLPX_MYSQL_BIN_DIR", "/x"}}).err.empty());
  // What a script of the user is told, and hands on to our tools.
  CHECK(runInChild(app, {"make"}, {{"DLPX_MYSQL_SOCKET", "/x"}}).err.empty());
}
