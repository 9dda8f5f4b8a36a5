#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json_full.h"
#include "mysql/option_file.h"
#include "mysql/session.h"
#include "process/command.h"
#include "server/instance.h"
#include "support/scratch.h"

namespace dlpx::test {

// A server in the layout of a mount, as a parent of VDBs: with GTIDs and a binary log, root without password
// over its socket.
class VdbParent {
 public:
  explicit VdbParent(std::vector<Option> options = {}, bool keyring = false);
  ~VdbParent();
  VdbParent(const VdbParent&) = delete;
  VdbParent& operator=(const VdbParent&) = delete;

  Session root() const;
  void stop() const;
  void start() const;
  const Mount& mount() const { return instance_.mount(); }
  uint16_t port() const { return instance_.facts().port; }
  fs::path directory() const { return scratch_.path(); }

  // Writes snapshot.json and copies the mount while the server stands still (SIGSTOP): what an atomic
  // snapshot of a running server holds.
  fs::path clone(const std::string& name) const;
  // SHA-256 of every file of the stopped parent, by path.
  std::string digest() const;

 private:
  void makeData(const std::vector<Option>& options) const;

  Scratch scratch_;
  Instance instance_;
};

// How the VDB tool ended.
struct ToolRun {
  int exitCode = 0;
  Json result;  // stdout's, where it is JSON
  Json error;   // the error object of stderr's last line
  std::string err;
  std::string message() const;
};

// A VDB on a clone, driven through the executable. The destructor ends its server.
class VdbUnderTest {
 public:
  explicit VdbUnderTest(fs::path mount);
  ~VdbUnderTest();
  VdbUnderTest(const VdbUnderTest&) = delete;
  VdbUnderTest& operator=(const VdbUnderTest&) = delete;

  ToolRun provision(const std::vector<std::string>& more = {}) { return tool("provision", building(more)); }
  std::vector<std::string> building(const std::vector<std::string>& more = {}) const;
  // `command` with --mount, --password-file and `more`.
  ToolRun tool(const std::string& command, const std::vector<std::string>& more = {},
               const std::map<std::string, std::string>& environment = {}) const;
  // As the VDB's user; by TCP when `tcp`.
  Session connect(bool tcp = false) const;
  bool listening() const;
  // The server's process, whatever the tool says.
  bool hasProcess() const;

  const Mount& mount() const { return mount_; }
  uint16_t port() const { return port_; }
  const std::string& user() const { return user_; }
  const Secret& password() const { return password_; }
  void setPassword(const Secret& password);
  void setPort(uint16_t port) { port_ = port; }

 private:
  Mount mount_;
  Scratch scratch_;
  uint16_t port_;
  std::string user_ = "dev o'per";
  Secret password_;
};

}  // namespace dlpx::test
