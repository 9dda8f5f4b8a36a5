#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backup/schema.h"
#include "mysql/session.h"

namespace dlpx {

// A column whose values are copied: every one that is not generated, invisible ones included.
struct CopyColumn {
  std::string name;
  std::string type;          // DATA_TYPE, lower case: "enum"
  std::string characterSet;  // "" for bytes and numbers
  bool isUnsigned = false;
};

struct CopyTable {
  TableName name;
  std::string engine;
  uint64_t rows = 0;   // estimated
  uint64_t bytes = 0;  // estimated, of rows without secondary indexes
  std::vector<CopyColumn> columns;
  bool hasPrimaryKey = false;
  // The first column of an InnoDB primary key, unless only a prefix of it is in the key.
  const CopyColumn* rangeColumn() const;
  size_t rangeIndex = SIZE_MAX;

  bool isInnoDb() const { return engine == "InnoDB"; }
  // False for engines that show the rows of other tables.
  bool ownsRows() const;
};

// The base tables of the databases, largest first. The session's statistics must not be cached ones.
std::vector<CopyTable> copyTables(Session& source, const std::vector<std::string>& databases);

// What a session of the source and one of the target must have been told for the two statements below.
std::vector<std::string> copySourceState();
std::vector<std::string> copyTargetState();

// The rows as the source stores them; of `where` (a condition) only, when it is not empty.
std::string selectRows(const CopyTable& table, const std::string& where);
// LOAD DATA LOCAL that takes what selectRows() gives.
std::string loadRows(const CopyTable& table);

}  // namespace dlpx
