#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <new>

#include "base/interrupt.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "command/environment.h"
#include "command/generate.h"
#include "command/help.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "unit/command_support.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Prints the values of all its parameters, secrets too.
AppSpec echoApp(const std::vector<std::string>& names, const std::string& app = "dlpx-mysql-stage") {
  return appOf(
      names,
      [names](const Parameters& parameters) {
        std::string text;
        for (const std::string& name : names) {
          const bool isSecret = parameterSpec(name).type == ValueType::secret;
          text +=
              name + "=" + (isSecret ? parameters.secret(name).value_or(Secret("none")).reveal() : "") + "\n";
        }
        return Output{parameters.toJson(names), text};
      },
      app);
}

Json valueOf(const Told& told, const std::string& name) {
  INFO(told.err);
  REQUIRE(told.code == 0);
  return Json::parse(told.out).at(name);
}

AppSpec failingApp(const std::function<void()>& failure) {
  return appOf({"mount"}, [failure](const Parameters&) {
    failure();
    return Output{};
  });
}

AppSpec wordyApp() {
  AppSpec app = echoApp({"mount", "method", "log-sync", "source-password"});
  CommandSpec create;
  create.name = "pool create";
  create.summary = "create a pool";
  create.positionals = {"name", "to?"};
  create.run = [](const Parameters& parameters) {
    return Output{Json(nullptr), parameters.text("name") + " " + parameters.textOr("to", "-")};
  };
  create.examples = {"dlpx-mysql-stage pool create p", "dlpx-mysql-stage pool create p s"};
  app.commands.push_back(create);
  return app;
}

}  // namespace

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

TEST_CASE("a password comes from a file, before a variable") {
  const Scratch scratch;
  writeFile(scratch / "p", "from file\n", {0600, std::nullopt});
  writeFile(scratch / "c.yaml", "source_password_file: p\n");
  const AppSpec app = echoApp({"source-password"});
  const std::string file = (scratch / "p").string();
  const std::string config = (scratch / "c.yaml").string();
  CHECK(runInChild(app, {"make", "--source-password-file", file}, {{"SOURCEPASS", "e"}}).out ==
        "source-password=from file\n");
  CHECK(runInChild(app, {"make", "--config", config}).out == "source-password=from file\n");
  CHECK(runInChild(app, {"make", "--config", config}, {{"DLPX_MYSQL_SOURCE_PASSWORD", "'$ \\\""}}).out ==
        "source-password='$ \\\"\n");
  CHECK(runInChild(app, {"make"}, {{"DLPX_MYSQL_SOURCE_PASSWORD_FILE", file}}).out ==
        "source-password=from file\n");
  CHECK(runInChild(app, {"make"}, {{"DLPX_MYSQL_SOURCE_PASSWORD", "a\nb"}}).code == 2);
}

TEST_CASE("a required password without a terminal is a usage error") {
  const AppSpec app = appOf({"password"}, [](const Parameters& parameters) {
    return Output{Json(nullptr), parameters.requireSecret("password").reveal()};
  });
  const Told told = runInChild(app, {"make"});
  CHECK(told.code == 2);
  CHECK(contains(told.err, "set DLPX_MYSQL_PASSWORD"));
}

TEST_CASE("a password is asked for on a terminal without echo") {
  const AppSpec app = appOf({"source-password"}, [](const Parameters& parameters) {
    const std::string typed = parameters.requireSecret("source-password").reveal();
    return Output{Json(nullptr),
                  parameters.requireSecret("source-password").reveal() == typed && typed == "s3 c'r\"et"
                      ? "right"
                      : "wrong"};
  });
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
  REQUIRE(child >= 0);
  if (child == 0) {
    setVariables({});
    std::string words[] = {"dlpx-mysql-stage", "make"};
    char* argv[] = {words[0].data(), words[1].data(), nullptr};
    _exit(runApp(app, 2, argv));
  }
  std::string seen;
  bool answered = false;
  char buffer[512];
  for (;;) {
    const ssize_t count = read(terminal, buffer, sizeof buffer);
    if (count <= 0) break;
    seen.append(buffer, static_cast<size_t>(count));
    if (!answered && contains(seen, "source password: ")) {
      answered = write(terminal, "s3 c'r\"et\n", 10) == 10;
    }
  }
  close(terminal);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(contains(seen, "right"));
  CHECK_FALSE(contains(seen, "s3"));
}

