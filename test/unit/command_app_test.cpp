#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <new>

#include "base/interrupt.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "unit/command_support.h"

using namespace dlpx;
using namespace dlpx::test;

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

TEST_CASE("a process of ours dumps no core and makes files that others cannot read") {
  const AppSpec app = appOf({}, [](const Parameters&) {
    rlimit core = {};
    getrlimit(RLIMIT_CORE, &core);
    const mode_t mask = umask(0);
    return Output{Json(nullptr), std::to_string(core.rlim_cur) + " " + std::to_string(mask)};
  });
  CHECK(runInChild(app, {"make"}).out == "0 23\n");
}
