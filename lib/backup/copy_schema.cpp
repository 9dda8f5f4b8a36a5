#include "backup/copy_schema.h"

#include <set>
#include <utility>

#include "backup/copy_stream.h"
#include "backup/deferred_keys.h"
#include "backup/dump_stream.h"
#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

std::string createOf(Session& source, const std::string& what) {
  const Rows rows = source.query(std::string_view("SHOW CREATE " + what));
  return rows.at(0)[1].value_or("");
}

// Up to here one more statement costs more than keys that are kept up to date: with thousands of small
// tables, most of the time.
constexpr uint64_t smallTable = 1 << 20;

// Without a primary key InnoDB may order the rows by a unique key: adding one later would copy the table.
CopySchema::Definition definition(Session& source, const CopyTable& table) {
  const std::string create = createOf(source, "TABLE " + table.name.quoted());
  if (!table.isInnoDb() || !table.hasPrimaryKey || table.bytes < smallTable) return {table.name, create, ""};
  DeferredKeys deferred = deferKeys(create);
  return {table.name, std::move(deferred.create), std::move(deferred.add)};
}

std::string readPrograms(const DumpRequest& request, const std::vector<TableName>& leftOut) {
  std::vector<std::string> arguments{"--skip-lock-tables",
                                     "--set-gtid-purged=OFF",
                                     "--no-tablespaces",
                                     "--loose-column-statistics=0",
                                     "--no-create-db",
                                     "--no-create-info",
                                     "--no-data",
                                     "--routines",
                                     "--events",
                                     "--triggers",
                                     "--default-character-set=utf8mb4",
                                     "--databases",
                                     "--"};
  arguments.insert(arguments.end(), request.databases.begin(), request.databases.end());
  DumpReader reader(request.installation, request.source, leftOut, arguments);
  std::string script;
  for (auto part = reader.next(request.deadline); !part.empty(); part = reader.next(request.deadline))
    script += part;
  return script;
}

// mysqldump asks several questions about each table that is not left out: of interest are those with
// triggers.
std::vector<TableName> withoutTriggers(Session& source, const std::vector<std::string>& databases,
                                       const std::vector<CopyTable>& tables) {
  std::set<std::pair<std::string, std::string>> triggered;
  for (const Row& row :
       source.query("SELECT DISTINCT EVENT_OBJECT_SCHEMA AS db, EVENT_OBJECT_TABLE AS name FROM "
                    "information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN (?)",
                    databases))
    triggered.emplace(toLower(row.text("db")), toLower(row.text("name")));
  std::vector<TableName> result;
  const auto isPlain = [](const std::string& name) { return name.find('.') == std::string::npos; };
  for (const CopyTable& table : tables) {
    const auto& [database, name] = table.name;
    // A dot in a name makes `a.b`.`c` and `a`.`b.c` one to mysqldump.
    if (isPlain(database) && isPlain(name) && !triggered.contains({toLower(database), toLower(name)}))
      result.push_back(table.name);
  }
  return result;
}

}  // namespace

std::map<TableName, std::string> CopySchema::keys() const {
  std::map<TableName, std::string> result;
  for (const Definition& definition : tables)
    if (!definition.keys.empty()) result.emplace(definition.table, definition.keys);
  return result;
}

CopySchema readSchema(const DumpRequest& request, Session& source, const std::vector<CopyTable>& tables,
                      const std::vector<TableName>& leftOut) {
  CopySchema schema;
  if (request.databases.empty()) return schema;
  for (const std::string& database : request.databases)
    schema.databases.push_back(createOf(source, "DATABASE IF NOT EXISTS " + quoteIdentifier(database)));
  for (const CopyTable& table : tables) schema.tables.push_back(definition(source, table));
  std::vector<TableName> passed = withoutTriggers(source, request.databases, tables);
  passed.insert(passed.end(), leftOut.begin(), leftOut.end());
  schema.programs = readPrograms(request, passed);
  return schema;
}

void createTables(Session& target, const CopySchema& schema) {
  for (const std::string& statement : schema.databases) target.execute(std::string_view(statement));
  for (const CopySchema::Definition& definition : schema.tables) {
    try {
      target.execute("USE !", definition.table.database);
      target.execute(std::string_view(definition.create));
    } catch (const SqlError& e) {
      throw targetError(e, definition.table);
    }
  }
}

void createPrograms(const DumpRequest& request, const CopySchema& schema) {
  if (schema.programs.empty()) return;
  SqlWriter writer(request.installation, request.target);
  writer.write(schema.programs, request.deadline);
  writer.finish(request.deadline);
}

}  // namespace dlpx
