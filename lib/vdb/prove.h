#pragma once

#include <map>
#include <string>

#include "base/json_full.h"
#include "mysql/session.h"
#include "vdb/facts.h"
#include "vdb/report.h"

namespace dlpx {

// What the proof found beside the contract's items.
struct Proven {
  std::string serverUuid;
  std::string gtidSet;  // that recovery came to: the snapshot's exact one
  Json accounts;        // {total, locked, names: […]} of those that came along
  Json tables;          // {snapshot, vdb, equal, differences}
};

// Asks the server that cutOffStatements() prepared whether each of them took effect, rolls back prepared XA
// transactions, enables events when asked, and as its last act lets everybody in. Throws Error{unsafeClone}
// naming what does not hold; the caller stops the server then.
Proven proveSafe(const VdbPlan& plan, ContractReport& report);

// The proof of a VDB that was one before: it is ours, answers on its port as its user, and every path lies
// inside. Throws Error{unsafeClone} or Error{connectAfterRestart}. Returns the server's UUID.
std::string proveOurs(const VdbPlan& plan, ContractReport& report);

// True when a server's value of a variable is what was asked for: "1G" and "1073741824", "on" and "1" are.
// Public for tests.
bool sameValue(const std::string& asked, const std::string& actual);

}  // namespace dlpx
