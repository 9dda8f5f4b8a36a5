#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backup/sql_lexer.h"

namespace dlpx {

// The columns of a table as its CREATE TABLE gives them, and which of them the server computes.
struct TableColumns {
  std::vector<std::string> names;   // lower case, in order
  std::set<std::string> generated;  // lower case
};
TableColumns columnsOf(std::string_view createTable, SqlReading reading = {});

// MariaDB's mysqldump writes values also of generated columns, which MySQL refuses (error 3105). The INSERT
// or REPLACE with DEFAULT in their place; nothing when it holds none, or is not understood.
std::optional<std::string> withoutGenerated(std::string_view insert, const TableColumns& columns,
                                            SqlReading reading = {});

}  // namespace dlpx
