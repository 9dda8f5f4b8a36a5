#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mysql/session.h"

namespace dlpx {

struct AccountName {
  std::string user;
  std::string host;

  // 'user'@'host'
  std::string quoted() const;
  friend auto operator<=>(const AccountName&, const AccountName&) = default;
};

// Accounts as statements that another server of this or a newer version understands. Password hashes
// included: never log or store.
struct Accounts {
  std::vector<AccountName> names;
  std::vector<std::string> create;  // CREATE USER IF NOT EXISTS …, roles among them
  std::vector<std::string> grants;  // GRANT …, REVOKE … (partial revokes)
  std::vector<std::string> roles;   // GRANT role TO …, then SET DEFAULT ROLE / ALTER USER … DEFAULT ROLE
  // Why nothing could be read: "user repl may not read mysql.user"; empty when it could.
  std::string unreadable;
};

// Everything but the server's own accounts (mysql.sys, mysql.session, mysql.infoschema), `except` and
// accounts named as those. Reads only. Needs SELECT on mysql.*; without it `unreadable` says so.
Accounts readAccounts(Session& source, const std::vector<AccountName>& except);

struct AccountsReport {
  size_t copied = 0;               // accounts and roles that exist now
  std::vector<std::string> notes;  // what the target refused, and why; never a password hash
};

// Creates them on the target with sql_log_bin=0. A statement that the target refuses (a plugin or a privilege
// that it does not know) is noted, and for a grant repeated with what it does know; the others go on.
AccountsReport createAccounts(Session& target, const Accounts& accounts);

}  // namespace dlpx
