#include "staging/backup_commands.h"

#include "backup/file_restore.h"
#include "backup/inspect.h"
#include "backup/schema.h"
#include "backup/take.h"
#include "base/error.h"
#include "base/text.h"
#include "server/instance.h"
#include "staging/request.h"
#include "staging/verify.h"

namespace dlpx {
namespace {

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

TakeRequest takeRequest(const Parameters& parameters) {
  const ConnectionOptions source = sourceConnection(parameters);
  Session session = Session::connect(source, ExitCode::backup);
  return {.source = source,
          .databases = chosenDatabases(session, databasesFrom(parameters)),
          .installation = installationAt(parameters.path("basedir")),
          .output = parameters.path("output")};
}

VerifyRequest verifyRequest(const Parameters& parameters) {
  return {.staging = stagingAccess(parameters),
          .source = sourceConnection(parameters),
          .databases = databasesFrom(parameters),
          .threads = static_cast<unsigned>(parameters.integer("threads"))};
}

}  // namespace

Output inspectCommand(const Parameters& parameters) {
  const BackupFacts facts = inspectBackup(parameters.path("backup"));
  return {facts.json(), facts.sheet()};
}

Output restoreCommand(const Parameters& parameters) {
  const FileRestoreRequest request = checkedRestore(parameters);
  return restoreOutput(restoreFile(request), request.backup);
}

StepList restoreSteps(const Parameters& parameters) {
  return planRestore(checkedRestore(parameters));
}

StepList takeSteps(const Parameters& parameters) {
  return planTake(takeRequest(parameters));
}

Output takeCommand(const Parameters& parameters) {
  const TakeReport report = takeBackup(takeRequest(parameters));
  Output output{report.json(), "backup: " + report.file.string() + ", " + humanBytes(report.bytes) + " (" +
                                   humanBytes(report.contentBytes) +
                                   " of SQL)\nmanifest: " + report.manifest.string() +
                                   "\ncoordinates: " + report.coordinates.text() + "\n"};
  for (const std::string& note : report.notes) output.text += "note: " + note + "\n";
  return output;
}

Output verifyCommand(const Parameters& parameters) {
  return verifyStaging(verifyRequest(parameters));
}

StepList verifySteps(const Parameters& parameters) {
  return planVerify(verifyRequest(parameters));
}

}  // namespace dlpx
