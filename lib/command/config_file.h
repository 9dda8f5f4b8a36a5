#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "command/value.h"

namespace dlpx {

// The parameters that a YAML file gives. The whole file is checked against the table, also what the running
// command does not use: one file may serve several commands.
class ConfigFile {
 public:
  struct Entry {
    std::vector<std::string> items;  // one, or a list's; checked
    ValuePlace place;
  };

  ConfigFile() = default;
  // Throws Error{usage} "<file>:<line>: …" for what is not a flat mapping of known keys to right values, for
  // a key given twice, and for a password written into the file.
  explicit ConfigFile(const fs::path& path);

  // By parameter name, or null. A key without a value counts as not given.
  const Entry* find(const std::string& name) const;

 private:
  std::map<std::string, Entry> entries_;
};

}  // namespace dlpx
