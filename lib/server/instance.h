#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "base/json.h"
#include "mysql/session.h"
#include "process/proc.h"
#include "server/installation.h"
#include "server/mount.h"

namespace dlpx {

enum class InstanceState {
  stopped,
  starting,  // the process is there and has not opened its port yet
  running,
  stopping,
  crashed,  // no process, but its pid file: it did not stop cleanly
  foreign,  // somebody else's process holds our port
};
std::string_view text(InstanceState state);

// What is noted about an instance in its mount's state.json, so that a status needs no child process.
struct InstanceFacts {
  std::string role;  // "staging" or "vdb"
  fs::path basedir;
  fs::path mysqld;
  Version version;
  uint16_t port = 0;
  uint32_t serverId = 0;
  std::string osUser;
  std::string adminUser;  // the account that our commands connect as
  fs::path keyring;       // its own keyring file; empty: none

  Json json() const;
  static InstanceFacts from(const Json& facts);
};

// One mysqld on this host and its mount. Only the process whose working directory is this mount's data
// directory is ever waited for, signalled or connected to.
class Instance {
 public:
  Instance(Mount mount, InstanceFacts facts) : mount_(std::move(mount)), facts_(std::move(facts)) {}
  // From the facts on the mount; nothing when no instance was made there.
  static std::optional<Instance> on(const Mount& mount);
  // As above; throws Error{usage} naming the mount when there is none.
  static Instance require(const Mount& mount);

  const Mount& mount() const { return mount_; }
  const InstanceFacts& facts() const { return facts_; }
  Installation installation() const {
    return installationKnown(facts_.basedir, facts_.mysqld, facts_.version);
  }
  Owner owner() const { return ownerOf(facts_.osUser); }
  // Notes the facts on the mount and enters port → mount in the registry.
  void record() const;

  InstanceState state() const;
  // The mysqld that has this data directory open, whatever its pid file says.
  std::optional<ProcessFacts> process() const;

  // `mysqld --initialize-insecure` into an empty data directory. The statements, if any, run as a super user
  // and one a line before it ends, so that no account without a password ever meets a network. Throws
  // Error{serverStart}. Use makeFreshData(), which seldom needs this.
  void initialise(const std::vector<std::string>& options, const std::string& initStatements,
                  const Deadline& deadline) const;

  struct Start {
    std::vector<std::string> options;  // beyond my.cnf, for this start only
    std::string initStatements;  // one a line, run before the port opens; kept in memory, never on a disk
    ExitCode onInitFailure = ExitCode::serverStart;
    Deadline deadline = Deadline::in(std::chrono::minutes(10));
  };
  // Returns when the server accepts connections. A running one is left alone (and no statement is run). A
  // statement that fails (the server itself would go on: MY-000061) stops the server and throws
  // Error{onInitFailure} with the server's words.
  void start(const Start& start) const;

  // SIGTERM, and waits until the process has gone: nothing holds the mount any more. A stopped one is fine.
  // At the deadline: Error{stop}, or SIGKILL when `force` is set.
  void stop(const Deadline& deadline, bool force = false) const;

  // Over the instance's own socket, after checking that the socket's server is ours.
  Session connect(const std::string& user, const Secret& password,
                  ExitCode onFailure = ExitCode::connectAfterRestart) const;

  // What the error log got since it was that long.
  uint64_t errorLogSize() const;
  std::string errorLogSince(uint64_t size) const;

 private:
  void waitForOtherEnd(const Deadline& deadline) const;
  void launch(const Start& start) const;
  // What a server says that does not come up; noSpace where its disk is full.
  Error startError(const std::string& what, const std::string& errors) const;
  void checkInitStatements(const std::string& log, const Start& start) const;

  Mount mount_;
  InstanceFacts facts_;
};

// The lines of an error log that say [ERROR], without time stamps, at most `count`, joined by "; ".
std::string errorsIn(const std::string& errorLog, size_t count = 3);

}  // namespace dlpx
