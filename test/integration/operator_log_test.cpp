// What an operator finds in the logs: of an operation that went well, and of one that failed.

#include <sys/stat.h>

#include <set>

#include "base/text.h"
#include "process/proc.h"
#include "support/catch.h"
#include "support/tools.h"

using namespace dlpx;
using namespace dlpx::test;
using Words = std::vector<std::string>;

namespace {

const Secret stagingPassword("st'a\"g stagingQx7");

// An engine whose dSources are made in a second or two: empty, on any file system.
struct LoggedHost : Host {
  LoggedHost() : Host("") {
    json({"dlpx-mysql-engine", "pool", "create", "--driver", "copy", "--directory",
          (*this / "pool").string()});
    fs::remove_all(home() / "logs");  // of the pool's creation
  }

  Words link(const std::string& name, const Words& more = {}) const {
    Words words = {"dlpx-mysql-engine",
                   "link",
                   name,
                   "--type",
                   "manual",
                   "--staging-password-file",
                   passwordFile("staging", stagingPassword),
                   "--basedir",
                   mysqlDirectory() / "9.7"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  // Programs that wrote a line, by the id in the line.
  std::map<std::string, std::set<std::string>> programsById(const fs::path& logs) const {
    std::map<std::string, std::set<std::string>> programs;
    for (const auto& entry : fs::directory_iterator(logs)) {
      if (entry.path().extension() != ".log" || endsWith(entry.path().string(), "mysqld_error.log")) continue;
      for (const std::string& line : split(trim(readFile(entry.path())), '\n')) {
        const Words fields = split(line, ' ');  // time, level, id, pid
        INFO(line);
        REQUIRE((fields.size() > 4 && line.size() > 20 && line[10] == 'T'));
        programs[fields[2]].insert(entry.path().stem());
      }
    }
    return programs;
  }

  bool isSecretIn(const fs::path& logs) const {
    bool found = false;
    walk(logs, [&](const fs::directory_entry& entry) {
      if (entry.is_regular_file())
        found = found || readFile(entry.path()).find("stagingQx7") != std::string::npos;
    });
    return found;
  }
};

unsigned modeOf(const fs::path& path) {
  struct stat status = {};
  CHECK(stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

}  // namespace

TEST_CASE(
    "one operation of the engine has one id in the lines of engine, hooks, programs and user's scripts") {
  LoggedHost host;
  const fs::path logs = host / "logs", script = host / "pre-sync.sh";
  writeFile(script,
            "set -eu\necho \"$DLPX_MYSQL_OPERATION_ID\" >" + (host / "id").string() +
                "\n\"$DLPX_MYSQL_BIN_DIR/dlpx-mysql-backup\" inspect /nowhere/at/all || true\n",
            {0755, std::nullopt});
  const Finished linked =
      host.tool(host.link("shop", {"--log-dir", logs.string(), "--hook", "pre-sync=" + script.string()}));
  INFO(linked.err);
  REQUIRE(linked.ok());
  const auto ofLink = host.programsById(logs);
  REQUIRE(ofLink.size() == 1);
  CHECK(ofLink.begin()->first == trim(readFile(host / "id")));
  CHECK(ofLink.begin()->second ==
        std::set<std::string>{"dlpx-mysql-engine", "dlpx-mysql-stage", "dlpx-mysql-backup"});
  CHECK_FALSE(fs::exists(host.home() / "logs" / "dlpx-mysql-engine.log"));

  REQUIRE(host.tool({"dlpx-mysql-engine", "sync", "shop", "--log-dir", logs.string()}).ok());
  CHECK(host.programsById(logs).size() == 2);

  for (const auto& entry : fs::directory_iterator(logs)) CHECK(modeOf(entry.path()) == 0640);
  CHECK_FALSE(host.isSecretIn(logs));
  for (const ProcessFacts& server : processesUsing(host / "pool"))
    for (const auto& open : fs::directory_iterator("/proc/" + std::to_string(server.pid) + "/fd"))
      CHECK_FALSE(startsWith(fs::read_symlink(open.path()).string(), logs.string()));
}

TEST_CASE("a link that fails leaves nothing but its log and the server's, which the error names") {
  LoggedHost host;
  writeFile(host / "my.cnf", "[mysqld]\nno_such_setting=1\n");
  const Finished failed = host.tool(host.link("shop", {"--my-cnf", (host / "my.cnf").string(), "--json"}));
  INFO(failed.err);
  REQUIRE(failed.exitCode == 3);
  const Json error = Json::parse(lastLines(failed.err, 1)).at("error");
  const fs::path kept = error.at("log").get<std::string>();
  CHECK(kept.parent_path() == host.home() / "logs");
  CHECK(error.at("remedy").get<std::string>().find("error log is kept: " + kept.string()) !=
        std::string::npos);
  CHECK(readFile(kept).find("no_such_setting") != std::string::npos);
  CHECK(modeOf(kept) == 0600);
  CHECK(modeOf(kept.parent_path()) == 0700);
  const auto programs = host.programsById(host.home() / "logs");
  REQUIRE(programs.size() == 1);
  CHECK(programs.begin()->second == std::set<std::string>{"dlpx-mysql-engine", "dlpx-mysql-stage"});
  CHECK_FALSE(host.isSecretIn(host.home() / "logs"));
  CHECK(host.json({"dlpx-mysql-engine", "list"}).at("objects").empty());
  CHECK(host.processesLeft().empty());
}

TEST_CASE(
    "an init that fails without a log of ours keeps the server's beside the registry, the newest ones") {
  const Host host("");
  const fs::path logs = host / "logs";
  makeDirectory(logs);
  for (int i = 0; i < 25; ++i) {
    const fs::path old = logs / ("old-" + std::to_string(i) + ".mysqld_error.log");
    writeFile(old, "old");
    fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(100 - i));
  }
  writeFile(host / "my.cnf", "[mysqld]\nno_such_setting=1\n");
  const Finished failed = host.tool(
      {"dlpx-mysql-stage", "init", "--type", "manual", "--port", std::to_string(freePort()), "--mount",
       (host / "m").string(), "--staging-password-file", host.passwordFile("staging", stagingPassword),
       "--basedir", mysqlDirectory() / "9.7", "--my-cnf", (host / "my.cnf").string(), "--json"});
  INFO(failed.err);
  REQUIRE(failed.exitCode == 3);
  const fs::path kept = Json::parse(lastLines(failed.err, 1)).at("error").at("log").get<std::string>();
  CHECK(kept.parent_path() == logs);
  CHECK(startsWith(kept.filename().string(), "m-"));
  CHECK(readFile(kept).find("no_such_setting") != std::string::npos);
  CHECK(std::distance(fs::directory_iterator(logs), fs::directory_iterator()) == 20);
  CHECK_FALSE(fs::exists(logs / "old-5.mysqld_error.log"));
  CHECK(fs::exists(logs / "old-6.mysqld_error.log"));
  CHECK_FALSE(fs::exists(host / "m"));
}
