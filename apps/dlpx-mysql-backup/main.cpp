#include "backup/file_restore.h"
#include "backup/inspect.h"
#include "backup/schema.h"
#include "backup/take.h"
#include "base/error.h"
#include "base/text.h"
#include "command/app.h"
#include "server/instance.h"
#include "staging/request.h"
#include "staging/verify.h"

using namespace dlpx;

namespace {

Output runInspect(const Parameters& parameters) {
  const BackupFacts facts = inspectBackup(parameters.path("backup"));
  return {facts.json(), facts.sheet()};
}

// A server of ours by its mount, or any server by host and port.
ConnectionOptions targetFrom(const Parameters& parameters) {
  if (!parameters.isGiven("mount")) {
    return {.endpoint = {parameters.text("host"), parameters.port("port"), {}},
            .user = parameters.text("user"),
            .password = parameters.requireSecret("password")};
  }
  const Instance instance = Instance::require(Mount(parameters.path("mount")));
  const auto own = parameters.secret("password");
  return {.endpoint = {"localhost", instance.facts().port, instance.mount().socket()},
          .user = parameters.textOr("user", instance.facts().adminUser),
          .password = own ? *own : parameters.requireSecret("staging-password")};
}

std::vector<std::string> databasesFrom(const Parameters& parameters) {
  const std::vector<std::string> asked = parameters.list("databases");
  return asked.size() == 1 && toLower(asked.front()) == "all" ? std::vector<std::string>{} : asked;
}

Output restoreOutput(const FileRestoreReport& report, const BackupFacts& backup) {
  Output output;
  output.json = {{"backup", backup.json()},
                 {"coordinates", report.coordinates ? Json(report.coordinates->text()) : Json()},
                 {"bytes", report.bytes},
                 {"statements", report.statements},
                 {"notes", report.notes}};
  output.text = "restored " + backup.path.string() + ": " + humanBytes(report.bytes) + ", " +
                std::to_string(report.statements) +
                " statements\ncoordinates: " + (report.coordinates ? report.coordinates->text() : "none") +
                "\n";
  for (const std::string& note : report.notes) output.text += "note: " + note + "\n";
  return output;
}

FileRestoreRequest checkedRestore(const Parameters& parameters) {
  const ConnectionOptions target = targetFrom(parameters);
  const bool force = parameters.flag("force");
  Session session = Session::connect(target, ExitCode::restore);
  const BackupFacts backup = requireBackup(parameters.path("backup"), session.version(), force);
  const std::vector<std::string> there = userDatabases(session);
  if (!there.empty() && !force) {
    throw Error(ExitCode::restore,
                "the server at " + target.endpoint.text() + " holds databases already: " + join(there, ", "),
                "remove them, or repeat the command with --force; nothing was changed");
  }
  return {.backup = backup,
          .target = target,
          .connections = static_cast<unsigned>(parameters.integer("threads")),
          .databases = databasesFrom(parameters),
          .expendable = there.empty() && parameters.isGiven("mount")};
}

Output runRestore(const Parameters& parameters) {
  const FileRestoreRequest request = checkedRestore(parameters);
  return restoreOutput(restoreFile(request), request.backup);
}

StepList restoreSteps(const Parameters& parameters) {
  return planRestore(checkedRestore(parameters));
}

TakeRequest takeRequest(const Parameters& parameters) {
  const ConnectionOptions source = sourceConnection(parameters);
  Session session = Session::connect(source, ExitCode::backup);
  return {.source = source,
          .databases = chosenDatabases(session, databasesFrom(parameters)),
          .installation = installationAt(parameters.path("basedir")),
          .output = parameters.path("output")};
}

StepList takeSteps(const Parameters& parameters) {
  return planTake(takeRequest(parameters));
}

Output runTake(const Parameters& parameters) {
  const TakeReport report = takeBackup(takeRequest(parameters));
  Output output{report.json(), "backup: " + report.file.string() + ", " + humanBytes(report.bytes) + " (" +
                                   humanBytes(report.contentBytes) +
                                   " of SQL)\nmanifest: " + report.manifest.string() +
                                   "\ncoordinates: " + report.coordinates.text() + "\n"};
  for (const std::string& note : report.notes) output.text += "note: " + note + "\n";
  return output;
}

VerifyRequest verifyRequest(const Parameters& parameters) {
  return {.staging = stagingAccess(parameters),
          .source = sourceConnection(parameters),
          .databases = databasesFrom(parameters),
          .threads = static_cast<unsigned>(parameters.integer("threads"))};
}

Output runVerify(const Parameters& parameters) {
  return verifyStaging(verifyRequest(parameters));
}

StepList verifySteps(const Parameters& parameters) {
  return planVerify(verifyRequest(parameters));
}

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
       .run = runInspect},
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
       .run = runRestore,
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
       .run = runTake,
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
       .run = runVerify,
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
