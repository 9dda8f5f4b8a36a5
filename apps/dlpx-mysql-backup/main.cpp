#include "command/app.h"
#include "staging/backup_commands.h"

using namespace dlpx;

namespace {

const std::vector<std::string> sourceNames = {"source-host",     "source-port",     "source-user",
                                              "source-password", "source-ssl-mode", "source-ssl-ca"};

std::vector<std::string> withSource(std::vector<std::string> names) {
  names.insert(names.begin(), sourceNames.begin(), sourceNames.end());
  return names;
}

std::vector<CommandSpec> commands() {
  return {
      {.name = "inspect",
       .summary = "tell what a backup is, without restoring it",
       .description = "Kind, compression, server version, databases, coordinates, size, whether it is "
                      "complete, and what is missing for replication: by content, never by name.",
       .parameters = {},
       .positionals = {"backup"},
       .examples = {"dlpx-mysql-backup inspect /backup/full.sql.gz",
                    "dlpx-mysql-backup inspect /backup/datadir.tar.zst --json"},
       .run = inspectCommand},
      {.name = "restore",
       .summary = "restore a logical backup into a running server",
       .description =
           "The server is one of ours, named by its mount, or any other by host, port and user. A "
           "backup that is not complete or of a newer series is refused before anything is changed, "
           "and so is a server that holds databases, unless --force. Redo log and durability are off "
           "during the load only for an empty server named by its mount. Nothing goes to the binary "
           "log.",
       .parameters = {"mount", "host", "port", "user", "password", "staging-password", "databases", "threads",
                      "force"},
       .positionals = {"backup"},
       .examples = {"dlpx-mysql-backup restore /backup/full.sql.gz --mount /mnt/staging "
                    "--staging-password-file /root/staging.pw",
                    "dlpx-mysql-backup restore /backup/full.sql --port 3306 --user root --password-file pw"},
       .run = restoreCommand,
       .plan = restoreSteps},
      {.name = "take",
       .summary = "take a kept, compressed, complete backup of a server",
       .description =
           "A mysqldump, compressed with zstd, of exact coordinates, without stalling the server, and a "
           "manifest with its checksum beside it. The file appears when it is complete.",
       .parameters = withSource({"databases", "basedir", "output"}),
       .examples =
           {"dlpx-mysql-backup take --source-host db1 --source-user dlpx --source-password-file pw --basedir "
            "/usr --output /backup",
            "dlpx-mysql-backup take --config source.yaml --databases shop --output /backup/shop.sql.zst"},
       .run = takeCommand,
       .required = {"source-host", "source-user", "basedir", "output"},
       .plan = takeSteps},
      {.name = "verify",
       .summary = "compare staging with its source, table by table",
       .description =
           "Rows and definitions, at the same GTID set or position: staging's applier pauses meanwhile. "
           "Exit code 27 when something differs.",
       .parameters = withSource({"mount", "port", "timeout", "staging-password", "databases", "threads"}),
       .examples = {"dlpx-mysql-backup verify --config staging.yaml",
                    "dlpx-mysql-backup verify --config staging.yaml --databases shop --json"},
       .run = verifyCommand,
       .required = {"source-host", "source-user"},
       .plan = verifySteps},
  };
}

}  // namespace

int main(int argc, char** argv) {
  const AppSpec app{.name = "dlpx-mysql-backup",
                    .summary = "take, look at, restore and compare backups of MySQL servers",
                    .commands = commands()};
  return runApp(app, argc, argv);
}
