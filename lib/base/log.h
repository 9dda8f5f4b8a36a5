#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace dlpx::log {

enum class Level { debug, info, warning, error };

// Lines go to stderr from `level` on and, when `file` is not empty, all of them to that file (made 0640
// with its directory, rotated at 10 MB, 5 kept), each with time, level, operation id and pid. Throws
// Error{usage} when the file cannot be opened.
void configure(Level level, const std::filesystem::path& file = {});

// The file that lines go to; empty when there is none.
const std::filesystem::path& file();

// The id in all lines of one operation: inherited from DLPX_MYSQL_OPERATION_ID when a caller of ours set it,
// else new.
const std::string& operationId();

// What stderr shows at least.
Level level();
// A line of a child of ours, as it is, on stderr only: a child that logs has the level and the file too.
void relay(std::string_view line);

void debug(std::string_view line);
void info(std::string_view line);
void warning(std::string_view line);
void error(std::string_view line);

}  // namespace dlpx::log
