#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backup/archive_writer.h"
#include "backup/source_snapshot.h"
#include "base/deadline.h"
#include "base/json.h"
#include "command/app.h"
#include "mysql/session.h"
#include "server/installation.h"

namespace dlpx {

struct TakeRequest {
  ConnectionOptions source;
  std::vector<std::string> databases;  // as chosenDatabases() returns them
  Installation installation;           // whose mysqldump is used
  fs::path output;                     // the file to make, or an existing directory to make it in
  Compression compression = Compression::zstd;
  bool gtids = true;  // the dump sets GTID_PURGED, where the source uses GTIDs
  SnapshotLimits limits;
  Deadline deadline = Deadline::never();
};

struct TakeReport {
  fs::path file;
  fs::path manifest;  // <file>.json
  Coordinates coordinates;
  uint64_t bytes = 0;         // of the file
  uint64_t contentBytes = 0;  // of the SQL in it
  std::string sha256;         // of the file
  std::vector<std::string> notes;

  Json json() const;
};

// A mysqldump of the databases with routines, events, triggers and the accounts that the source's user may
// read, compressed as asked. The source is not stalled (see takeSnapshots); the dump's coordinates are in
// its head, as GTID_PURGED when the source uses GTIDs and as a commented CHANGE REPLICATION SOURCE TO.
// inspectBackup() and restoreFile() take it like any other; `zstd -dc | mysql` restores it without us.
//
// The file appears under its name, readable by its owner only (it holds password hashes), when it is complete
// and on the disk; the manifest with its checksum comes last. Throws Error{backup} or {noSpace}; nothing
// stays then. An existing file is never overwritten.
TakeReport takeBackup(const TakeRequest& request);

// The steps of takeBackup(); changes nothing.
StepList planTake(const TakeRequest& request);

}  // namespace dlpx
