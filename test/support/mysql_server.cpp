#include "support/mysql_server.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "base/lock.h"
#include "base/text.h"
#include "mysql/dialect.h"
#include "support/paths.h"

namespace dlpx::test {

namespace {

void copyTree(const fs::path& from, const fs::path& to) {
  runChecked({.argv = {"cp", "-a", "--reflink=auto", from.string(), to.string()}}, ExitCode::internal,
             "cannot copy " + from.string());
}

void giveToServer(const fs::path& path) {
  if (const auto owner = serverOwner()) setOwnerOfTree(path, *owner);
}

std::vector<std::string> commonArguments(const fs::path& basedir, const fs::path& dataDir) {
  return {(basedir / "bin/mysqld").string(), "--no-defaults", "--basedir=" + basedir.string(),
          "--datadir=" + dataDir.string()};
}

// A fresh data directory; made once per version and build tree, copied by each server.
fs::path dataTemplate(const std::string& version, const fs::path& basedir) {
  if (version == "5.6") return basedir / "data-template";
  const fs::path templates = fs::path(buildDir()) / "templates";
  fs::create_directories(templates);
  const FileLock lock = FileLock::acquire(templates / (version + ".lock"), "make a data directory",
                                          Deadline::in(std::chrono::minutes(5)));
  const fs::path made = templates / version;
  if (fs::exists(made)) return made;
  const Scratch scratch;
  fs::create_directory(scratch / "data");
  giveToServer(scratch.path());
  auto argv = commonArguments(basedir, scratch / "data");
  argv.insert(argv.end(), {"--initialize-insecure", "--innodb-redo-log-capacity=8M"});
  runChecked({.argv = argv, .runAs = serverOwner()}, ExitCode::internal,
             "cannot initialise a data directory");
  const fs::path half = templates / (version + ".half");
  removeTree(half);
  copyTree(scratch / "data", half);
  fs::rename(half, made);
  return made;
}

}  // namespace

std::optional<Owner> serverOwner() {
  if (geteuid() != 0) return std::nullopt;
  return ownerOf(std::string("mysql"));
}

Secret hardPassword() {
  return Secret("it's \"so\" $HOME \\n # \xC3\xA9\xF0\x9F\x90\xAC;");
}

fs::path mysqlDirectory() {
  const char* const named = std::getenv("DLPX_TEST_MYSQL_DIR");
  const fs::path directory = named != nullptr ? fs::path(named) : fs::path(buildDir()) / "mysql";
  if (!fs::exists(directory / "9.7/bin/mysqld"))
    throw std::runtime_error("no MySQL for tests in " + directory.string() + ": run scripts/get-mysql");
  return directory;
}

fs::path freshData() {
  return dataTemplate("9.7", mysqlDirectory() / "9.7");
}

void shareFreshData(const fs::path& state) {
  const fs::path shared = fs::path(buildDir()) / "templates/fresh-data";
  fs::create_directories(shared);
  fs::create_directory_symlink(shared, state / "fresh-data");
}

fs::path certificateAuthority() {
  return freshData() / "ca.pem";
}

uint16_t freePort() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd.get(), any, size) != 0 || ::getsockname(fd.get(), any, &size) != 0)
    throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

MysqlServer::MysqlServer(Setup setup)
    : setup_(std::move(setup)), basedir_(mysqlDirectory() / setup_.version), port_(freePort()) {
  copyTree(dataTemplate(setup_.version, basedir_), dataDir());
  fs::remove(dataDir() / "auto.cnf");  // each server has a UUID of its own
  fs::create_directories(directory());
  fs::create_directories(scratch_ / "tmp");
  if (setup_.keyring) makeKeyring();
  giveToServer(scratch_.path());
  start();
}

MysqlServer::~MysqlServer() {
  try {
    stop();
  } catch (const std::exception&) {
    // Child's destructor ends it.
  }
}

