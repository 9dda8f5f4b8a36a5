#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mysql/binlog_position.h"
#include "mysql/session.h"
#include "server/installation.h"
#include "support/mysql_server.h"

namespace dlpx::test {

// The installation that the test servers run.
Installation testInstallation();

// Of all databases, with what replication needs to begin.
inline const std::vector<std::string> plainDump{"--all-databases", "--source-data=2", "--single-transaction",
                                                "--routines", "--events"};
// What a user's mysqldump, run as root with these arguments, writes of the server; returns the file.
fs::path dump(const MysqlServer& server, const fs::path& file,
              const std::vector<std::string>& arguments = plainDump);

// An account of the source with what `privileges` say ON *.*, named and with a password that need quoting.
ConnectionOptions createAccount(MysqlServer& server, const std::string& privileges);
// All that a dump needs.
extern const std::string dumpPrivileges;

// Replicates from the coordinates until all that the source has written by now is applied; throws with the
// replica's words when that fails.
void replicateToNow(MysqlServer& source, MysqlServer& replica, const Coordinates& from);

}  // namespace dlpx::test
