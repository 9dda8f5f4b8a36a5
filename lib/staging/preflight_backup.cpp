#include "backup/directory_restore.h"
#include "backup/inspect.h"
#include "backup/newest.h"
#include "base/error.h"
#include "base/text.h"
#include "staging/preflight.h"

namespace dlpx {
namespace {

void checkBackupCoordinates(const BackupFacts& backup, const SourceFacts& source, Preflight& table) {
  const std::string remedy =
      "take the backup with coordinates (mysqldump --source-data=2), or use --no-log-sync";
  const bool position = backup.coordinates && backup.coordinates->position;
  const bool gtids = backup.coordinates && backup.coordinates->usesGtid;
  if (const auto missing = backup.missingForReplication(); !missing.empty())
    return table.fail("backup coordinates", join(missing, "; "), remedy);
  if (!source.usesGtid() && !position) {
    return table.fail("backup coordinates", "the source has no GTIDs and the backup no binary log position",
                      remedy);
  }
  if (position || gtids) return table.pass("backup coordinates", backup.coordinates->text());
  table.pass("backup coordinates", "GTIDs, told by the backup's own server");
}

BackupFacts chosenBackup(const StagingRequest& request, const Version& version, bool isDirectory,
                         Preflight& table) {
  if (!isDirectory) return requireBackup(request.backup, version);
  NewestBackup newest = newestBackup(request.backup, version);
  for (const std::string& skipped : newest.skipped)
    table.warn("newer backup", skipped, "take it again; the newest complete one is used");
  return newest.facts;
}

}  // namespace

void checkBackup(const StagingRequest& request, Plan& plan, Preflight& table) {
  plan.choice = {Method::file, "a backup was given", {}};
  const bool isDirectory = holdsBackups(request.backup);
  try {
    plan.backup = chosenBackup(request, plan.installation.version, isDirectory, table);
    plan.choice.reason = "backup " + plan.backup->path.string() + " was given";
    table.pass("backup", std::string(text(plan.backup->kind)) + ", complete, " +
                             humanBytes(plan.backup->bytes) + ": " + plan.backup->path.string());
    requireRestorer(*plan.backup);
    if (isPhysical(plan.backup->kind) && !request.databases.empty())
      table.fail("backup databases", "a physical backup brings all databases", "use --databases ALL");
    if (request.logSync && plan.source) checkBackupCoordinates(*plan.backup, *plan.source, table);
  } catch (const Error& e) {
    if (e.code() == ExitCode::interrupted || isDirectory) throw;
    table.fail("backup", e.what(), e.remedy());
  }
}

}  // namespace dlpx
