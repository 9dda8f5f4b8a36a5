#include "base/exit_code.h"

namespace dlpx {

std::string_view name(ExitCode code) {
  switch (code) {
    case ExitCode::success:
      return "success";
    case ExitCode::internal:
      return "internal";
    case ExitCode::usage:
      return "usage";
    case ExitCode::serverStart:
      return "server-start";
    case ExitCode::optionFile:
      return "option-file";
    case ExitCode::rootPassword:
      return "root-password";
    case ExitCode::restore:
      return "restore";
    case ExitCode::connectAfterRestore:
      return "connect-after-restore";
    case ExitCode::backup:
      return "backup";
    case ExitCode::providedBackup:
      return "provided-backup";
    case ExitCode::installation:
      return "installation";
    case ExitCode::connectAfterRestart:
      return "connect-after-restart";
    case ExitCode::createUser:
      return "create-user";
    case ExitCode::preflight:
      return "preflight";
    case ExitCode::locked:
      return "locked";
    case ExitCode::replication:
      return "replication";
    case ExitCode::storage:
      return "storage";
    case ExitCode::unsafeClone:
      return "unsafe-clone";
    case ExitCode::timeout:
      return "timeout";
    case ExitCode::interrupted:
      return "interrupted";
    case ExitCode::difference:
      return "difference";
    case ExitCode::noSpace:
      return "no-space";
    case ExitCode::stop:
      return "stop";
  }
  return "internal";
}

}  // namespace dlpx
