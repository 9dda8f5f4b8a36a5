#include "command/generate.h"
#include "command/help.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "unit/command_support.h"

using namespace dlpx;
using namespace dlpx::test;

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
    CHECK(contains(completion, "'" + command.name + " '*)"));
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