// The server reads the component's name beside the path it is called by, and its settings beside the library.
void MysqlServer::makeKeyring() const {
  const fs::path home = keyring().parent_path();
  fs::create_directories(home / "plugin");
  fs::create_symlink(fs::canonical(basedir_ / "bin/mysqld"), home / "mysqld");
  writeFile(home / "mysqld.my", R"({"components":"file://component_keyring_file"})", {0444, std::nullopt});
  for (const auto& entry : fs::directory_iterator(basedir_ / "lib/plugin"))
    fs::create_symlink(fs::canonical(entry.path()), home / "plugin" / entry.path().filename());
  writeFile(home / "plugin/component_keyring_file.cnf",
            R"({"path":")" + keyring().string() + R"(","read_only":false})", {0444, std::nullopt});
  writeFile(keyring(), "", {0600, std::nullopt});
}

Command MysqlServer::command() const {
  Command command;
  command.argv = commonArguments(basedir_, dataDir());
  if (setup_.keyring) {
    command.argv.front() = keyring().parent_path() / "mysqld";
    command.argv.push_back("--plugin-dir=" + (keyring().parent_path() / "plugin").string());
  }
  const std::vector<std::string> ours{
      "socket=" + socket().string(),           "port=" + std::to_string(port_),
      "server-id=" + std::to_string(port_),    "bind-address=127.0.0.1",
      "log-error=" + errorLog().string(),      "pid-file=" + (scratch_ / "mysqld.pid").string(),
      "tmpdir=" + (scratch_ / "tmp").string(), "secure-file-priv=" + directory().string(),
      "innodb-buffer-pool-size=64M",           "innodb-flush-log-at-trx-commit=2"};
  for (const auto& option : ours) command.argv.push_back("--" + option);
  if (setup_.version == "5.6") {
    command.argv.push_back("--lc-messages-dir=" + (basedir_ / "share/english").string());
  } else {
    command.argv.insert(command.argv.end(), {"--mysqlx=OFF", "--innodb-redo-log-capacity=8M"});
  }
  for (const auto& option : setup_.options) command.argv.push_back("--" + option);
  command.runAs = serverOwner();
  command.directory = dataDir();
  return command;
}

ConnectionOptions MysqlServer::rootOptions() const {
  ConnectionOptions options;
  options.endpoint.socket = socket();
  options.user = "root";
  return options;
}

ConnectionOptions MysqlServer::tcpOptions(const std::string& user, const Secret& password) const {
  ConnectionOptions options;
  options.endpoint = {"127.0.0.1", port_, {}};
  options.user = user;
  options.password = password;
  return options;
}

void MysqlServer::createUser(const std::string& user, const Secret& password) const {
  Session session = root();
  const Dialect dialect(session.version());
  for (const std::string host : {"%", "localhost"}) {
    for (const auto& statement : dialect.setPassword(user, host, password)) session.execute(statement);
    session.execute(dialect.grant({"SELECT", "PROCESS"}, user, host));
  }
}

bool MysqlServer::answers() {
  if (process_->exitCodeIfEnded()) {
    const std::string log = readFileIfThere(errorLog()).value_or(process_->errorOutput());
    process_.reset();
    throw std::runtime_error("mysqld " + setup_.version + " did not start: " + lastLines(log, 15));
  }
  if (!fs::exists(socket())) return false;
  try {
    root();
    return true;
  } catch (const SqlError& error) {
    // A test may have given root a password, or taken the server off line: it answers all the same.
    return error.number() == 1045 || error.number() == 3032 || error.number() == 1820;
  }
}

void MysqlServer::start() {
  if (process_) return;
  process_ = std::make_unique<Child>(command(), Child::Pipes::output);
  if (!waitUntil(Deadline::in(std::chrono::minutes(2)), [this] { return answers(); }))
    throw std::runtime_error("mysqld " + setup_.version + " does not answer: " + errorLog().string());
}

pid_t MysqlServer::pid() const {
  return process_ ? process_->pid() : -1;
}

void MysqlServer::stop() {
  if (!process_) return;
  ::kill(process_->pid(), SIGTERM);
  process_->wait(Deadline::in(std::chrono::minutes(2)));
  process_.reset();
}

void MysqlServer::crash() {
  if (!process_) return;
  ::kill(process_->pid(), SIGKILL);
  process_->wait(Deadline::in(std::chrono::minutes(1)));
  process_.reset();
}

}  // namespace dlpx::test
