#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backup/accounts.h"
#include "backup/sql_statement.h"
#include "mysql/session.h"

namespace dlpx {

// What a dump holds of the `mysql` schema. Its tables are never restored as tables: those with accounts and
// time zones are loaded into a schema of our own, and what they say is brought to the server from there.
class SystemTables {
 public:
  // `keep` are accounts of the target that stay as they are, whatever the dump says. Of a subset of
  // `databases` (empty: all) only routines and events are taken.
  SystemTables(Session& control, std::vector<AccountName> keep, std::vector<std::string> databases);
  ~SystemTables();  // drops the schema
  SystemTables(const SystemTables&) = delete;
  SystemTables& operator=(const SystemTables&) = delete;

  // The schema that takes the place of `mysql`; made on the first call.
  const std::string& schema();
  // The statement as it is to run there; empty for those that are not.
  std::string adapted(const SqlStatement& statement, const std::string& text) const;

  // Named time zones become the server's, which events that follow may need. Nothing when it has some.
  void bringTimeZones();
  // Routines and events that are there as rows only are created; before the views, which may need them.
  // Returns notes.
  std::vector<std::string> createPrograms();
  // Accounts and time zones become the server's. Returns notes.
  std::vector<std::string> finish();
  bool broughtAccounts() const { return accounts_; }

 private:
  bool has(const std::string& table);
  bool sameColumns(const std::string& table);
  void copyAccountTables(std::vector<std::string>& notes);
  void createAccountsOfTables(std::vector<std::string>& notes);
  void copyRows(const std::string& table, const std::string& condition);

  Session& control_;
  std::vector<AccountName> keep_;
  std::vector<std::string> databases_;
  std::string schema_;
  bool accounts_ = false;
};

// Accounts, roles and grants as the tables user, db, tables_priv … of `schema` hold them, of any version from
// 5.6 on.
Accounts accountsInTables(Session& session, const std::string& schema,
                          const std::vector<AccountName>& except);

}  // namespace dlpx
