#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "server/instance.h"

namespace dlpx {

// What <mount>/.dlpx-mysql/snapshot.json says of the snapshot that it lies in (design section 8). Never a
// password.
struct SnapshotFacts {
  std::string id;    // new for each snapshot, lower-case hexadecimal
  std::string time;  // ISO 8601 in UTC, of the moment before the snapshot
  std::string role;  // "staging" or "vdb": whose snapshot it is
  std::string name;  // of the dSource or VDB; may be empty
  std::string mode;  // "hot", "quiesce", "stop"
  std::string modeReason;

  Version version;
  fs::path basedir;
  uint16_t port = 0;
  std::string serverUuid;
  std::string adminUser;  // the account whose password the parent's owner knows

  // The source that staging follows; empty for a seed.
  std::string sourceHost;
  uint16_t sourcePort = 0;
  std::string sourceUuid;
  std::string sourceCoordinates;  // "file:position" applied, of the source's log
  std::string gtidExecuted;       // of quiesce and stop the snapshot's; of hot a lower bound
  std::string replicationState;   // text(ChannelState)
  int64_t lagSeconds = -1;        // -1: not known

  unsigned lowerCaseTableNames = 0;
  uint64_t pageSize = 0;
  uint64_t encryptedTablespaces = 0;
  fs::path keyring;                      // the parent's keyring file; empty: it has none
  std::vector<std::string> keyringKeys;  // the names of the keys in it, never a key

  std::map<std::string, uint64_t> tables;   // base tables by database, the server's own databases left out
  std::map<std::string, uint64_t> engines;  // base tables by engine, as above
  std::vector<std::string> memoryTables;    // their rows are not in the snapshot
  std::vector<std::string> otherTables;     // not InnoDB and not MEMORY: "shop.t (MyISAM)", at most 100
  uint64_t preparedXa = 0;

  // False of a hot snapshot: changes, also of tables, that were applied until the snapshot was taken are in
  // it.
  bool exact() const { return mode != "hot"; }
  Json json() const;
  static SnapshotFacts from(const Json& json);
};

// Asks a running server, by statements that change nothing and make no GTID, for what it knows: version to
// preparedXa, without the source and replication. For staging and for VDBs.
SnapshotFacts readSnapshotFacts(Session& session, const Instance& instance);

// Throws Error{unsafeClone} that names the first file which a clone could not own: an absolute or outside
// path in information_schema.FILES, or a symbolic link on the mount.
void refuseOutsideFiles(Session& session, const Mount& mount);
void refuseSymbolicLinks(const Mount& mount);

}  // namespace dlpx
