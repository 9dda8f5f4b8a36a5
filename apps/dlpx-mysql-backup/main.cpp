#include "backup/inspect.h"
#include "command/app.h"

using namespace dlpx;

namespace {

Output runInspect(const Parameters& parameters) {
  const BackupFacts facts = inspectBackup(parameters.path("backup"));
  return {facts.json(), facts.sheet()};
}

}  // namespace

int main(int argc, char** argv) {
  AppSpec app{.name = "dlpx-mysql-backup",
              .summary = "take, look at, restore and compare backups of MySQL servers",
              .commands = {}};
  app.commands.push_back(
      {.name = "inspect",
       .summary = "tell what a backup is, without restoring it",
       .description =
           "Kind, compression, server version, databases, coordinates, size, whether it is complete, and "
           "what is missing for replication: by content, never by name.",
       .parameters = {},
       .positionals = {"backup"},
       .examples = {"dlpx-mysql-backup inspect /backup/full.sql.gz",
                    "dlpx-mysql-backup inspect /backup/datadir.tar.zst --json"},
       .run = runInspect});
  return runApp(app, argc, argv);
}
