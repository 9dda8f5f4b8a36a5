#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mysql/option_file.h"
#include "server/instance.h"

namespace dlpx {

// What my.cnf of an instance is made of.
struct OptionFileRequest {
  std::string bindAddress = "127.0.0.1";
  fs::path starter;            // the user's own my.cnf; empty: none
  std::vector<Option> role;    // staging's or the VDB's settings
  std::vector<Option> chosen;  // what the user asked for one by one; wins over the role's
};

// Writes <mount>/my.cnf: the starter's settings stay, ours win, each line that ours override is kept as a
// comment. Every path in it lies in the mount; log names are relative, so that the index files are, too.
// Owned by the instance's user, 0640. Throws Error{optionFile} for a starter that is missing or cannot be
// read, and for a chosen setting that isn't the user's to choose (see refuseReserved).
void writeOptionFile(const Instance& instance, const OptionFileRequest& request);

// Throws Error{optionFile} that names the first setting that is not the user's to choose: one that we alone
// decide (paths, port, socket, identity, accounts' checks), one that loads code or lets the server reach
// others (plugins, replication), an unfinished name that mysqld would complete to such a one, and any value
// that is a path outside the data directory.
void refuseReserved(const std::vector<Option>& chosen);

// The setting of `chosen` that a server's errors name; nothing when they name none.
std::optional<Option> refusedSetting(const std::vector<Option>& chosen, const std::string& errors);

}  // namespace dlpx
