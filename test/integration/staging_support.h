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

  // dlpx-mysql-backup with this bed's source and staging.
  Finished backup(const std::string& command, const std::vector<std::string>& flags = {}) const;

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
  Finished tool(const std::vector<std::string>& argv,
                const std::map<std::string, std::string>& environment) const;

  Scratch scratch_;
  uint16_t port_;
};

// A bed whose mount is a file system of its own; its size can be changed while it is used.
class SmallDisk {
 public:
  explicit SmallDisk(const StagingBed& bed);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  void leave(uint64_t bytes) const;
  // The same as a command of the shell.
  std::string toLeave(uint64_t bytes) const;

 private:
  void resize(uint64_t size, unsigned long flags) const;

  const StagingBed& bed_;
  fs::path at_;
};

// A database that only the staging data which is there now has, not its source.
void mark(Session staging);
bool isMarked(Session staging);

// What must not change where a command fails.
struct StagingNow {
  pid_t pid = 0;
  std::string uuid, gtids, orders, replication;
  bool marked = false;

  explicit StagingNow(const StagingBed& bed);
};
// All but the process.
void checkSame(const StagingNow& before, const StagingNow& after);
// One server, and no data beside staging's.
void nothingBeside(const StagingBed& bed);

// differences() without those of AUTO_INCREMENT counters alone: numbers that InnoDB reserved and never used
// are gone after a restart of the source, too.
std::vector<std::string> realDifferences(Session& a, Session& b);

// Everything of a server that a mere reader must leave as it is.
std::string fingerprint(Session& server);

inline const std::string sourcePassword = "so'u\"r$c\\e é";
inline const std::string stagingPassword = "st'a\"g$ \\x é";

}  // namespace dlpx::test
