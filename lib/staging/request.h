#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backup/method.h"
#include "base/deadline.h"
#include "base/secret.h"
#include "mysql/session.h"
#include "server/mount.h"

namespace dlpx {

class Parameters;

enum class StagingType { replication, manual };
std::string_view text(StagingType type);

// The files that passwords were given in; empty: otherwise, or not at all.
struct PasswordFiles {
  fs::path staging;
  fs::path replication;
};

// What a staging server is built from.
struct StagingRequest {
  StagingType type = StagingType::replication;
  std::string name;  // of the dSource; may be empty
  fs::path mount;
  fs::path basedir;
  uint16_t port = 0;
  uint32_t serverId = 0;
  std::string osUser;
  fs::path starter;  // the user's my.cnf; empty: none
  std::string bindAddress;
  fs::path keyring;       // of the server that a physical backup is of; empty: none
  fs::path keyringDir;    // where staging keeps its own; empty: on the mount
  std::string adminUser;  // at localhost
  Secret adminPassword;   // may be empty for a check alone
  Milliseconds timeout{0};
  fs::path backup;  // of method file, and what a manual staging server is filled with; empty: none
  PasswordFiles passwordFiles;

  // Of type replication only.
  ConnectionOptions source;
  Method method = Method::automatic;
  std::vector<std::string> databases;  // as asked for; empty: all
  bool logSync = true;                 // false: ingested once, never replicated
  std::string replicationUser;
  Secret replicationPassword;
};

// What a command on an existing staging server needs. A password that is not at hand is nothing.
struct StagingAccess {
  fs::path mount;
  std::optional<Secret> adminPassword;
  std::optional<std::string> replicationUser;  // instead of the one that was noted
  std::optional<Secret> replicationPassword;
  PasswordFiles passwordFiles;
  Milliseconds timeout{0};
  bool force = false;
  bool repairAccount = false;
  bool logSync = true;
};

// To the server that the request describes.
StagingAccess accessOf(const StagingRequest& request);

enum class SnapshotMode { automatic, hot, quiesce, stop };
std::string_view text(SnapshotMode mode);

// Throws Error{usage} naming the parameter that is missing or does not fit. The management password is asked
// for only when `toBuild`.
StagingRequest stagingRequest(const Parameters& parameters, bool toBuild);
// Of the source parameters.
ConnectionOptions sourceConnection(const Parameters& parameters);
StagingAccess stagingAccess(const Parameters& parameters);
// As above, for commands that log in: passwords that were not given come from the files noted on the mount.
StagingAccess stagingLogin(const Parameters& parameters);
// --mount, else the mount of --port in the registry; throws Error{usage} when neither tells it.
fs::path mountFrom(const Parameters& parameters);
SnapshotMode snapshotModeFrom(const Parameters& parameters);

// The account that mysqld runs as: --os-user, else mysql for root, else the caller.
std::string osUserFrom(const Parameters& parameters);

// A server id for a mount whose owner gave none: the same mount always gets the same.
uint32_t derivedServerId(const fs::path& mount, uint16_t port);

}  // namespace dlpx
