#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "base/log.h"
#include "base/log_file.h"
#include "base/text.h"
#include "command/logged_app.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "unit/command_support.h"

using namespace dlpx;
using namespace dlpx::test;

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

TEST_CASE("a log file is rotated by size, five old ones are kept, and others can read none of them") {
  const Scratch scratch;
  const AppSpec app = appOf({"source-password"}, [](const Parameters& parameters) {
    parameters.requireSecret("source-password");
    const std::string line(100'000, 'x');
    for (int i = 0; i < 700; ++i) log::debug(line);
    return Output{};
  });
  CHECK(runInChild(app, {"make", "--log-dir", scratch.path().string()}, {{"SOURCEPASS", "hunter2"}}).code ==
        0);
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(scratch.path())) {
    INFO(entry.path());
    ++files;
    struct stat status = {};
    CHECK(stat(entry.path().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0640);
    CHECK(entry.file_size() <= 10 * 1024 * 1024);
    CHECK_FALSE(contains(readFile(entry.path()), "hunter2"));
  }
  CHECK(files == 6);
  CHECK(fs::exists(scratch / "dlpx-mysql-stage.5.log"));
}

TEST_CASE("a full log of an earlier command is rotated, and each line has the id of the operation") {
  const Scratch scratch;
  const fs::path file = scratch / "dlpx-mysql-stage.log";
  writeFile(file, std::string(10 * 1024 * 1024, 'x'));
  const AppSpec app = appOf({}, [](const Parameters&) {
    log::warning("something\nof two lines");
    return Output{};
  });
  const std::string id = " " + log::operationId() + " ";  // before the child is made: it keeps it
  CHECK(runInChild(app, {"make", "--log-dir", scratch.path().string()}).code == 0);
  CHECK(fs::file_size(scratch / "dlpx-mysql-stage.1.log") == 10 * 1024 * 1024);
  const std::vector<std::string> lines = split(trim(readFile(file)), '\n');
  CHECK(lines.size() == 4);
  for (const std::string& line : lines) CHECK(contains(line, id));
}

TEST_CASE(
    "what several processes write to one log at once stands there once and whole, in files of the right "
    "size") {
  const Scratch scratch;
  const fs::path file = scratch / "log.txt";
  constexpr int writers = 4, lines = 300;
  const std::string filling(30'000, 'x');  // 36 MB: four old files, none of which is dropped
  std::vector<pid_t> children;
  for (int writer = 0; writer < writers; ++writer) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    log::configure(log::Level::error, file);
    for (int i = 0; i < lines; ++i)
      log::debug("<" + std::to_string(writer) + "." + std::to_string(i) + filling + ">");
    _exit(0);
  }
  for (const pid_t child : children) waitpid(child, nullptr, 0);

  std::map<std::string, int> seen;
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(scratch.path())) {
    INFO(entry.path());
    ++files;
    CHECK(entry.file_size() <= 10 * 1024 * 1024);
    // A file that was rotated before it was full would push the oldest out too early.
    if (entry.path() != file) CHECK(entry.file_size() > 10 * 1024 * 1024 - 2 * filling.size());
    for (const std::string& line : split(trim(readFile(entry.path())), '\n')) {
      const size_t begin = line.find('<');
      REQUIRE(begin != std::string::npos);
      CHECK(line.back() == '>');
      CHECK(line.size() - begin > filling.size());
      ++seen[line.substr(begin, line.find('x') - begin)];
    }
  }
  CHECK(files == 4);
  CHECK(seen.size() == writers * lines);
  for (const auto& [line, times] : seen) CHECK(times == 1);
}

TEST_CASE("a log that cannot be rotated or opened anew loses no line") {
  const Scratch scratch;
  const fs::path directory = scratch / "logs", file = directory / "log.txt";
  fs::create_directory(directory);
  LogFile log(file, 10, 2);
  log.write("first\n");
  SECTION("since an old one's name is taken by a directory") {
    fs::create_directories(directory / "log.1.txt/in the way");
    fs::create_directories(directory / "log.2.txt/in the way");
    log.write("second\n");
    CHECK(readFile(file) == "first\nsecond\n");
  }
  SECTION("since its directory has gone elsewhere") {
    fs::rename(directory, scratch / "elsewhere");
    log.write("second\n");
    CHECK(readFile(scratch / "elsewhere/log.txt") == "first\nsecond\n");
  }
  SECTION("unless another program has moved it, and it begins anew") {
    fs::rename(file, directory / "by-logrotate");
    log.write("second\n");
    CHECK(readFile(directory / "by-logrotate") == "first\n");
    CHECK(readFile(file) == "second\n");
  }
}

TEST_CASE("with DLPX_BIN the log is where the archived plugin keeps its own, if it can be written there") {
  const Scratch scratch;
  const AppSpec app = appOf({}, [](const Parameters&) { return Output{}; });
  const fs::path tools = scratch / "toolkit/mysql/a/bin";
  CHECK(runInChild(app, {"make"}, {{"DLPX_BIN", tools.string()}}).code == 0);
  fs::create_directories(tools);
  writeFile(scratch / "toolkit/dlpx-mysql-stage.log", std::string(10 * 1024 * 1024, 'x'),
            {0640, std::nullopt});
  CHECK(runInChild(app, {"make"}, {{"DLPX_BIN", tools.string()}}).code == 0);
  CHECK(contains(readFile(scratch / "toolkit/dlpx-mysql-stage.log"), "make is done"));
  CHECK(fs::file_size(scratch / "toolkit/dlpx-mysql-stage.1.log") == 10 * 1024 * 1024);
}

TEST_CASE("an app's own place takes the log of what changes something, when nothing else says where") {
  const Scratch scratch;
  const fs::path own = scratch / "own";
  AppSpec app = appOf({}, [](const Parameters&) { return Output{}; });
  const auto runWith = [&](std::vector<std::string> words, const LogDirectory& place,
                           const Variables& variables = {}) {
    return inChild([&] {
      setVariables(variables);
      words.insert(words.begin(), app.name);
      std::vector<char*> argv;
      for (std::string& word : words) argv.push_back(word.data());
      argv.push_back(nullptr);
      return runApp(app, place, static_cast<int>(words.size()), argv.data());
    });
  };
  const LogDirectory ours = [&](const Parameters&) { return own; };
  CHECK(runWith({"make"}, ours).code == 0);
  CHECK_FALSE(fs::exists(own));  // a command that only looks
  app.commands[0].plan = [](const Parameters&) { return StepList{}; };
  CHECK(runWith({"make", "--dry-run"}, ours).code == 0);
  CHECK_FALSE(fs::exists(own));
  CHECK(runWith({"make", "--log-dir", (scratch / "asked").string()}, ours).code == 0);
  CHECK_FALSE(fs::exists(own));
  CHECK(runWith({"make"}, ours).code == 0);
  CHECK(contains(readFile(own / "dlpx-mysql-stage.log"), "make is done"));
  const LogDirectory none = [](const Parameters&) -> fs::path { throw Error(ExitCode::storage, "no"); };
  CHECK(runWith({"make"}, none).code == 0);
}
