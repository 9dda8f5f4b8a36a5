#pragma once

#include <string>

#include "vdb/facts.h"

namespace dlpx {

// What an exported directory tells the server that will run on it.
struct ExportPlace {
  fs::path directory;  // where it will lie
  uint16_t port = 0;
  std::string user;  // the account of the host that it will run as
};

// my.cnf: what the data needs and what was set for the VDB, with paths of the place only.
std::string exportedOptionFile(const Instance& vdb, const VdbFacts& facts, const ExportPlace& place);
// "mysqld --defaults-file=…": starts the exported server without our tools.
std::string startCommand(const ExportPlace& place);
std::string exportedReadme(const Instance& vdb, const ExportPlace& place);

}  // namespace dlpx
