#include "backup/kind.h"

#include "base/json_full.h"
#include "base/text.h"

namespace dlpx {

std::string_view text(BackupKind kind) {
  switch (kind) {
    case BackupKind::mysqldump:
      return "mysqldump";
    case BackupKind::sqlScript:
      return "sql-script";
    case BackupKind::mydumper:
      return "mydumper";
    case BackupKind::mysqlShell:
      return "mysql-shell";
    case BackupKind::dataDirectory:
      return "data-directory";
    case BackupKind::dataArchive:
      return "data-archive";
    case BackupKind::cloneDirectory:
      return "clone-directory";
    case BackupKind::xtrabackup:
      return "xtrabackup";
  }
  return "unknown";
}

bool isPhysical(BackupKind kind) {
  return kind == BackupKind::dataDirectory || kind == BackupKind::dataArchive ||
         kind == BackupKind::cloneDirectory || kind == BackupKind::xtrabackup;
}

std::string_view text(Completeness completeness) {
  switch (completeness) {
    case Completeness::complete:
      return "yes";
    case Completeness::incomplete:
      return "no";
    case Completeness::unknown:
      return "unknown";
  }
  return "unknown";
}

namespace {

std::string noCoordinates(const BackupFacts& facts) {
  if (facts.kind != BackupKind::mysqldump) return "it holds no coordinates of the source";
  if (startsWith(facts.writtenBy, "MariaDB"))
    return "it holds no coordinates: take it with --master-data=2, or, where MariaDB's program fails at SHOW "
           "MASTER "
           "STATUS (MySQL 8.4 and newer), by MySQL's own mysqldump with --source-data=2";
  return "it holds no coordinates: take it with --source-data=2, or at a source with GTIDs without "
         "--set-gtid-purged=OFF";
}

}  // namespace

std::vector<std::string> BackupFacts::missingForReplication() const {
  std::vector<std::string> missing;
  if (completeness == Completeness::incomplete) missing.push_back("the backup is not complete");
  const bool toldByServer = isPhysical(kind) && kind != BackupKind::xtrabackup;
  if (!coordinates && !toldByServer) missing.push_back(noCoordinates(*this));
  return missing;
}

Json BackupFacts::json() const {
  Json json = {
      {"path", path.string()},
      {"kind", text(kind)},
      {"compression", compression},
      {"written_by", writtenBy},
      {"server_version", serverVersion ? Json(serverVersion->text()) : Json()},
      {"databases", databases},
      {"all_databases_seen", allDatabasesSeen},
      {"coordinates", Json()},
      {"bytes", bytes},
      {"content_bytes", contentBytes},
      {"complete",
       completeness == Completeness::unknown ? Json() : Json(completeness == Completeness::complete)},
      {"incomplete_because", incompleteBecause},
      {"missing_for_replication", missingForReplication()},
      {"notes", notes}};
  if (coordinates) {
    Json where = {{"from", coordinatesFrom}, {"gtid_set", coordinates->gtids.text()}};
    where["file"] = coordinates->position ? Json(coordinates->position->file) : Json();
    where["position"] = coordinates->position ? Json(coordinates->position->position) : Json();
    json["coordinates"] = where;
  }
  return json;
}

std::string BackupFacts::sheet() const {
  std::string sheet;
  const auto line = [&](const std::string& name, const std::string& value) {
    if (!value.empty())
      sheet += name + std::string(name.size() < 16 ? 16 - name.size() : 1, ' ') + value + "\n";
  };
  line("backup", path.string());
  line("kind", std::string(text(kind)) + (compression == "none" ? "" : ", " + compression));
  line("written by", writtenBy);
  line("server", serverVersion ? "MySQL " + serverVersion->text() : "unknown");
  line("databases", (databases.empty() ? "none seen" : join(databases, ", ")) +
                        (allDatabasesSeen ? "" : " (head and tail of the file were read)"));
  line("coordinates", coordinates ? coordinates->text() + ", from " + coordinatesFrom : "none");
  line("size",
       humanBytes(bytes) + (contentBytes > bytes ? ", " + humanBytes(contentBytes) + " decompressed" : ""));
  line("complete",
       std::string(text(completeness)) + (incompleteBecause.empty() ? "" : ": " + incompleteBecause));
  const auto missing = missingForReplication();
  line("replication", missing.empty() ? "nothing is missing" : "not possible: " + join(missing, "; "));
  for (const std::string& note : notes) line("note", note);
  return sheet;
}

}  // namespace dlpx
