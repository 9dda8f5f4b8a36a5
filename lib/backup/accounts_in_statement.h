#pragma once

#include <string_view>
#include <vector>

#include "backup/accounts.h"
#include "backup/sql_lexer.h"

namespace dlpx {

// The accounts and roles that a statement like CREATE USER, GRANT or SET PASSWORD is about.
struct AccountsInStatement {
  std::vector<AccountName> names;  // host "%" where none is written
  bool current = false;            // it changes the session's own account without naming it
};
AccountsInStatement accountsIn(std::string_view statement, SqlReading reading = {});

}  // namespace dlpx
