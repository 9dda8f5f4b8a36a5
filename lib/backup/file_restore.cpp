#include "backup/file_restore.h"

#include "backup/archive_reader.h"
#include "backup/directory_restore.h"
#include "backup/dump.h"
#include "backup/fast_load.h"
#include "backup/script_runner.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/text.h"

namespace dlpx {
namespace {

constexpr size_t chunk = 256 * 1024;

void requireRestorable(const BackupFacts& backup) {
  requireRestorer(backup);
  if (!isPhysical(backup.kind)) return;
  throw Error(ExitCode::usage,
              "a " + std::string(text(backup.kind)) + " is not restored into a running server",
              "build a staging server from it: dlpx-mysql-stage init --method file --backup PATH");
}

uint64_t runScript(const FileRestoreRequest& request, ScriptRunner& runner) {
  BackupStream stream(request.backup.path);
  Progress progress("restoring " + request.backup.path.filename().string(), stream.fileBytes());
  SqlSplitter splitter;
  std::string buffer(chunk, '\0');
  uint64_t bytes = 0;
  for (size_t count = chunk; count > 0;) {
    throwIfInterrupted();
    count = stream.read(buffer.data(), buffer.size());
    bytes += count;
    if (count > 0)
      splitter.feed({buffer.data(), count});
    else
      splitter.finish();
    for (;;) {
      // As it is before the statement itself changes it.
      const SqlReading reading = splitter.reading();
      auto piece = splitter.next();
      if (!piece) break;
      runner.run(std::move(*piece), reading);
    }
    progress.set(stream.consumed());
  }
  return bytes;
}

void setCoordinates(const FileRestoreRequest& request, Session& control, FileRestoreReport& report) {
  if (!report.coordinates || report.coordinates->gtids.empty()) return;
  const bool on = toLower(control.variable("gtid_mode")) == "on";
  if (on && request.expendable) return setGtidPurged(control, report.coordinates->gtids);
  report.notes.push_back(on ? "gtid_purged was left as it is: the target is not ours alone"
                            : "gtid_purged was not set: the target's gtid_mode is not ON");
}

}  // namespace

FileRestoreReport restoreFile(const FileRestoreRequest& request) {
  requireRestorable(request.backup);
  FileRestoreReport report;
  Session control = Session::connect(request.target, ExitCode::restore);
  control.failWith(ExitCode::restore);
  control.execute("SET SESSION sql_log_bin = 0, SESSION wait_timeout = 2147483");
  std::optional<FastLoad> fast;
  if (request.expendable) fast.emplace(control);
  if (request.backup.kind == BackupKind::mydumper || request.backup.kind == BackupKind::mysqlShell) {
    restoreDirectory(request);
    report.coordinates = request.backup.coordinates;
    report.bytes = request.backup.bytes;
  } else {
    ScriptRunner runner(request, control);
    report.bytes = runScript(request, runner);
    runner.finish();
    report.coordinates = runner.coordinates();
    report.statements = runner.statements();
    report.accounts = runner.broughtAccounts();
    report.notes = runner.notes();
  }
  if (fast) fast->finish();
  setCoordinates(request, control, report);
  return report;
}

StepList planRestore(const FileRestoreRequest& request) {
  requireRestorable(request.backup);
  const std::string to = request.target.endpoint.text();
  StepList steps;
  if (request.expendable) steps.push_back({"fast load", "turn redo log and durability of " + to + " off"});
  steps.push_back({"restore", "run " + request.backup.path.string() + " (" +
                                  std::string(text(request.backup.kind)) + ") on " + to + ", on " +
                                  std::to_string(request.connections) + " connections"});
  if (request.expendable) {
    steps.push_back({"durable again", "turn redo log and durability on"});
    steps.push_back({"coordinates", "set gtid_purged where the backup has a GTID set"});
  }
  return steps;
}

}  // namespace dlpx