TEST_CASE("password variables are gone from the environment and from proc") {
  if (getenv("COMMAND_TEST_PROBE") != nullptr) {
    const Environment environment = Environment::take();
    const bool kept = environment.secret("SOURCEPASS")->reveal() == "hunter2" &&
                      environment.secret("STAGED_ROOT_PASS")->reveal() == "hunter3";
    const std::string block = readFile("/proc/self/environ");
    const bool gone = getenv("SOURCEPASS") == nullptr && getenv("STAGED_ROOT_PASS") == nullptr;
    _exit(kept && gone && !contains(block, "hunter") && contains(block, "PATH=") ? 0 : 1);
  }
  const Told told = inChild([] {
    setenv("COMMAND_TEST_PROBE", "1", 1);
    setenv("SOURCEPASS", "hunter2", 1);
    setenv("STAGED_ROOT_PASS", "hunter3", 1);
    execl("/proc/self/exe", "unit-tests", "password variables are gone from the environment and from proc",
          nullptr);
    return 127;
  });
  CHECK(told.code == 0);
}

TEST_CASE("no child of a command inherits a password variable") {
  const AppSpec app = appOf({"mount"}, [](const Parameters&) {
    std::string text;
    for (char** entry = environ; *entry != nullptr; ++entry) text += std::string(*entry) + "\n";
    return Output{Json(nullptr), text};
  });
  const Told told =
      runInChild(app, {"make"}, {{"VDBPASS", "hunter2"}, {"DLPX_MYSQL_REPLICATION_PASSWORD", "hunter3"}});
  CHECK(told.code == 0);
  CHECK(contains(told.out, "PATH="));
  CHECK_FALSE(contains(told.out, "hunter"));
  CHECK_FALSE(contains(told.out, "VDBPASS"));
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

TEST_CASE("a result is text for people and one document with json") {
  const AppSpec app = appOf({}, [](const Parameters&) { return Output{Json{{"a", 1}}, "one line"}; });
  CHECK(runInChild(app, {"make"}).out == "one line\n");
  CHECK(Json::parse(runInChild(app, {"make", "--json"}).out) == Json{{"a", 1}});
  CHECK(Json::parse(runInChild(app, {"make"}, {{"DLPX_MYSQL_JSON", "1"}}).out) == Json{{"a", 1}});
}

TEST_CASE("a failure is told with its remedy and its code") {
  const AppSpec app = failingApp(
      [] { throw Error(ExitCode::backup, "the dump broke", "free some space", "line 1\nline 2"); });
  const Told text = runInChild(app, {"make"});
  CHECK(text.code == 8);
  CHECK(text.out.empty());
  CHECK(
      text.err ==
      "dlpx-mysql-stage: error: the dump broke\n  remedy: free some space\n  log:\n    line 1\n    line 2\n");
  const Told json = runInChild(app, {"make", "--json"});
  CHECK(json.code == 8);
  CHECK(json.out.empty());
  CHECK(
      json.err ==
      R"({"error":{"code":8,"name":"backup","message":"the dump broke","remedy":"free some space","log":"line 1\nline 2"}})"
      "\n");
}

TEST_CASE("an error in the command line is one json line when json is asked for") {
  const Told told = runInChild(wordyApp(), {"make", "--json", "--bogus"});
  CHECK(told.code == 2);
  CHECK(told.out.empty());
  CHECK(Json::parse(told.err).at("error").at("name") == "usage");
}

TEST_CASE("a failure with a report shows it before the error") {
  const AppSpec app = failingApp([] {
    throw ReportedError(Error(ExitCode::preflight, "one check failed"), {Json{{"checks", 9}}, "the table"});
  });
  CHECK(runInChild(app, {"make"}).err == "the table\ndlpx-mysql-stage: error: one check failed\n");
  CHECK(Json::parse(runInChild(app, {"make", "--json"}).err).at("error").at("report").at("checks") == 9);
}

TEST_CASE("foreign exceptions end as internal errors and a full disk as no space") {
  CHECK(runInChild(failingApp([] { throw std::runtime_error("odd"); }), {"make"}).code == 1);
  CHECK(runInChild(failingApp([] { throw std::bad_alloc(); }), {"make"}).code == 1);
  CHECK(runInChild(failingApp([] { throw 5; }), {"make"}).code == 1);
  CHECK(runInChild(failingApp([] { throw std::system_error(ENOSPC, std::generic_category()); }), {"make"})
            .code == 28);
  CHECK(contains(runInChild(failingApp([] { throw std::runtime_error("odd"); }), {"make"}).err, "odd"));
}

TEST_CASE("a signal is remembered and ends the command with its own code") {
  const Told waiting = runInChild(failingApp([] {
                                    raise(SIGTERM);
                                    throwIfInterrupted();
                                  }),
                                  {"make"});
  CHECK(waiting.code == 26);
  const Told child = runInChild(failingApp([] {
                                  raise(SIGINT);
                                  throw Error(ExitCode::backup, "mysqldump ended by signal 2");
                                }),
                                {"make"});
  CHECK(child.code == 26);
  CHECK(contains(child.err, "interrupted by a signal: mysqldump ended by signal 2"));
}

TEST_CASE("the output file takes a result whole and is left alone by a failure") {
  const Scratch scratch;
  const fs::path file = scratch / "out.json";
  const Variables variables = {{"DLPX_OUTPUT_FILE", file.string()}};
  const AppSpec good = appOf({}, [](const Parameters&) { return Output{Json{{"a", 1}}, "text"}; });
  CHECK(runInChild(good, {"make"}, variables).out == "text\n");
  CHECK(readFile(file) == "{\"a\":1}\n");
  struct stat status = {};
  stat(file.c_str(), &status);
  CHECK((status.st_mode & 0777) == 0640);
  CHECK(runInChild(failingApp([] { throw Error(ExitCode::stop, "no"); }), {"make"}, variables).code == 29);
  CHECK(readFile(file) == "{\"a\":1}\n");
}

TEST_CASE("a result file that cannot be written is a failure with nothing on stdout") {
  const Scratch scratch;
  const AppSpec good = appOf({}, [](const Parameters&) { return Output{Json{{"a", 1}}, "text"}; });
  const Told told =
      runInChild(good, {"make"}, {{"DLPX_OUTPUT_FILE", (scratch / "no/such/out.json").string()}});
  CHECK(told.code == 23);
  CHECK(told.out.empty());
}

TEST_CASE("a closed or broken stdout is no crash, and no other file receives the result") {
  const Scratch scratch;
  const fs::path bystander = scratch / "bystander";
  const AppSpec app = appOf({}, [&](const Parameters&) {
    const UniqueFd opened = openFile(bystander, O_RDWR | O_CREAT);
    return Output{Json(nullptr), std::string(200000, 'x')};
  });
  CHECK(runInChild(app, {"make"}, {}, [] { close(STDOUT_FILENO); }).code == 0);
  CHECK(readFile(bystander).empty());
  const auto breakPipe = [] {
    int ends[2];
    if (pipe(ends) != 0) _exit(99);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
  };
  CHECK(runInChild(app, {"make"}, {}, breakPipe).code == 0);
  const auto fullDevice = [] { dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO); };
  CHECK(runInChild(app, {"make"}, {}, fullDevice).code == 28);
}

