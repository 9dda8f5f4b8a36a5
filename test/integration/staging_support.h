#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json_full.h"
#include "process/command.h"
#include "support/mysql_server.h"
#include "support/scratch.h"
#include "support/shop.h"

namespace dlpx::test {

// A source with a shop, an account that may do all that staging needs, and a mount to build staging on.
// Drives the real dlpx-mysql-stage; whatever staging server is left on the mount ends with it.
class StagingBed {
 public:
  explicit StagingBed(MysqlSetup source = {.options = {"gtid-mode=ON", "enforce-gtid-consistency=ON",
                                                       "plugin-load-add=mysql_clone.so"}});
  ~StagingBed();

  // The program with the flags of this bed and these, with --json when it is not given.
  Finished run(const std::string& command, const std::vector<std::string>& flags = {},
               const std::map<std::string, std::string>& environment = {}) const;
  // As run; fails the test when the exit code is another.
  Json expect(int exitCode, const std::string& command, const std::vector<std::string>& flags = {}) const;

  Session staging() const;
  // Ends the staging server where one is on the mount.
  void endStaging() const;
  fs::path mount() const { return scratch_ / "mount"; }
  fs::path file(const std::string& name) const { return scratch_ / name; }
  uint16_t port() const { return port_; }
  void setSourcePassword(const std::string& password) const;
  // Waits until staging holds what the source holds now.
  void catchUp() const;

  MysqlServer source;

 private:
  Scratch scratch_;
  uint16_t port_;
};

// A database that only the staging data which is there now has, not its source.
void mark(Session staging);
bool isMarked(Session staging);

// differences() without those of AUTO_INCREMENT counters alone: numbers that InnoDB reserved and never used
// are gone after a restart of the source, too.
std::vector<std::string> realDifferences(Session& a, Session& b);

// Everything of a server that a mere reader must leave as it is.
std::string fingerprint(Session& server);

inline const std::string sourcePassword = "so'u\"r$c\\e é";
inline const std::string stagingPassword = "st'a\"g$ \\x é";

}  // namespace dlpx::test
