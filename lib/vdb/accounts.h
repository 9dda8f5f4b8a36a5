#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "mysql/session.h"
#include "vdb/facts.h"
#include "vdb/report.h"

namespace dlpx {

// The VDB's user, and the accounts that came along with the data.

// The hosts that the user is known at from the start.
extern const std::vector<std::string> vdbUserHosts;

// Lets the VDB's user in from the host (a name or a pattern): the password, full rights, and no limit that an
// account of this name had. They hold the password.
std::vector<std::string> accountStatements(const VdbPlan& plan, const std::string& host);

// Of the accounts that fit a client the one at the most specific host is taken, also an anonymous one. So our
// user is let in at every host that the parent knew an anonymous account or one of its name at.
void letUserInEverywhere(Session& session, const VdbPlan& plan);

// Throws Error{unsafeClone} unless the VDB's user has full rights at all its hosts and, where asked, all
// other accounts are locked. Returns the others for the report: {total, locked, names}.
Json proveAccounts(Session& session, const VdbPlan& plan, ContractReport& report);

}  // namespace dlpx