TEST_CASE("quiet hides notes, verbose shows all, and both together are refused") {
  const AppSpec app = appOf({}, [](const Parameters&) {
    log::debug("a detail");
    log::info("a note");
    log::warning("a warning");
    return Output{};
  });
  const std::string usual = runInChild(app, {"make"}).err;
  CHECK((contains(usual, "a note") && !contains(usual, "a detail")));
  const std::string quiet = runInChild(app, {"make", "-q"}).err;
  CHECK((contains(quiet, "a warning") && !contains(quiet, "a note")));
  CHECK(contains(runInChild(app, {"make", "-v"}).err, "a detail"));
  CHECK(runInChild(app, {"make", "-q", "-v"}).code == 2);
}

TEST_CASE("a log file is written below log-dir and named in the error") {
  const Scratch scratch;
  const fs::path directory = scratch / "logs";
  const Told told = runInChild(failingApp([] { throw Error(ExitCode::stop, "it stays up"); }),
                               {"make", "--json", "--log-dir", directory.string()});
  const fs::path file = directory / "dlpx-mysql-stage.log";
  CHECK(Json::parse(told.err).at("error").at("log") == file.string());
  CHECK(contains(readFile(file), "it stays up"));
}

TEST_CASE("a log file is rotated, and each line has the id of the operation") {
  const Scratch scratch;
  const fs::path file = scratch / "dlpx-mysql-stage.log";
  writeFile(file, std::string(10 * 1024 * 1024, 'x'));
  const AppSpec app = appOf({}, [](const Parameters&) {
    log::warning("something");
    return Output{};
  });
  const std::string id = " " + log::operationId() + " ";  // before the child is made: it keeps it
  CHECK(runInChild(app, {"make", "--log-dir", scratch.path().string()}).code == 0);
  CHECK(fs::file_size(scratch / "dlpx-mysql-stage.1.log") == 10 * 1024 * 1024);
  const std::vector<std::string> lines = split(trim(readFile(file)), '\n');
  CHECK(lines.size() == 3);
  for (const std::string& line : lines) CHECK(contains(line, id));
}

TEST_CASE("with DLPX_BIN the log is where the archived plugin keeps its own, if it can be written there") {
  const Scratch scratch;
  const AppSpec app = appOf({}, [](const Parameters&) { return Output{}; });
  const fs::path tools = scratch / "toolkit/mysql/a/bin";
  CHECK(runInChild(app, {"make"}, {{"DLPX_BIN", tools.string()}}).code == 0);
  fs::create_directories(tools);
  CHECK(runInChild(app, {"make"}, {{"DLPX_BIN", tools.string()}}).code == 0);
  CHECK(contains(readFile(scratch / "toolkit/dlpx-mysql-stage.log"), "make is done"));
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
}

