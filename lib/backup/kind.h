#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "mysql/binlog_position.h"
#include "mysql/option_file.h"
#include "mysql/version.h"

namespace dlpx {

enum class BackupKind {
  mysqldump,       // one SQL file of mysqldump or mariadb-dump
  sqlScript,       // some other SQL file
  mydumper,        // a directory
  mysqlShell,      // a directory of util.dumpInstance() or dumpSchemas()
  dataDirectory,   // of a server that is down
  dataArchive,     // the same as a tar archive
  cloneDirectory,  // of CLONE LOCAL DATA DIRECTORY
  xtrabackup,      // prepared or not
};
std::string_view text(BackupKind kind);
// The kind is a data directory, or becomes one.
bool isPhysical(BackupKind kind);

enum class Completeness { complete, incomplete, unknown };
std::string_view text(Completeness completeness);

// What inspectBackup() found out.
struct BackupFacts {
  fs::path path;
  BackupKind kind = BackupKind::mysqldump;
  std::string compression = "none";
  std::string writtenBy;  // "MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)"
  std::optional<Version> serverVersion;
  std::vector<std::string> databases;  // seen, the server's own ones among them
  bool allDatabasesSeen = true;        // false: only the head and the tail of a large file were read
  std::optional<Coordinates> coordinates;
  std::string coordinatesFrom;  // "GTID_PURGED", "CHANGE MASTER (commented)", …
  uint64_t bytes = 0;           // on disk
  uint64_t contentBytes = 0;    // decompressed, as far as it was read; 0 where that is not known
  Completeness completeness = Completeness::unknown;
  std::string incompleteBecause;       // of incomplete and unknown
  std::string remedy;                  // of incomplete, where taking it again is not the only one
  std::vector<Option> serverSettings;  // that a server needs to start on it; of a physical kind
  std::vector<std::string> notes;

  // Sentences that say what stands between this backup and replication; empty when nothing does.
  std::vector<std::string> missingForReplication() const;
  Json json() const;
  std::string sheet() const;
};

}  // namespace dlpx
