#pragma once

#include <string>
#include <vector>

#include "backup/copy_table.h"

namespace dlpx {

// Conditions that cut a table's rows into pieces of about `pieceBytes`: each row of the table meets exactly
// one, also rows that come later. One empty condition when it is not worth it, or when the primary key is of
// a type that is not cut.
std::vector<std::string> rangesOf(Session& source, const CopyTable& table, uint64_t pieceBytes);

}  // namespace dlpx
