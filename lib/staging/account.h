#pragma once

#include "server/instance.h"
#include "staging/request.h"

namespace dlpx {

// The management account: what all our commands connect to staging as, at localhost.

// Statements that give it its password and every right; whoever sees them sees the password.
std::vector<std::string> accountStatements(const std::string& user, const Secret& password,
                                           const Version& version);

// Puts the account back where a restore of the user's has replaced the `mysql` schema: a clean stop, and a
// start that runs these statements before the port opens. An account that is there, with all its rights, is
// left alone, and the server is not restarted. True when it was put back. Throws Error{createUser} with the
// server's words, Error{stop}.
bool repairAccount(const Instance& instance, const Secret& password, const Deadline& deadline);

// The management session of a running staging server; Error{usage} without its password. Where the server
// does not know the account or its password: Error{connectAfterRestart} that names the command which puts it
// back.
Session connectToStaging(const Instance& instance, const StagingAccess& access);

}  // namespace dlpx
