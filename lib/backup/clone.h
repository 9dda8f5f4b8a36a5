#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backup/method.h"
#include "base/deadline.h"
#include "mysql/binlog_position.h"
#include "mysql/option_file.h"
#include "mysql/session.h"
#include "server/installation.h"

namespace dlpx {

// MySQL's CLONE plugin: the donor's InnoDB files, over a connection, into a running fresh server.

// Asks the source, by reads only, whether CLONE is right: versions, the plugin active at the source (we never
// install it there), BACKUP_ADMIN, only InnoDB tables, all databases wanted (`databases` empty or all of
// them), TLS and a keyring component here for encrypted data, no file outside the donor's data directory,
// every plugin of the donor at hand here, and `freeBytes` enough.
MethodVerdict cloneFits(Session& source, const ConnectionOptions& options, const Installation& installation,
                        const std::vector<std::string>& databases, uint64_t freeBytes);

// Settings that the recipient needs in my.cnf before its data directory is initialised, and from then on:
// page size, system tablespace, lower_case_table_names, character set, collation, undo tablespaces,
// max_allowed_packet, plugins (plugin-load-add) of the donor.
std::vector<Option> cloneRecipientOptions(Session& source);

struct CloneRequest {
  ConnectionOptions source;  // TCP; the account needs BACKUP_ADMIN
  ConnectionOptions target;  // fresh, running, with cloneRecipientOptions(); all its data is replaced
  Deadline deadline = Deadline::never();
};

// Runs CLONE INSTANCE on the target, with progress. When it returns, all data has arrived and the target has
// shut itself down (or is about to: wait for its process to end, then start it with an init-file: the
// accounts are the donor's). Throws Error{backup} with the server's words, Error{noSpace}, Error{timeout} or
// Error{interrupted} after CLONE was killed: the target's data directory is worthless then.
void cloneInto(const CloneRequest& request);

// CLONE LOCAL: the InnoDB data of a running server as of one moment, written by the server itself (its
// account must be able to make `directory`, which must not exist). Other engines' rows are not in it. The
// plugin is installed where it is not active; with `removePlugin` it is gone afterwards, and the
// copy does not load it either. Throws as cloneInto(), and Error{noSpace}; the directory is worthless then.
void cloneLocally(const ConnectionOptions& server, const fs::path& directory, bool removePlugin,
                  const Deadline& deadline);
bool hasClonePlugin(Session& session);
// A CLONE LOCAL outlives its client: ends the one that still writes to `directory`, and waits for its end.
void endLocalClone(Session& session, const fs::path& directory);

// After that start: checks that CLONE completed (Error{backup} otherwise) and returns the donor's coordinates
// that the data has. usesGtid is the donor's gtid_mode as given.
Coordinates cloneCoordinates(Session& target, bool sourceUsesGtid);

}  // namespace dlpx
