#include "backup/system_tables.h"

#include <algorithm>
#include <set>
#include <utility>

#include "backup/program_rows.h"
#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "mysql/dialect.h"

namespace dlpx {
namespace {

struct AccountTable {
  const char* name;
  const char* user;
  const char* host;
};
constexpr AccountTable accountTables[] = {
    {"user", "User", "Host"},          {"db", "User", "Host"},
    {"tables_priv", "User", "Host"},   {"columns_priv", "User", "Host"},
    {"procs_priv", "User", "Host"},    {"proxies_priv", "User", "Host"},
    {"global_grants", "USER", "HOST"}, {"role_edges", "TO_USER", "TO_HOST"},
    {"default_roles", "USER", "HOST"}, {"password_history", "User", "Host"},
};
constexpr const char* timeZoneTables[] = {"time_zone", "time_zone_leap_second", "time_zone_name",
                                          "time_zone_transition", "time_zone_transition_type"};

bool holdsPrograms(const std::string& table) {
  return table == "proc" || table == "event";
}

bool isWanted(const std::string& table) {
  if (holdsPrograms(table) || table == "servers") return true;
  for (const AccountTable& each : accountTables)
    if (table == each.name) return true;
  return std::any_of(std::begin(timeZoneTables), std::end(timeZoneTables),
                     [&](const char* name) { return table == name; });
}

}  // namespace

SystemTables::SystemTables(Session& control, std::vector<AccountName> keep,
                           std::vector<std::string> databases)
    : control_(control), keep_(std::move(keep)), databases_(std::move(databases)) {}

SystemTables::~SystemTables() {
  if (schema_.empty()) return;
  try {
    control_.execute("DROP DATABASE IF EXISTS !", schema_);
  } catch (const std::exception& e) {
    log::warning("schema " + schema_ + " could not be dropped: " + e.what());
  }
}

const std::string& SystemTables::schema() {
  if (schema_.empty()) {
    const std::string name = "dlpx_restore_" + randomHex(6);
    control_.execute("CREATE DATABASE ! CHARACTER SET utf8mb4", name);
    schema_ = name;
  }
  return schema_;
}

std::string SystemTables::adapted(const SqlStatement& statement, const std::string& text) const {
  using Kind = SqlStatement::Kind;
  const bool own = statement.kind == Kind::createTable || statement.kind == Kind::rows;
  const std::string table = toLower(statement.name);
  if (!own || !statement.database.empty() || !isWanted(table)) return {};
  if (!databases_.empty() && !holdsPrograms(table)) return {};
  if (statement.kind == Kind::rows) return text;
  return replaceAll(text, "/*!50100 TABLESPACE `mysql` */", "");
}

// Through us: the server refuses a statement that writes a system table and reads another one.
void SystemTables::copyRows(const std::string& table, const std::string& condition) {
  const std::string insert = "REPLACE INTO mysql." + quoteIdentifier(table) + " VALUES ";
  std::vector<std::string> statements;
  std::string statement;
  control_.streamRows(
      "SELECT * FROM " + quoteIdentifier(schema_) + "." + quoteIdentifier(table) + " WHERE " + condition,
      [&](Session::RowValues values) {
        statement += statement.empty() ? insert + "(" : ", (";
        for (size_t i = 0; i < values.size(); ++i)
          statement += (i == 0 ? "" : ", ") + (values[i] ? quoteString(*values[i]) : std::string("NULL"));
        statement += ")";
        if (statement.size() > 256 * 1024) statements.push_back(std::exchange(statement, {}));
      });
  if (!statement.empty()) statements.push_back(std::move(statement));
  for (const std::string& each : statements) control_.execute(std::string_view(each));
}

bool SystemTables::has(const std::string& table) {
  return control_.number(
             "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?",
             schema_, table) > 0;
}

bool SystemTables::sameColumns(const std::string& table) {
  const auto columns = [&](const std::string& schema) {
    std::vector<std::string> names;
    for (const Row& row :
         control_.query("SELECT COLUMN_NAME AS c, COLUMN_TYPE AS t FROM information_schema.COLUMNS "
                        "WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION",
                        schema, table))
      names.push_back(toLower(row.text("c")) + " " + row.text("t"));
    return names;
  };
  const auto ours = columns(schema_);
  return !ours.empty() && ours == columns("mysql");
}

// Rows of the same release's tables, byte by byte: no account is lost for a plugin or a privilege that no
// statement could name.
void SystemTables::copyAccountTables(std::vector<std::string>& notes) {
  std::vector<std::string> users;
  std::string kept = "FALSE";
  for (const AccountName& account : keep_) kept += sql(" OR (%U = ? AND %H = ?)", account.user, account.host);
  for (const AccountTable& table : accountTables) {
    if (!has(table.name)) continue;
    if (!sameColumns(table.name)) {
      notes.push_back(std::string("mysql.") + table.name + " has other columns here and was not restored");
      continue;
    }
    const std::string condition = replaceAll(replaceAll(kept, "%U", table.user), "%H", table.host);
    const std::string name = quoteIdentifier(table.name);
    control_.execute(std::string_view("DELETE FROM mysql." + name + " WHERE NOT (" + condition + ")"));
    copyRows(table.name, "NOT (" + condition + ")");
  }
  control_.execute("FLUSH PRIVILEGES");
}

void SystemTables::createAccountsOfTables(std::vector<std::string>& notes) {
  const Accounts accounts = accountsInTables(control_, schema_, keep_);
  const AccountName root{"root", "localhost"};
  if (std::find(accounts.names.begin(), accounts.names.end(), root) != accounts.names.end())
    control_.execute(std::string_view(Dialect(control_.version()).dropUser(root.user, root.host)));
  const AccountsReport report = createAccounts(control_, accounts);
  notes.insert(notes.end(), report.notes.begin(), report.notes.end());
}

void SystemTables::bringTimeZones() {
  if (schema_.empty() || !has("time_zone_name") ||
      control_.number("SELECT COUNT(*) FROM mysql.time_zone_name") > 0)
    return;
  for (const char* const table : timeZoneTables) {
    if (sameColumns(table)) copyRows(table, "TRUE");
  }
}

std::vector<std::string> SystemTables::createPrograms() {
  if (schema_.empty()) return {};
  bringTimeZones();
  return createProgramsOfRows(control_, schema_, databases_);
}

std::vector<std::string> SystemTables::finish() {
  std::vector<std::string> notes;
  if (schema_.empty()) return notes;
  bringTimeZones();
  if (has("user")) {
    accounts_ = true;
    if (sameColumns("user"))
      copyAccountTables(notes);
    else
      createAccountsOfTables(notes);
  }
  if (has("servers") && sameColumns("servers")) copyRows("servers", "TRUE");
  return notes;
}

}  // namespace dlpx
