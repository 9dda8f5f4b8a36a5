#pragma once

#include <string>
#include <vector>

#include "mysql/option_file.h"
#include "server/mount.h"

namespace dlpx {

// The parent's identity leaves the files of a clone before any server starts on them. Every function can be
// repeated on a clone that is half made.

// What a clone needs of its parent's settings: what its data depends on, and what makes it behave as its
// parent does. From my.cnf and from the persisted variables, which win.
struct ParentSettings {
  std::vector<Option> kept;
  std::vector<std::string> dropped;  // persisted variables that are not for a clone, by name
  std::string logBin;  // base name of the binary log, relative to the data directory; "" when there is none
};

// Reads my.cnf and mysqld-auto.cnf, the latter also where makeIdentityNew() has put it. Throws
// Error{unsafeClone} when the parent's binary log lies outside the mount: crash recovery without it would
// lose commits.
ParentSettings parentSettings(const Mount& mount);

struct NewIdentity {
  std::vector<std::string> removed;  // files, relative to the mount
  std::vector<std::string> indexes;  // entries of log indexes that were changed
};

// Removes auto.cnf, TLS and RSA keys, pid file, sockets, error log and temporary files; moves mysqld-auto.cnf
// out of the server's sight; makes the log indexes name the clone's own files. Data and logs are not touched.
NewIdentity makeIdentityNew(const Mount& mount);

// mysqld-auto.cnf's variables. Public for tests; throws Error{unsafeClone} for what is not such a file.
std::vector<Option> parsePersisted(const std::string& document);

}  // namespace dlpx
