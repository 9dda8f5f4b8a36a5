#pragma once

#include <string>
#include <vector>

#include "backup/sql_lexer.h"
#include "mysql/session.h"

namespace dlpx {

// Creates the source's general tablespaces at the target, which mysqldump and SHOW CREATE TABLE take for
// granted: each in a file of the same base name in the target's data directory, wherever it lies at the
// source. Those that are there already stay. Without PROCESS at the source nobody may list them: that is
// noted.
void copyTablespaces(Session& source, Session& target, std::vector<std::string>& notes);

// The general tablespace that a CREATE TABLE asks for; "" for none, and for InnoDB's own (innodb_…).
std::string tablespaceOf(std::string_view createTable, SqlReading reading = {});

// A file name for a tablespace of which only the name is known, whatever characters that has and however long
// it is.
std::string fileNameOfTablespace(const std::string& name);

std::string createTablespace(const std::string& name, const std::string& file);

}  // namespace dlpx
