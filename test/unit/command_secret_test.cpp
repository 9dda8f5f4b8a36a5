#include <pty.h>

#include "command/environment.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "unit/command_support.h"

using namespace dlpx;
using namespace dlpx::test;

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

TEST_CASE("a password that nothing needs is taken out of the environment, and a warning tells it") {
  const AppSpec app = appOf({"mount"}, [](const Parameters&) {
    return Output{Json(nullptr), getenv("STAGED_ROOT_PASS") == nullptr ? "gone" : "there"};
  });
  const auto told = [&](const char* value) {
    return runInChild(app, {"make"}, {}, [=] { setenv("STAGED_ROOT_PASS", value, 1); });
  };
  CHECK(told("hunter3").out == "gone\n");
  CHECK(contains(told("hunter3").err, "STAGED_ROOT_PASS has no effect"));
  CHECK_FALSE(contains(told("hunter3").err, "hunter3"));
  CHECK(told("").err.empty());
  const Told shown = runInChild(app, {"make", "--show-config"}, {{"DLPX_MYSQL_SOURCE_HOTS", "db1"}});
  CHECK(contains(shown.err, "did you mean DLPX_MYSQL_SOURCE_HOST?"));
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
