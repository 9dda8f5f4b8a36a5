#pragma once

#include <string>
#include <vector>

#include "base/secret.h"
#include "server/instance.h"

namespace dlpx {

// The first start after CLONE: accounts, channels and events are the donor's, and nothing of them may act.

// How our management account proves itself, taken from the recipient before its accounts are replaced.
// Setting the hash rather than the password keeps the password out of the init-file and asks no
// validate_password policy of the donor's.
struct AdminCredential {
  std::string user;
  std::string plugin;
  std::string hexHash;
};
AdminCredential readCredential(Session& session, const std::string& user);

// Statements for Instance::Start: no channel, our account in place; the server is offline until the last.
std::string cutOffStatements(const AdminCredential& admin, const Version& version);
std::vector<std::string> cutOffOptions(const Version& version);

// Asks the started server whether each of them took effect; throws Error{serverStart} naming what did not.
void proveCutOff(Session& session, const std::string& sourceUuid);

}  // namespace dlpx
