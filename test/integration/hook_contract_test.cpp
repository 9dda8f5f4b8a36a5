// Each hook against the engine's contract: the variables of the archived plugin, and that no caller is
// blocked.

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "process/proc.h"
#include "support/catch.h"
#include "support/paths.h"
#include "support/tools.h"

using namespace dlpx;
using namespace dlpx::test;
using Words = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

namespace {

fs::path hookFile(const std::string& hook) {
  return fs::path(sourceDir()) / "hooks" / (hook + ".sh");
}

// A variable of the contract, a value as an engine gives it, and what it becomes; no parameter: it changes
// nothing in this hook.
struct Variable {
  const char* name;
  const char* value;
  const char* parameter = nullptr;
  const char* becomes = nullptr;
};

constexpr const char* secret = "<redacted>";

struct Operations {
  const char* title;
  Words hooks;
  std::vector<Variable> variables;
};

// The row "virtual", for hooks that have these parameters.
std::vector<Variable> virtualVariables(const Words& parameters) {
  std::vector<Variable> all = {{"DLPX_DATA_DIRECTORY", "/mnt/vdb", "mount", "/mnt/vdb"},
                               {"MYSQLD", "/opt/mysql/bin", "basedir", "/opt/mysql/bin"},
                               {"MYSQLVER", "8.0.36"},
                               {"VDBCONN", "-uapp --host=localhost -p", "user", "app"},
                               {"VDBPASS", "it's \"so\" $x", "password", secret},
                               {"MYBASEDIR", "/opt/mysql", "basedir", "/opt/mysql"},
                               {"PORT", "3311", "port", "3311"},
                               {"SERVERID", "4712", "server-id", "4712"},
                               {"MYCONFIG", "max_connections=77\ninit_connect=SET @a = 'x y'\n", "setting",
                                "max_connections=77,init_connect=SET @a = 'x y'"},
                               {"STAGED_PORT", "3308"},
                               {"STAGED_DATADIR", "/mnt/staging/data"},
                               {"CONFIG_BASEDIR", "/opt/mysql"},
                               {"STAGED_ROOT_PASS", "it's"},
                               {"STAGED_BACKUP", "/backups"}};
  for (Variable& variable : all) {
    if (variable.parameter &&
        std::find(parameters.begin(), parameters.end(), variable.parameter) == parameters.end())
      variable.parameter = nullptr;
  }
  return all;
}

// "Environment variables of the archived plugin, which our hooks accept unchanged", row by row.
const std::vector<Operations>& contract() {
  static const std::vector<Operations> rows = {
      {"all",
       {"discovery/repository",
        "discovery/source-config",
        "linked/mount-specification",
        "linked/pre-snapshot",
        "linked/post-snapshot",
        "linked/start-staging",
        "linked/stop-staging",
        "linked/status",
        "linked/worker",
        "linked/size",
        "virtual/mount-specification",
        "virtual/configure",
        "virtual/initialize",
        "virtual/reconfigure",
        "virtual/unconfigure",
        "virtual/cleanup",
        "virtual/start",
        "virtual/stop",
        "virtual/status",
        "virtual/pre-snapshot",
        "virtual/post-snapshot",
        "virtual/size"},
       {{"DLPX_BIN", "/no/such/place/of/tools"}}},
      {"start staging",
       {"linked/start-staging"},
       {{"MYSQLD", "/opt/mysql/bin"},
        {"STAGINGSERVERID", "4711"},
        {"STAGINGPORT", "3308", "port", "3308"},
        {"STAGINGCONN", "-uroot --host=localhost -p"},
        {"STAGINGPASS", "a 'b' $c \\", "staging-password", secret},
        {"STAGINGDATADIR", "/mnt/a mount", "mount", "/mnt/a mount"},
        {"LOGSYNC", "false", "log-sync", "false"}}},
      {"stop staging",
       {"linked/stop-staging"},
       {{"MYSQLD", "/opt/mysql/bin"},
        {"STAGINGPORT", "3308", "port", "3308"},
        {"STAGINGCONN", "-uroot --host=localhost -p"},
        {"STAGINGPASS", "secret"}}},
      {"pre_snapshot with resync",
       {"linked/pre-snapshot"},
       {{"MYSQLD", "/opt/mysql/bin", "basedir", "/opt/mysql/bin"},
        {"STAGINGSERVERID", "4711", "server-id", "4711"},
        {"STAGINGPORT", "3308", "port", "3308"},
        {"STAGINGCONN", "-umanager --host=localhost -p", "staging-user", "manager"},
        {"STAGINGPASS", "a \"b\" c", "staging-password", secret},
        {"STAGINGDATADIR", "/mnt/staging", "mount", "/mnt/staging"},
        {"LOGSYNC", "true", "log-sync", "true"},
        {"MYSQLVER", "8.0.36"},
        {"SOURCEDATADIR", "/var/lib/mysql"},
        {"SOURCEBASEDIR", "/usr"},
        {"SOURCEPORT", "3307", "source-port", "3307"},
        {"SOURCEIP", "db1.example", "source-host", "db1.example"},
        {"BACKUP_PATH", "/backups/of the shop", "backup", "/backups/of the shop"},
        {"SOURCECONN", "-ureader --host=db1.example -p", "source-user", "reader"},
        {"SOURCEUSER", "reader", "source-user", "reader"},
        {"SOURCEPASS", "it's", "source-password", secret},
        {"REPLICATION_USER", "repl", "replication-user", "repl"},
        {"REPLICATION_PASS", "it's", "replication-password", secret},
        {"STAGINGHOSTIP", "10.0.0.7"},
        {"BACKUP_OPTIONS", "--single-transaction --quick"}}},
      {"linked status", {"linked/status"}, {{"STAGINGPORT", "3308", "port", "3308"}}},
      {"virtual, which makes a server",
       {"virtual/configure", "virtual/initialize", "virtual/reconfigure"},
       virtualVariables({"mount", "basedir", "port", "server-id", "user", "password", "setting"})},
      {"virtual, which logs in",
       {"virtual/start", "virtual/status", "virtual/pre-snapshot", "virtual/post-snapshot"},
       virtualVariables({"mount", "port", "user", "password"})},
      {"virtual, which does not log in",
       {"virtual/unconfigure", "virtual/cleanup", "virtual/stop", "virtual/size"},
       virtualVariables({"mount", "port"})},
      {"virtual, before there is a server", {"virtual/mount-specification"}, virtualVariables({"mount"})}};
  return rows;
}

// Stands for the tools: the real ones, told to show what they made of their environment.
fs::path showingTools(const fs::path& directory) {
  makeDirectory(directory);
  for (const char* name : {"dlpx-mysql-stage", "dlpx-mysql-vdb"})
    writeFile(directory / name, "#!/bin/sh\nexec " + binDir() + "/" + name + " \"$@\" --show-config --json\n",
              {0755, std::nullopt});
  return directory;
}

Finished show(const test::Scratch& scratch, const std::string& hook, const Variables& variables) {
  Command command;
  command.argv = {"bash", hookFile(hook)};
  command.environment = variables;
  command.environment["DLPX_MYSQL_BIN_DIR"] = scratch / "tools";
  command.environment["HOME"] = scratch.path();
  return run(command);
}

std::string shown(const Json& value) {
  if (value.is_string()) return value;
  if (!value.is_array()) return value.dump();
  Words items;
  for (const Json& each : value) items.push_back(shown(each));
  return join(items, ",");
}

// "name value" of the parameter that came from this variable; "" when none did.
std::string madeOf(const std::string& variable, const Json& parameters) {
  for (const auto& [name, told] : parameters.items())
    if (told["origin"] == "environment " + variable) return name + " " + shown(told["value"]);
  return {};
}

// No two of a group are one parameter.
std::vector<std::vector<Variable>> apart(const std::vector<Variable>& variables) {
  std::vector<std::vector<Variable>> groups(1);
  for (const Variable& variable : variables) {
    const bool taken = variable.parameter &&
                       std::any_of(groups.back().begin(), groups.back().end(), [&](const Variable& other) {
                         return other.parameter && std::string(other.parameter) == variable.parameter;
                       });
    if (taken) groups.emplace_back();
    groups.back().push_back(variable);
  }
  return groups;
}

// The output of a hook, by pipes that its caller alone reads; a server that keeps one open blocks the caller.
struct Piped {
  std::string out;
  bool ended = false;  // both pipes, and a descriptor that the caller forgot to close, had their end
  int exitCode = -1;
};

Piped runPiped(const std::string& hook, const Variables& variables) {
  Command command;
  // 7 is what a careless caller leaves open.
  command.argv = {"bash", "-c", "exec bash \"$1\" 2>&1 7>&1", "-", hookFile(hook)};
  command.environment = variables;
  Child child(command, Child::Pipes::output);
  Piped piped;
  char buffer[4096];
  const Deadline deadline = Deadline::in(Seconds(120));
  try {
    while (const size_t count = child.read(buffer, sizeof buffer, deadline)) piped.out.append(buffer, count);
    piped.ended = true;
  } catch (const Error& e) {
    piped.out += e.what();
  }
  piped.exitCode = child.wait(deadline).exitCode;
  return piped;
}

}  // namespace

