#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mysql/session.h"

namespace dlpx {

// What of a source is copied. Databases are compared as the source's lower_case_table_names says.

struct TableName {
  std::string database;
  std::string name;

  // `database`.`name`
  std::string quoted() const;
  friend auto operator<=>(const TableName&, const TableName&) = default;
};

// mysql, sys, information_schema, performance_schema, ndbinfo: the server's own, never copied as databases.
bool isSystemDatabase(std::string_view name);

// The databases that the account sees, without the server's own, sorted.
std::vector<std::string> userDatabases(Session& source);

// `wanted` as the source spells them; all user databases when it is empty. Throws Error{usage} that names the
// first one which is not there (or not visible to this account) or is the server's own.
std::vector<std::string> chosenDatabases(Session& source, const std::vector<std::string>& wanted);

// Base tables of these databases, sorted; views.
std::vector<TableName> baseTables(Session& source, const std::vector<std::string>& databases);
std::vector<TableName> views(Session& source, const std::vector<std::string>& databases);

// Estimated bytes of rows and indexes, from the dictionary's statistics.
struct DataSize {
  uint64_t rows = 0;  // bytes of clustered indexes
  uint64_t indexes = 0;
};
DataSize estimatedSize(Session& source, const std::vector<std::string>& databases);

// Changes with the tables, their columns or their indexes: equal before and after a copy, no DDL that matters
// ran in between.
std::string schemaFingerprint(Session& source, const std::vector<std::string>& databases);

}  // namespace dlpx
