#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mysql/session.h"
#include "process/command.h"
#include "support/scratch.h"

namespace dlpx::test {

// Where the servers for tests are: DLPX_TEST_MYSQL_DIR, else the build tree's mysql/. Throws when
// scripts/get-mysql has not been run.
fs::path mysqlDirectory();
// Lets the tools of a test, whose registry is in `state`, take the empty data directories of their servers
// from one place of the build tree.
void shareFreshData(const fs::path& state);
// The certificate of an authority that signed some server's certificate, as PEM.
fs::path certificateAuthority();
// A data directory of 9.7 as --initialize-insecure leaves it, to be copied from.
fs::path freshData();
// A TCP port that was free a moment ago.
uint16_t freePort();

struct MysqlSetup {
  std::string version = "9.7";       // or "5.6"
  std::vector<std::string> options;  // "gtid_mode=ON"
  bool keyring = false;              // with component_keyring_file
};

// A real mysqld of the test's own: data directory and socket in a Scratch, on 127.0.0.1, root without
// password over the socket. It is a child of the test, so it never outlives it. GTIDs are off and the server
// id is its port, unless the options say otherwise.
class MysqlServer {
 public:
  using Setup = MysqlSetup;
  explicit MysqlServer(Setup setup = {});
  ~MysqlServer();
  MysqlServer(const MysqlServer&) = delete;
  MysqlServer& operator=(const MysqlServer&) = delete;

  Session root() const { return Session::connect(rootOptions()); }
  ConnectionOptions rootOptions() const;
  // Over TCP, as another account.
  ConnectionOptions tcpOptions(const std::string& user, const Secret& password) const;

  // With SELECT and PROCESS, at % and localhost: an anonymous ''@localhost, as 5.6 has it, would shadow
  // user@%.
  void createUser(const std::string& user, const Secret& password) const;

  uint16_t port() const { return port_; }
  fs::path socket() const { return scratch_ / "mysql.sock"; }
  fs::path dataDir() const { return scratch_ / "data"; }
  fs::path errorLog() const { return scratch_ / "error.log"; }
  fs::path basedir() const { return basedir_; }
  fs::path keyring() const { return scratch_ / "keyring" / "keys"; }
  // An empty directory that mysqld may write to.
  fs::path directory() const { return scratch_ / "files"; }
  pid_t pid() const;
  bool running() const { return process_ != nullptr; }

  void start();
  void stop();   // SIGTERM, waited for; a stopped one is fine
  void crash();  // SIGKILL, waited for
  void restart() {
    stop();
    start();
  }
  // For the next start.
  void setOptions(std::vector<std::string> options) { setup_.options = std::move(options); }

 private:
  Command command() const;
  void makeKeyring() const;
  bool answers();

  Setup setup_;
  Scratch scratch_;
  fs::path basedir_;
  uint16_t port_;
  std::unique_ptr<Child> process_;
};

// One with quotes, spaces, $, backslash, # and UTF-8.
Secret hardPassword();

// The account that mysqld runs as in tests: mysql when we are root, else ours.
std::optional<Owner> serverOwner();

}  // namespace dlpx::test
