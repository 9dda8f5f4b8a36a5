#pragma once

#include <string_view>

namespace dlpx {

// What a process of ours tells its caller. Public API: scripts, hooks and the engine depend on the numbers,
// which are never changed. 2 to 12 are those of the archived plugin; ours start at 20.
enum class ExitCode : int {
  success = 0,
  internal = 1,
  usage = 2,                 // a command line, environment or YAML value is wrong
  serverStart = 3,           // mysqld could not be started
  optionFile = 4,            // my.cnf missing or unusable
  rootPassword = 5,          // a server's administrative password could not be changed
  restore = 6,               // a backup could not be restored
  connectAfterRestore = 7,   // no connection after the restore
  backup = 8,                // the backup we took failed
  providedBackup = 9,        // the backup we were given is bad
  installation = 10,         // MySQL binaries not found, or of the wrong version
  connectAfterRestart = 11,  // no connection after a restart
  createUser = 12,           // an account could not be created
  preflight = 20,            // a check before the work failed
  locked = 21,               // another operation holds the lock
  replication = 22,          // replication could not be configured, or is broken
  storage = 23,              // storage or a snapshot failed
  unsafeClone = 24,          // the clone is not safe to run
  timeout = 25,
  interrupted = 26,
  difference = 27,  // verification found a difference
  noSpace = 28,
  stop = 29,  // a server could not be stopped
};

// The code's name in the error JSON, for instance "unsafe-clone".
std::string_view name(ExitCode code);

}  // namespace dlpx
