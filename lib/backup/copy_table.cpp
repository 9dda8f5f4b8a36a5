#include "backup/copy_table.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace dlpx {
namespace {

using ByName = std::map<TableName, CopyTable>;

ByName readNames(Session& source, const std::vector<std::string>& databases) {
  ByName tables;
  for (const Row& row : source.query("SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, ENGINE AS engine, "
                                     "TABLE_ROWS AS row_count, DATA_LENGTH AS bytes "
                                     "FROM information_schema.TABLES "
                                     "WHERE TABLE_SCHEMA IN (?) AND TABLE_TYPE = 'BASE TABLE'",
                                     databases)) {
    CopyTable table;
    table.name = {row.text("db"), row.text("name")};
    table.engine = row.text("engine");
    table.rows = row.number("row_count");
    table.bytes = row.number("bytes");
    tables.emplace(table.name, std::move(table));
  }
  return tables;
}

void readColumns(Session& source, const std::vector<std::string>& databases, ByName& tables) {
  for (const Row& row :
       source.query("SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, COLUMN_NAME AS column_name, DATA_TYPE AS "
                    "type, COLUMN_TYPE AS full_type, CHARACTER_SET_NAME AS character_set "
                    "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN (?) "
                    "AND EXTRA NOT LIKE '%VIRTUAL GENERATED%' AND EXTRA NOT LIKE '%STORED GENERATED%' "
                    "ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
                    databases)) {
    const auto found = tables.find({row.text("db"), row.text("name")});
    if (found == tables.end()) continue;  // a view's
    found->second.columns.push_back({row.text("column_name"), toLower(row.text("type")),
                                     row.text("character_set"),
                                     row.text("full_type").find("unsigned") != std::string::npos});
  }
}

void readPrimaryKeys(Session& source, const std::vector<std::string>& databases, ByName& tables) {
  for (const Row& row :
       source.query("SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, COLUMN_NAME AS column_name, SUB_PART AS "
                    "prefix FROM information_schema.STATISTICS WHERE TABLE_SCHEMA IN (?) "
                    "AND INDEX_NAME = 'PRIMARY' AND SEQ_IN_INDEX = 1",
                    databases)) {
    const auto found = tables.find({row.text("db"), row.text("name")});
    if (found == tables.end()) continue;
    CopyTable& table = found->second;
    table.hasPrimaryKey = true;
    if (!table.isInnoDb() || row["prefix"]) continue;
    for (size_t i = 0; i < table.columns.size(); ++i)
      if (table.columns[i].name == row.text("column_name")) table.rangeIndex = i;
  }
}

bool isOneOf(const std::string& type, std::initializer_list<const char*> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

// By their number: the empty value of a wrong ENUM has no name, and "1" may be a name.
bool travelsAsNumber(const CopyColumn& column) {
  return isOneOf(column.type, {"enum", "set"});
}

// FLOAT as text has six digits; as DOUBLE all of them. -0 stays what it is, with + it would not.
std::string selected(const CopyColumn& column) {
  const std::string name = quoteIdentifier(column.name);
  if (column.type == "float") return "(" + name + "*1e0)";
  if (travelsAsNumber(column)) return "(" + name + "+0)";
  return name;
}

}  // namespace

const CopyColumn* CopyTable::rangeColumn() const {
  return rangeIndex < columns.size() ? &columns[rangeIndex] : nullptr;
}

bool CopyTable::ownsRows() const {
  return engine != "MRG_MYISAM" && engine != "FEDERATED";
}

std::vector<CopyTable> copyTables(Session& source, const std::vector<std::string>& databases) {
  std::vector<CopyTable> result;
  if (databases.empty()) return result;
  ByName tables = readNames(source, databases);
  readColumns(source, databases, tables);
  readPrimaryKeys(source, databases, tables);
  for (auto& [name, table] : tables) result.push_back(std::move(table));
  std::stable_sort(result.begin(), result.end(),
                   [](const CopyTable& a, const CopyTable& b) { return a.bytes > b.bytes; });
  return result;
}

std::vector<std::string> copySourceState() {
  return {"SET SESSION time_zone = '+00:00', SESSION sql_mode = '', SESSION sql_quote_show_create = 1",
          "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
          // We may take long to read on.
          "SET SESSION wait_timeout = 2147483, SESSION net_write_timeout = 86400",
          "/*!50708 SET SESSION show_create_table_verbosity = 0 */",
          "/*!80000 SET SESSION information_schema_stats_expiry = 0 */",
          "/*!80018 SET SESSION show_create_table_skip_secondary_engine = 1 */",
          "/*!80030 SET SESSION show_gipk_in_create_table_and_information_schema = ON */"};
}

std::vector<std::string> copyTargetState() {
  return {"SET SESSION sql_log_bin = 0, SESSION wait_timeout = 2147483, SESSION net_read_timeout = 86400",
          "SET SESSION time_zone = '+00:00', SESSION innodb_strict_mode = 0, SESSION max_error_count = 1000",
          // Data outside of the data directory comes into it.
          "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_DIR_IN_CREATE'",
          "SET SESSION foreign_key_checks = 0, SESSION unique_checks = 0",
          "/*!80013 SET SESSION sql_require_primary_key = 0 */",
          "/*!80027 SET SESSION innodb_ddl_buffer_size = 67108864 */",
          "/*!80030 SET SESSION sql_generate_invisible_primary_key = 0 */",
          "/*!80400 SET SESSION restrict_fk_on_non_standard_key = 0 */"};
}

std::string selectRows(const CopyTable& table, const std::string& where) {
  std::vector<std::string> columns;
  for (const CopyColumn& column : table.columns) columns.push_back(selected(column));
  std::string statement = "SELECT " + join(columns, ", ") + " FROM " + table.name.quoted();
  // In the order in which the target stores them, whatever index would do as well.
  if (table.hasPrimaryKey && table.isInnoDb()) statement += " FORCE INDEX (PRIMARY)";
  if (!where.empty()) statement += " WHERE " + where;
  return statement;
}

std::string loadRows(const CopyTable& table) {
  std::vector<std::string> targets;
  std::vector<std::string> sets;
  for (const CopyColumn& column : table.columns) {
    const std::string name = quoteIdentifier(column.name);
    const std::string variable = "@v" + std::to_string(targets.size());
    if (column.type == "json") {
      sets.push_back(name + " = CONVERT(" + variable + " USING utf8mb4)");
    } else if (travelsAsNumber(column)) {
      sets.push_back(name + " = CAST(" + variable + " AS UNSIGNED)");
    } else {
      targets.push_back(name);
      continue;
    }
    targets.push_back(variable);
  }
  std::string statement = "LOAD DATA LOCAL INFILE 'rows' INTO TABLE " + table.name.quoted() +
                          " CHARACTER SET binary FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' "
                          "LINES TERMINATED BY '\\n' (" +
                          join(targets, ", ") + ")";
  if (!sets.empty()) statement += " SET " + join(sets, ", ");
  return statement;
}

}  // namespace dlpx
