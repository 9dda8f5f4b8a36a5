#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backup/coordinates_in_dump.h"
#include "backup/file_restore.h"
#include "backup/generated_columns.h"
#include "backup/load_pool.h"
#include "backup/sql_statement.h"
#include "backup/system_tables.h"
#include "backup/waiting_views.h"

namespace dlpx {

// Runs the statements of a dump, each where it belongs: rows in the pool, what is not to run nowhere, all
// else in order on one connection.
class ScriptRunner {
 public:
  // `control` is a session whose settings the script never changes.
  ScriptRunner(const FileRestoreRequest& request, Session& control);
  ~ScriptRunner();  // GLOBAL variables that the script changed are put back
  ScriptRunner(const ScriptRunner&) = delete;
  ScriptRunner& operator=(const ScriptRunner&) = delete;

  void run(SqlPiece piece, SqlReading reading);
  // Waits for all rows and keys, creates the views that had to wait, brings accounts to the server.
  void finish();

  std::optional<Coordinates> coordinates() const { return coordinates_.coordinates(); }
  bool broughtAccounts() const { return accounts_ || system_.broughtAccounts(); }
  uint64_t statements() const { return statements_; }
  std::vector<std::string> notes() const { return notes_; }

 private:
  void dispatch(const SqlStatement& statement, LoadStatement text, SqlReading reading);
  void runSet(LoadStatement text, SqlReading reading);
  void runGlobal(const SqlAssignment& assignment, const LoadStatement& text);
  void use(const std::string& database, const LoadStatement& text);
  void runSystem(const SqlStatement& statement, LoadStatement text);
  void createInTablespace(const LoadStatement& create, SqlReading reading);
  void createTable(const SqlStatement& statement, LoadStatement text, SqlReading reading);
  void loadRows(const SqlStatement& statement, LoadStatement text, SqlReading reading);
  void loadInOrder(const std::string& table);
  void runAccount(const LoadStatement& text, SqlReading reading);
  void inOrder(const LoadStatement& text);
  void settle();
  void closeTable();
  bool isWanted(const std::string& database) const;
  bool namesUnwanted(const LoadStatement& text, SqlReading reading);
  bool concernsKept(const LoadStatement& text, SqlReading reading) const;
  std::string databaseOf(const SqlStatement& statement) const;
  void needDatabase();
  void createDatabase(const std::string& name);
  void note(const std::string& text);
  Error failure(const LoadStatement& text, const SqlError& error) const;

  const FileRestoreRequest& request_;
  Session& control_;
  Session main_;
  LoadPool pool_;
  WaitingViews views_;
  std::vector<AccountName> kept_;  // accounts that the script must not change
  SystemTables system_;
  std::set<std::string> told_;  // databases that are known to be such
  CoordinatesInDump coordinates_;
  std::string database_;                                      // that the script uses
  std::string openTable_;                                     // whose rows may still come
  LoadStatement keys_;                                        // of the open table, to be built after its rows
  std::set<std::string> spread_;                              // tables whose rows any connection may load
  std::map<std::string, TableColumns> computed_;              // tables that have generated columns
  std::vector<std::pair<std::string, std::string>> globals_;  // old values
  std::vector<std::string> notes_;
  uint64_t statements_ = 0;
  bool accounts_ = false;  // statements of the script created some
};

}  // namespace dlpx
