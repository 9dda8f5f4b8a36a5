#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/files.h"
#include "base/secret.h"
#include "mysql/option_file.h"

namespace dlpx {

class Parameters;

enum class VdbProfile { standard, small };
std::string_view text(VdbProfile profile);

// What a VDB is to be. A member that was not given is nothing or empty: what the mount notes of a VDB of
// ours, or the snapshot, fills it (see completed()).
struct VdbRequest {
  fs::path mount;
  std::string name;  // of the VDB, for people and the engine; may be empty
  std::optional<fs::path> basedir;
  std::optional<uint16_t> port;
  std::optional<uint32_t> serverId;
  std::optional<std::string> user;
  std::optional<Secret> password;
  std::string osUser;
  fs::path starter;     // the user's my.cnf; empty: none
  fs::path keyring;     // the parent's keyring file; empty: the clone's, else where the snapshot says
  fs::path keyringDir;  // where the VDB keeps its own; empty: where it is, or on the mount
  std::optional<std::string> bindAddress;
  std::optional<std::vector<Option>> settings;
  std::optional<bool> lockAccounts;
  std::optional<bool> events;
  std::optional<bool> dropFederated;
  std::optional<VdbProfile> profile;
  std::optional<bool> replicable;         // replicas of it may follow: GTIDs are on
  std::optional<fs::path> replicateFrom;  // the mount of the VDB that this one is to be a replica of
  Milliseconds timeout{0};
};

// What a command on an existing VDB needs.
struct VdbAccess {
  fs::path mount;
  std::optional<std::string> user;  // instead of the one that was noted
  std::optional<Secret> password;
  Milliseconds timeout{0};
  bool force = false;
};

// How a VDB is made safe to snapshot.
struct VdbSnapshotRequest {
  VdbAccess access;
  std::string name;
  std::string mode;  // "auto", "hot" or "stop"; "quiesce" is hot with its tables flushed
};

// Throw Error{usage} naming the parameter that is missing or does not fit. A password that is required and
// not given is asked for on a terminal.
VdbRequest vdbRequest(const Parameters& parameters);
VdbAccess vdbAccess(const Parameters& parameters);
VdbSnapshotRequest vdbSnapshotRequest(const Parameters& parameters);

// The account that mysqld runs as: --os-user, else mysql for root, else the caller.
std::string vdbOsUser(const Parameters& parameters);

}  // namespace dlpx
