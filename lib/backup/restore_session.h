#pragma once

#include <string>
#include <vector>

#include "backup/sql_statement.h"
#include "mysql/session.h"

namespace dlpx {

// What every session of a restore begins with. Strict modes would refuse row formats and defaults that the
// source still has.
std::vector<std::string> restorePreamble();

// One that has begun so; throws Error{restore}, now and from its statements.
Session restoreSession(const ConnectionOptions& target);

// mysqldump's own mode, which its head sets when it has saved the session's, turns dates that the source
// allowed (2024-02-31) into zeros: `text`, a SET statement of these assignments, allows them. Modes that
// belong to a trigger or a routine stay as they are.
void allowInvalidDates(std::string& text, const std::vector<SqlAssignment>& assignments);

}  // namespace dlpx
