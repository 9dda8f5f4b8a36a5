#include "backup/directory_restore.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "mysql/option_file.h"
#include "process/command.h"

namespace dlpx {
namespace {

// myloader restores one database or all of them: several are several runs.
void restoreMydumper(const FileRestoreRequest& request) {
  const fs::path program = requireRestorer(request.backup);
  const SecretFile options(Secret(clientOptionText(request.target) + "[myloader]\n"));
  const Command all{.argv = {program.string(), "--defaults-file=" + options.path(), "--directory",
                             request.backup.path.string(), "--threads", std::to_string(request.connections)},
                    .inherit = {options.fd()}};
  std::vector<Command> runs(std::max<size_t>(request.databases.size(), 1), all);
  for (size_t i = 0; i < request.databases.size(); ++i)
    runs[i].argv.insert(runs[i].argv.end(), {"--source-db", request.databases[i]});
  for (const Command& run : runs)
    runChecked(run, ExitCode::restore, "myloader could not restore " + request.backup.path.string());
}

std::string shellText(const std::string& text) {
  return "\"" + replaceAll(replaceAll(text, "\\", "\\\\"), "\"", "\\\"") + "\"";
}

void restoreMysqlShell(const FileRestoreRequest& request) {
  const fs::path program = requireRestorer(request.backup);
  const SecretFile options{Secret(clientOptionText(request.target))};
  std::string list;
  for (const std::string& database : request.databases)
    list += (list.empty() ? "" : ",") + shellText(database);
  const std::string script = "util.loadDump(" + shellText(request.backup.path.string()) +
                             ", {threads: " + std::to_string(request.connections) +
                             ", skipBinlog: true, loadUsers: false, ignoreVersion: true, showProgress: "
                             "false, updateGtidSet: \"off\", "
                             "progressFile: \"\"" +
                             (list.empty() ? "" : ", includeSchemas: [" + list + "]") + "})\n";
  const Endpoint& endpoint = request.target.endpoint;
  Command command{
      .argv = {program.string(), "--defaults-file=" + options.path(), "--js", "--file=/dev/stdin"},
      .input = script,
      .inherit = {options.fd()}};
  if (endpoint.socket.empty())
    command.argv.insert(command.argv.end(),
                        {"--host=" + endpoint.host, "--port=" + std::to_string(endpoint.port)});
  runChecked(command, ExitCode::restore, "mysqlsh could not restore " + request.backup.path.string());
}

}  // namespace

fs::path requireRestorer(const BackupFacts& backup) {
  if (backup.kind != BackupKind::mydumper && backup.kind != BackupKind::mysqlShell) return {};
  const std::string name = backup.kind == BackupKind::mydumper ? "myloader" : "mysqlsh";
  if (const auto program = findProgram(name)) return *program;
  throw Error(ExitCode::installation,
              name + " is not installed and backup " + backup.path.string() + " needs it",
              "install " + name + ", or bring a mysqldump file or a data directory");
}

void restoreDirectory(const FileRestoreRequest& request) {
  if (request.backup.kind == BackupKind::mydumper)
    restoreMydumper(request);
  else
    restoreMysqlShell(request);
}

}  // namespace dlpx
