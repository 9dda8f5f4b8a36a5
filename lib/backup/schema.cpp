#include "backup/schema.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

std::vector<TableName> tablesOfType(Session& source, const std::vector<std::string>& databases,
                                    std::string_view type) {
  std::vector<TableName> result;
  if (databases.empty()) return result;
  const Rows rows = source.query(
      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES "
      "WHERE TABLE_SCHEMA IN (?) AND TABLE_TYPE = ?",
      databases, type);
  for (const Row& row : rows) result.push_back({row.text("TABLE_SCHEMA"), row.text("TABLE_NAME")});
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

std::string TableName::quoted() const {
  return quoteIdentifier(database) + "." + quoteIdentifier(name);
}

bool isSystemDatabase(std::string_view name) {
  const std::string lower = toLower(name);
  return lower == "mysql" || lower == "sys" || lower == "information_schema" ||
         lower == "performance_schema" || lower == "ndbinfo";
}

std::vector<std::string> userDatabases(Session& source) {
  std::vector<std::string> result;
  for (const Row& row : source.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")) {
    const std::string name = row.text("SCHEMA_NAME");
    if (!isSystemDatabase(name)) result.push_back(name);
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<std::string> chosenDatabases(Session& source, const std::vector<std::string>& wanted) {
  const std::vector<std::string> there = userDatabases(source);
  if (wanted.empty()) return there;
  const bool caseCounts = source.variable("lower_case_table_names") == "0";
  std::vector<std::string> result;
  for (const std::string& name : wanted) {
    if (isSystemDatabase(name)) {
      throw Error(ExitCode::usage, "database " + name + " is the server's own and is never copied",
                  "leave it out of --databases");
    }
    const auto found = std::find_if(there.begin(), there.end(), [&](const std::string& candidate) {
      return candidate == name || (!caseCounts && toLower(candidate) == toLower(name));
    });
    if (found == there.end()) {
      const std::string near = nearest(name, there);
      throw Error(ExitCode::usage, "database " + name + " is not at the source, or not visible to its user",
                  near.empty() ? "name other databases with --databases, or grant SELECT on it"
                               : "did you mean " + near + "? Else grant SELECT on it");
    }
    result.push_back(*found);
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

std::vector<TableName> baseTables(Session& source, const std::vector<std::string>& databases) {
  return tablesOfType(source, databases, "BASE TABLE");
}

std::vector<TableName> views(Session& source, const std::vector<std::string>& databases) {
  return tablesOfType(source, databases, "VIEW");
}

DataSize estimatedSize(Session& source, const std::vector<std::string>& databases) {
  if (databases.empty()) return {};
  const Rows rows = source.query(
      "SELECT CAST(SUM(DATA_LENGTH) AS UNSIGNED) AS row_bytes, "
      "CAST(SUM(INDEX_LENGTH) AS UNSIGNED) AS index_bytes "
      "FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (?) AND TABLE_TYPE = 'BASE TABLE'",
      databases);
  if (rows.empty()) return {};
  return {rows[0].number("row_bytes"), rows[0].number("index_bytes")};
}

std::string schemaFingerprint(Session& source, const std::vector<std::string>& databases) {
  if (databases.empty()) return {};
  // Sums of checksums, made at the server: order does not matter, and thousands of tables are one row.
  const auto sum = [&](const std::string& columns, const std::string& table, const std::string& schema) {
    const Rows rows =
        source.query("SELECT COUNT(*), SUM(CRC32(CONCAT_WS('/', " + schema + ", " + columns +
                         "))) FROM information_schema." + table + " WHERE " + schema + " IN (?)",
                     databases);
    return rows.at(0)[0].value_or("0") + "-" + rows.at(0)[1].value_or("0");
  };
  return join({sum("TABLE_NAME, TABLE_TYPE, CREATE_TIME", "TABLES", "TABLE_SCHEMA"),
               sum("TRIGGER_NAME, CREATED", "TRIGGERS", "TRIGGER_SCHEMA"),
               sum("ROUTINE_NAME, ROUTINE_TYPE, LAST_ALTERED", "ROUTINES", "ROUTINE_SCHEMA"),
               sum("EVENT_NAME, LAST_ALTERED", "EVENTS", "EVENT_SCHEMA"),
               sum("TABLE_NAME, VIEW_DEFINITION", "VIEWS", "TABLE_SCHEMA")},
              " ");
}

}  // namespace dlpx