TEST_CASE("every hook takes the archived plugin's variables of the contract's table unchanged") {
  const test::Scratch scratch;
  showingTools(scratch / "tools");
  for (const Operations& row : contract()) {
    for (const std::string& hook : row.hooks) {
      for (const std::vector<Variable>& group : apart(row.variables)) {
        Variables given, empty;
        for (const Variable& variable : group) {
          given[variable.name] = variable.value;
          empty[variable.name] = "";
        }
        const Finished finished = show(scratch, hook, given);
        INFO(row.title << ": " << hook << "\n" << finished.out << finished.err);
        REQUIRE(finished.exitCode == 0);
        Words warnings;
        for (const std::string& line : split(finished.err, '\n')) {
          if (line.find("warning") != std::string::npos) warnings.push_back(line);
        }
        // Of a password that nothing needs, its user is told.
        CHECK(warnings.size() == given.count("STAGED_ROOT_PASS"));
        for (const std::string& line : warnings)
          CHECK(line.find("STAGED_ROOT_PASS has no effect") != std::string::npos);
        for (const Variable& variable : group) {
          INFO(variable.name);
          CHECK(madeOf(variable.name, Json::parse(finished.out)) ==
                (variable.parameter ? std::string(variable.parameter) + " " + variable.becomes : ""));
        }
        const Finished none = show(scratch, hook, empty);
        CHECK(none.exitCode == 0);
        for (const Variable& variable : group) CHECK(madeOf(variable.name, Json::parse(none.out)).empty());
      }
    }
  }
}