TEST_CASE("the troubleshooting page has every exit code") {
  const std::string page = readFile(fs::path(DLPX_TEST_SOURCE_DIR) / "config" / "TROUBLESHOOTING.md");
  for (int code = 1; code <= 29; ++code) {
    const auto known = static_cast<ExitCode>(code);
    if (code != 1 && name(known) == "internal") continue;
    INFO(code);
    CHECK(contains(page, "\n## " + std::to_string(code) + " " + std::string(name(known)) + ": "));
  }
}

TEST_CASE("a process of ours dumps no core and makes files that others cannot read") {
  const AppSpec app = appOf({}, [](const Parameters&) {
    rlimit core = {};
    getrlimit(RLIMIT_CORE, &core);
    const mode_t mask = umask(0);
    return Output{Json(nullptr), std::to_string(core.rlim_cur) + " " + std::to_string(mask)};
  });
  CHECK(runInChild(app, {"make"}).out == "0 23\n");
}

TEST_CASE("help of the program and of each command has two examples") {
  const AppSpec app = wordyApp();
  const Told program = runInChild(app, {"--help"});
  CHECK(program.code == 0);
  CHECK(contains(program.out, "  pool create  create a pool\n"));
  for (const CommandSpec& command : app.commands) {
    INFO(command.name);
    CHECK(examplesOf(app, command).size() >= 2);
    for (const std::string& example : examplesOf(app, command)) {
      CHECK(contains(helpText(app, command), "  " + example + "\n"));
    }
  }
  CHECK(contains(runInChild(app, {"make", "--help"}).out, "--method METHOD"));
  CHECK(contains(runInChild(app, {"make", "-h"}).out, "--[no-]log-sync"));
  CHECK(contains(runInChild(app, {"pool", "create", "--help"}).out,
                 "Usage: dlpx-mysql-stage pool create NAME [SNAPSHOT] [OPTIONS]"));
  CHECK(runInChild(app, {"--version"}).out.substr(0, 17) == "dlpx-mysql-stage ");
}

TEST_CASE("the manual page and the completion name every command and flag") {
  const AppSpec app = wordyApp();
  const std::string man = generate(app, DocumentKind::man);
  const std::string completion = runInChild(app, {"--generate", "completion"}).out;
  CHECK(completion == generate(app, DocumentKind::completion));
  for (const CommandSpec& command : app.commands) {
    CHECK(contains(man, ".SS " + command.name));
    CHECK(contains(completion, "'" + command.name + "'*)"));
  }
  CHECK(contains(man, "\\-\\-source\\-password\\-file FILE"));
  CHECK(contains(man, ".B 24\nunsafe\\-clone"));
  CHECK(contains(completion, "--source-password-file"));
  CHECK(runInChild(app, {"--generate", "poem"}).code == 2);
}

TEST_CASE("the completion works in bash") {
  const Scratch scratch;
  writeFile(scratch / "c.bash", generate(wordyApp(), DocumentKind::completion));
  const std::string script = ". " + (scratch / "c.bash").string() +
                             "; try() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); "
                             "_dlpx_mysql_stage; echo \"${COMPREPLY[*]}\"; }; "
                             "try x p; try x pool ''; try x pool create --na; try x make --method cl";
  const Told told = inChild([&] {
    execlp("bash", "bash", "--norc", "-c", script.c_str(), nullptr);
    return 127;
  });
  CHECK(told.out == "pool\ncreate\n--name\nclone\n");
}

TEST_CASE("a dry run prints the steps and runs nothing") {
  AppSpec app = appOf({"port"}, [](const Parameters&) -> Output { throw Error(ExitCode::backup, "it ran"); });
  CHECK(runInChild(app, {"make", "--dry-run"}).code == 2);  // nothing to tell: a command that only looks
  app.commands[0].plan = [](const Parameters& p) {
    return StepList{{"start", "start it on port " + std::to_string(p.port("port"))}, {"prove", "ask it"}};
  };
  const Told lines =
      runInChild(app, {"make", "--port", "3310", "--dry-run"}, {{"DLPX_OUTPUT_FILE", "/nowhere/x"}});
  CHECK(lines.code == 0);
  CHECK(lines.out == "dlpx-mysql-stage make would:\n1. start: start it on port 3310\n2. prove: ask it\n");
  const Json json = Json::parse(runInChild(app, {"make", "--port", "3310", "--dry-run", "--json"}).out);
  CHECK(json["steps"][1] == Json{{"step", "prove"}, {"what", "ask it"}});
  CHECK(runInChild(app, {"make", "--dry-run"}).code == 2);  // the port is missing
  CHECK(runInChild(app, {"make", "--port", "3310"}, {{"DLPX_MYSQL_DRY_RUN", "true"}}).code == 8);
}
