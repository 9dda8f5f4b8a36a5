#include <algorithm>
#include <map>
#include <regex>

#include "base/text.h"
#include "support/shop.h"

namespace dlpx::test {
namespace {

// What a server holds, by name.
using Facts = std::map<std::string, std::string>;

std::string rowText(const Row& row, const std::vector<std::string>& without) {
  std::string result;
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string& column = row.columns()[i];
    if (std::find(without.begin(), without.end(), column) == without.end())
      result += column + "=" + row[i].value_or("NULL") + "\n";
  }
  return result;
}

void addCreate(Session& server, Facts& facts, const std::string& kind, const std::string& name) {
  const Rows rows = server.query(std::string_view("SHOW CREATE " + kind + " " + name));
  // The counter in memory is ahead of the one that a restart finds.
  static const std::regex counter(" AUTO_INCREMENT=[0-9]+");
  facts[toLower(kind) + " " + name] = std::regex_replace(rowText(rows.at(0), {"Created"}), counter, "");
}

std::string qualified(const Row& row) {
  return quoteIdentifier(row.text("db")) + "." + quoteIdentifier(row.text("name"));
}

// CHECKSUM TABLE reads bytes of nothing where there is a multi-valued index: equal tables differ (9.7.4).
std::string contentOf(Session& server, const std::string& table, const std::string& create) {
  if (create.find(" array)") == std::string::npos)
    return server.query(std::string_view("CHECKSUM TABLE " + table)).at(0).text("Checksum");
  std::string rows;
  for (const Row& row : server.query(std::string_view("SELECT * FROM " + table))) rows += rowText(row, {});
  return rows;
}

void addTables(Session& server, Facts& facts, const std::string& database) {
  for (const Row& row : server.query("SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, TABLE_TYPE AS type FROM "
                                     "information_schema.TABLES WHERE TABLE_SCHEMA = ?",
                                     database)) {
    const std::string name = qualified(row);
    if (row.text("type") == "VIEW") {
      addCreate(server, facts, "VIEW", name);
    } else {
      addCreate(server, facts, "TABLE", name);
      facts["rows of " + name] = server.value(std::string_view("SELECT COUNT(*) FROM " + name)).value_or("") +
                                 " " + contentOf(server, name, facts["table " + name]);
    }
  }
}

void addPrograms(Session& server, Facts& facts, const std::string& database) {
  for (const Row& row :
       server.query("SELECT ROUTINE_SCHEMA AS db, ROUTINE_NAME AS name, ROUTINE_TYPE AS type "
                    "FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?",
                    database))
    addCreate(server, facts, row.text("type"), qualified(row));
  for (const Row& row : server.query("SELECT TRIGGER_SCHEMA AS db, TRIGGER_NAME AS name FROM "
                                     "information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?",
                                     database))
    addCreate(server, facts, "TRIGGER", qualified(row));
  for (const Row& row : server.query("SELECT EVENT_SCHEMA AS db, EVENT_NAME AS name FROM "
                                     "information_schema.EVENTS WHERE EVENT_SCHEMA = ?",
                                     database))
    addCreate(server, facts, "EVENT", qualified(row));
}

Facts factsOf(Session& server, const std::vector<std::string>& databases) {
  Facts facts;
  server.execute("USE mysql");  // names of the current database are not qualified
  for (const std::string& database : databases) {
    addCreate(server, facts, "DATABASE", quoteIdentifier(database));
    addTables(server, facts, database);
    addPrograms(server, facts, database);
  }
  return facts;
}

}  // namespace

std::vector<std::string> differences(Session& a, Session& b, const std::vector<std::string>& databases) {
  const Facts left = factsOf(a, databases);
  const Facts right = factsOf(b, databases);
  std::vector<std::string> result;
  for (const auto& [name, value] : left) {
    const auto other = right.find(name);
    if (other == right.end())
      result.push_back("missing: " + name);
    else if (other->second != value)
      result.push_back("differs: " + name + "\n" + value + "--\n" + other->second);
  }
  for (const auto& [name, value] : right) {
    if (!left.contains(name)) result.push_back("only in the copy: " + name);
  }
  return result;
}

}  // namespace dlpx::test
