#pragma once

#include <map>
#include <string>
#include <vector>

#include "command/app.h"

namespace dlpx {

// What the command line says, not yet checked against the table.
struct CommandLine {
  const CommandSpec* command = nullptr;  // null for --help, --version and --generate without a command
  bool help = false;
  bool version = false;
  std::string generate;  // "man", "completion", "reference"
  struct Given {
    std::vector<std::string> items;
    bool positional = false;
  };
  std::map<std::string, Given> values;  // by parameter name; flags are "true" or "false"
};

// Throws Error{usage} that names what is wrong, with the nearest command or flag. The text of an unknown
// flag's value is never shown: it may be a password.
CommandLine parseCommandLine(const AppSpec& app, const std::vector<std::string>& arguments);

// The names of every parameter that a command takes, its own, its positional and the common ones, in order.
std::vector<std::string> parametersOf(const CommandSpec& command);
// Those that every command takes.
const std::vector<std::string>& commonParameters();
// A positional's name without its mark, and whether the mark ('?') was there.
struct Positional {
  std::string name;
  bool optional;
};
Positional positionalOf(const std::string& written);

}  // namespace dlpx
