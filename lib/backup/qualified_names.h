#pragma once

#include <set>
#include <string>
#include <string_view>

#include "backup/sql_lexer.h"

namespace dlpx {

// What stands before a dot in the statement and is not behind one: databases, tables, aliases.
std::set<std::string> qualifiersIn(std::string_view statement, SqlReading reading = {});

}  // namespace dlpx