TEST_CASE("the contract's table names every hook that there is") {
  Words there;
  for (const char* room : {"discovery", "linked", "virtual"}) {
    for (const auto& entry : fs::directory_iterator(fs::path(sourceDir()) / "hooks" / room))
      there.push_back(std::string(room) + "/" + entry.path().stem().string());
  }
  Words named = contract().front().hooks;
  std::sort(there.begin(), there.end());
  std::sort(named.begin(), named.end());
  CHECK(named == there);
}

TEST_CASE("no hook blocks its caller: its pipes end with it, although a server that it started runs on") {
  const Shop shop("");
  const fs::path staging = shop.host / "staging", vdb = shop.host / "vdb", empty = shop.host / "empty";
  const uint16_t vdbPort = test::freePort(), emptyPort = test::freePort();
  const std::string basedir = shop.source.basedir();
  const Variables common = {{"DLPX_MYSQL_BIN_DIR", binDir()},
                            {"DLPX_MYSQL_REGISTRY", shop.host / "registry"},
                            {"MYSQLD", basedir + "/bin"}};
  Variables linked = common, copy = common;
  linked.insert({{"STAGINGDATADIR", staging},
                 {"STAGINGPORT", std::to_string(shop.stagingPort)},
                 {"STAGINGPASS", shop.staging.reveal()},
                 {"SOURCEIP", "127.0.0.1"},
                 {"SOURCEPORT", std::to_string(shop.source.port())},
                 {"SOURCEUSER", "copier"},
                 {"SOURCEPASS", shop.copier.reveal()}});
  copy.insert({{"DLPX_DATA_DIRECTORY", vdb},
               {"PORT", std::to_string(vdbPort)},
               {"VDBCONN", "-uapp --host=localhost -p"},
               {"VDBPASS", shop.vdb.reveal()}});
  const auto call = [&](const std::string& hook, Variables variables, const Variables& more = {}) {
    for (const auto& [name, value] : more) variables[name] = value;
    const Piped piped = runPiped(hook, variables);
    INFO(hook << ": " << piped.out);
    CHECK(piped.ended);
    CHECK(piped.exitCode == 0);
  };
  const auto runs = [](uint16_t port) { return listenerOf(port).has_value(); };

  call("linked/pre-snapshot", linked, {{"DLPX_MYSQL_RESYNC", "true"}});
  CHECK(runs(shop.stagingPort));
  call("linked/post-snapshot", linked);
  call("linked/stop-staging", linked);
  CHECK_FALSE(runs(shop.stagingPort));
  runChecked({.argv = {"cp", "-a", staging, vdb}}, ExitCode::internal, "cannot copy the mount");
  call("linked/start-staging", linked);
  CHECK(runs(shop.stagingPort));
  call("linked/worker", linked);
  call("virtual/configure", copy);
  CHECK(runs(vdbPort));
  call("virtual/unconfigure", copy);
  for (const char* hook : {"virtual/reconfigure", "virtual/stop", "virtual/start"}) call(hook, copy);
  CHECK(runs(vdbPort));
  makeDirectory(empty);
  const Variables other = {{"DLPX_DATA_DIRECTORY", empty}, {"PORT", std::to_string(emptyPort)}};
  call("virtual/initialize", copy, other);
  CHECK(runs(emptyPort));
  call("virtual/unconfigure", copy, other);
  call("virtual/unconfigure", copy);
  call("linked/stop-staging", linked);
}
