#pragma once

#include <map>
#include <string>
#include <vector>

#include "backup/copy_table.h"
#include "backup/dump.h"

namespace dlpx {

// The definitions of everything but views, as text.
struct CopySchema {
  struct Definition {
    TableName table;
    std::string create;  // without `keys`
    std::string keys;    // what ALTER TABLE adds when the rows are there; may be empty
  };
  std::vector<std::string> databases;  // CREATE DATABASE …
  std::vector<Definition> tables;
  std::string programs;  // a script: triggers, events, routines

  std::map<TableName, std::string> keys() const;
};

// `source` in the state of copySourceState(). `leftOut` are the views.
CopySchema readSchema(const DumpRequest& request, Session& source, const std::vector<CopyTable>& tables,
                      const std::vector<TableName>& leftOut);

// `target` in the state of copyTargetState(): databases and empty tables.
void createTables(Session& target, const CopySchema& schema);
void createPrograms(const DumpRequest& request, const CopySchema& schema);

}  // namespace dlpx
