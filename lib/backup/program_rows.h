#pragma once

#include <string>
#include <vector>

#include "mysql/session.h"

namespace dlpx {

// Creates the routines and events that a dump of 5.x holds only as rows of mysql.proc and mysql.event, for
// want of
// --routines and --events: `schema` has these two tables, or one, or none. With the definer, sql_mode,
// character set and time zone that they had. Those that are there already, of databases that are not, and of
// others than `databases` (empty: all) are left alone. Returns a note for each that the server refuses.
std::vector<std::string> createProgramsOfRows(Session& server, const std::string& schema,
                                              const std::vector<std::string>& databases);

// How EVERY writes the interval that mysql.event stores as one number: 90 of HOUR_MINUTE is '1:30', 6 of
// QUARTER (months) is 2.
std::string eventInterval(unsigned long long stored, const std::string& field);

}  // namespace dlpx
