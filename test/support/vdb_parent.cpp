#include "support/vdb_parent.h"

#include <signal.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "process/proc.h"
#include "server/keyring.h"
#include "server/registry.h"
#include "server/server_options.h"
#include "server/snapshot_facts.h"
#include "support/mysql_server.h"
#include "support/paths.h"

namespace dlpx::test {
namespace {

std::string osUser() {
  return geteuid() == 0 ? "mysql" : runChecked({.argv = {"id", "-un"}}, ExitCode::internal, "id").out;
}

InstanceFacts factsFor(uint16_t port, const fs::path& keyring) {
  const Installation installation = installationAt(mysqlDirectory() / "9.7");
  return {.role = "staging",
          .basedir = installation.basedir,
          .mysqld = installation.mysqld,
          .version = installation.version,
          .port = port,
          .serverId = 4711,
          .osUser = trim(osUser()),
          .adminUser = "root",
          .keyring = keyring};
}

const std::vector<Option>& usual() {
  static const std::vector<Option> options = {{"log-bin", "../log/mysql-bin"},
                                              {"gtid-mode", "ON"},
                                              {"enforce-gtid-consistency", "ON"},
                                              {"innodb-redo-log-capacity", "16M"}};
  return options;
}

void copyTree(const fs::path& from, const fs::path& to) {
  runChecked({.argv = {"cp", "-a", "--reflink=auto", "--sparse=always", from.string(), to.string()}},
             ExitCode::internal, "copy " + from.string());
}

void usePrivateRegistry() {
  static const Scratch scratch;
  if (!fs::exists(scratch / "fresh-data")) shareFreshData(scratch.path());
  setenv("DLPX_MYSQL_REGISTRY", (scratch / "registry").c_str(), 1);
}

}  // namespace

VdbParent::VdbParent(std::vector<Option> options, bool keyring)
    : instance_(Mount(scratch_ / "parent"),
                factsFor(freePort(), keyring ? scratch_ / "keys" / "keyring" : fs::path())) {
  usePrivateRegistry();
  fs::create_directories(mount().root());
  setOwner(mount().root(), instance_.owner());
  std::vector<Option> role = usual();
  for (const Option& option : options) {
    std::erase_if(role, [&](const Option& other) { return optionKey(other.name) == optionKey(option.name); });
    role.push_back(option);
  }
  mount().create(instance_.owner());
  writeOptionFile(instance_, {.role = role});
  makeData(role);
  instance_.record();
  if (keyring) writeKeyring(instance_.facts().keyring, {}, instance_.owner());
  start();
}

// What only a server's first start can choose is initialised with; all others share one data directory.
void VdbParent::makeData(const std::vector<Option>& options) const {
  const bool ownCase = std::any_of(options.begin(), options.end(), [](const Option& option) {
    return optionKey(option.name) == optionKey("lower_case_table_names");
  });
  if (ownCase) return instance_.initialise({}, "", Deadline::in(Seconds(120)));
  fs::remove(mount().data());
  copyTree(freshData(), mount().data());
  fs::remove(mount().data() / "auto.cnf");
}

VdbParent::~VdbParent() {
  try {
    instance_.stop(Deadline::in(Seconds(60)), true);
  } catch (const std::exception&) {
  }
}

Session VdbParent::root() const {
  return instance_.connect("root", Secret());
}

void VdbParent::stop() const {
  instance_.stop(Deadline::in(Seconds(60)));
}

void VdbParent::start() const {
  instance_.start({});
}

fs::path VdbParent::clone(const std::string& name) const {
  Session session = root();
  SnapshotFacts facts = readSnapshotFacts(session, instance_);
  facts.id = "snapshot-of-" + name;
  facts.time = "2026-01-02T03:04:05Z";
  facts.mode = "hot";
  writeFile(mount().snapshotFile(), pretty(facts.json()), {0640, instance_.owner()});
  const pid_t pid = instance_.process()->pid;
  const fs::path target = scratch_ / name;
  kill(pid, SIGSTOP);
  try {
    copyTree(mount().root(), target);
  } catch (...) {
    kill(pid, SIGCONT);
    throw;
  }
  kill(pid, SIGCONT);
  return target;
}

std::string VdbParent::digest() const {
  std::vector<std::string> argv = {"sha256sum"};
  for (const fs::path& tree : {mount().data(), mount().log()}) {
    walk(tree, [&](const fs::directory_entry& entry) {
      if (entry.is_regular_file() && !entry.is_symlink()) argv.push_back(entry.path().string());
    });
  }
  std::sort(argv.begin() + 1, argv.end());
  return runChecked({.argv = argv}, ExitCode::internal, "digest").out;
}

std::string ToolRun::message() const {
  return error.is_object() ? error.value("message", "") + "; " + error.value("remedy", "") : err;
}

VdbUnderTest::VdbUnderTest(fs::path mount) : mount_(mount), port_(freePort()) {
  usePrivateRegistry();
  setPassword(hardPassword());
}

VdbUnderTest::~VdbUnderTest() {
  try {
    if (const auto instance = Instance::on(mount_)) instance->stop(Deadline::in(Seconds(60)), true);
  } catch (const std::exception&) {
  }
}

void VdbUnderTest::setPassword(const Secret& password) {
  password_ = password;
  writeFile(scratch_ / "password", password.reveal() + "\n", {0600, std::nullopt});
}

std::vector<std::string> VdbUnderTest::building(const std::vector<std::string>& more) const {
  std::vector<std::string> arguments = {"--port",      std::to_string(port_),
                                        "--user",      user_,
                                        "--server-id", "12345",
                                        "--basedir",   (mysqlDirectory() / "9.7").string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

ToolRun VdbUnderTest::tool(const std::string& command, const std::vector<std::string>& more,
                           const std::map<std::string, std::string>& environment) const {
  const bool password = command != "stop" && command != "status" && command != "disable" &&
                        command != "remove" && command != "size";
  Command call{.argv = {binDir() + "/dlpx-mysql-vdb", command, "--json", "--mount", mount_.root().string()},
               .environment = environment,
               .deadline = Deadline::in(Seconds(120))};
  if (password) call.argv.insert(call.argv.end(), {"--password-file", (scratch_ / "password").string()});
  call.argv.insert(call.argv.end(), more.begin(), more.end());
  const Finished finished = run(call);
  ToolRun result{.exitCode = finished.exitCode, .err = finished.err};
  result.result = Json::parse(finished.out, nullptr, false);
  const Json last = Json::parse(trim(lastLines(trim(finished.err), 1)), nullptr, false);
  if (last.is_object() && last.contains("error")) result.error = last["error"];
  return result;
}

Session VdbUnderTest::connect(bool tcp) const {
  Endpoint endpoint{"127.0.0.1", port_, tcp ? fs::path() : mount_.socket()};
  return Session::connect({.endpoint = endpoint, .user = user_, .password = password_});
}

bool VdbUnderTest::listening() const {
  return listenerOf(port_).has_value();
}

bool VdbUnderTest::hasProcess() const {
  const auto servers = processesNamed("mysqld");
  return std::any_of(servers.begin(), servers.end(), [&](const ProcessFacts& server) {
    return startsWith(server.directory.string(), mount_.root().string() + "/") ||
           std::any_of(server.argv.begin(), server.argv.end(), [&](const std::string& argument) {
             return argument.find(mount_.root().string() + "/") != std::string::npos;
           });
  });
}

}  // namespace dlpx::test
