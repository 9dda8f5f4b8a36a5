#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backup/kind.h"
#include "base/deadline.h"
#include "command/app.h"
#include "mysql/session.h"

namespace dlpx {

struct FileRestoreRequest {
  BackupFacts backup;        // from requireBackup() with the target's version; not of a physical kind
  ConnectionOptions target;  // a running server; an account with all rights
  unsigned connections = 4;  // that load rows
  std::vector<std::string> databases;  // empty: all in the backup
  // The target is fresh and of no worth until the restore is complete: redo log off and durability low while
  // rows are loaded (put back, and checked, also on failure). A crash of the target meanwhile makes its data
  // directory worthless; the caller journals that and makes it anew.
  bool expendable = false;
};

struct FileRestoreReport {
  std::optional<Coordinates> coordinates;  // what the target holds of the source
  uint64_t bytes = 0;                      // of the script
  uint64_t statements = 0;
  bool accounts = false;           // the backup held accounts, and they are the target's now
  std::vector<std::string> notes;  // what is not as at the source, a sentence each
};

// Restores a logical backup: a mysqldump file or another SQL script of any compression; a mydumper or MySQL
// Shell directory where `myloader` or `mysqlsh` is installed (Error{installation} else).
//
// A mysqldump file's rows are loaded by several connections, secondary keys of plain tables are built when
// the rows are there, and all else runs in the file's order on one connection. Nothing goes to the binary
// log. Views that need views which come later are created then. Tables of the `mysql` schema are not restored
// as tables: accounts (but the target's own and the one that restores) and time zones become the server's.
// Statements about replication are left out. When the backup has a GTID set and the target gtid_mode=ON, its
// gtid_purged is set to exactly that, last, if `expendable`; else a note tells it.
//
// Throws Error{restore} that tells the line and the text of the statement that failed, Error{noSpace},
// Error{providedBackup} when the backup turns out to be damaged, Error{interrupted}. The target is then half
// restored.
FileRestoreReport restoreFile(const FileRestoreRequest& request);

// The steps of restoreFile(); changes nothing.
StepList planRestore(const FileRestoreRequest& request);

}  // namespace dlpx
