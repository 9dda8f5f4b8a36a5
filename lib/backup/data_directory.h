#pragma once

#include "backup/archive_reader.h"
#include "backup/kind.h"
#include "base/progress.h"

namespace dlpx {

// Fills in what a tar archive tells: Error{providedBackup} unless it holds a data directory.
BackupFacts inspectArchive(BackupFacts facts, BackupStream& archive);

// Copies the data directory of a physical backup (directory or tar) into the empty or missing directory
// `target`, owned by `owner` and readable by nobody else. Left behind are: the server's identity (auto.cnf),
// its keys, certificates and keyring, persisted variables, temporary tablespaces, logs and what lies outside
// of the server's own files. Binary logs are copied: crash recovery may need them. A symbolic link, and an
// InnoDB link file (*.isl), is refused with Error{providedBackup} and its name. Reflinks where the file
// system has them. Throws Error{restore}, or Error{noSpace} rather than leave less than `leaving` bytes free.
void copyDataDirectory(const BackupFacts& backup, const fs::path& target, Owner owner, uint64_t leaving = 0);

// The database whose files lie in a directory of this name: "odd name" for "odd@0020name". Letters that MySQL
// writes by a table of its own ("@0n") stay as they are.
std::string databaseOfDirectory(const std::string& directory);

// Where a server that was shut down stopped writing: the last binary log that an index file names ("" for an
// index of relay logs), and its end as coordinates.
std::string lastLogIn(const std::string& index);
void setEndOfLog(BackupFacts& facts, const std::string& log, uint64_t bytes);

// The release that wrote an InnoDB tablespace's first page, from 8.0 on: the 32 bytes at its beginning.
std::optional<Version> versionOfTablespace(std::string_view firstBytes);
// From mysql_upgrade_history (8.4) or mysql_upgrade_info (5.x).
std::optional<Version> versionInHistory(const std::string& content);

}  // namespace dlpx
