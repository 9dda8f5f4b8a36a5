#pragma once

#include <string>
#include <vector>

#include "base/files.h"
#include "mysql/option_file.h"

namespace dlpx {

// Settings without which no server starts on a data directory: page size, names of the system tablespace's
// files, lower_case_table_names, checksums.

// What XtraBackup's backup-my.cnf says of them. Files of the system tablespace lie in the backup by their
// last name, wherever they were at the source.
std::vector<Option> settingsOfXtrabackup(const fs::path& optionFile);
// What the files ibdata1, ibdata2 … of a data directory themselves tell; nothing when it is the default.
std::vector<Option> settingsOfDataFiles(const fs::path& directory);

// Files of the system tablespace that innodb_data_file_path names, without their sizes.
std::vector<std::string> systemTablespaceFiles(const std::string& dataFilePath);

}  // namespace dlpx
