#pragma once

#include <ctime>
#include <string>

#include "base/json.h"

namespace dlpx {

// The tables of list, snapshots and status: drawn of nothing but the JSON that programs get, so both tell the
// same. `now` is what ages are counted to, `width` the columns of the terminal.
std::string listText(const Json& objects, std::time_t now, size_t width);
std::string snapshotsText(const Json& snapshots, std::time_t now, size_t width);
std::string statusText(const Json& objects, std::time_t now, size_t width);

// A member of a report for a cell: "-" where it is not there.
std::string wordOf(const Json& json, const char* member);
std::string bytesOf(const Json& json, const char* member);

}  // namespace dlpx
