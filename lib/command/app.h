#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json_full.h"
#include "command/parameters.h"

namespace dlpx {

// What a command tells: `json` is printed with --json and goes to DLPX_OUTPUT_FILE, `text` is for people. A
// missing newline at the end is added.
struct Output {
  Json json;
  std::string text;
};

// A failure that has more to tell than one line, a preflight's table for instance: people see the report's
// text on stderr before the error's lines; the error JSON carries its json as "report".
class ReportedError : public Error {
 public:
  ReportedError(const Error& error, Output report) : Error(error), report_(std::move(report)) {}
  const Output& report() const { return report_; }

 private:
  Output report_;
};

// One step of a workflow: its name as journal and log have it, and what it does, for people.
struct Step {
  std::string name;
  std::string what;
};
using StepList = std::vector<Step>;

struct CommandSpec {
  std::string name;  // may be two words: "replication status", "pool create"
  std::string
      summary;  // one line, lower case, imperative, no full stop: "make the snapshot a running server"
  std::string description;  // a paragraph or more; may be empty
  // Names from the table ("source-host", "source-password"). Common ones (--config, --json, --quiet,
  // --verbose,
  // --log-dir, --show-config, --help) are added to every command.
  std::vector<std::string> parameters;
  // Names from the table that are given by position, required unless they end in '?': {"name", "snapshot?"}.
  // A flag, a variable or the YAML file can give them as well.
  std::vector<std::string> positionals;
  std::vector<std::string> examples;  // two or more whole command lines
  std::function<Output(const Parameters&)> run;
  std::vector<std::string> required = {};            // checked before run() is called, marked in the help
  std::map<std::string, std::string> defaults = {};  // where this command's default is not the table's
  // The steps that run() would take now, in order; nothing would be done: empty. Validates and checks as
  // run() does and throws the same errors, but changes nothing. A command that has it takes --dry-run; every
  // command that changes something has it.
  std::function<StepList(const Parameters&)> plan = {};
};

struct AppSpec {
  std::string name;     // "dlpx-mysql-stage"; what follows "dlpx-mysql-" is the name that aliases are tied to
  std::string summary;  // one line
  std::vector<CommandSpec> commands;
};

// The whole life of a process of ours: signals, limits, command line, environment, YAML file, log, the
// command, its output, and the only place that catches everything. Returns the exit code. Passwords are wiped
// from the process's environment before the command runs, so no child inherits one.
int runApp(const AppSpec& app, int argc, char** argv);

}  // namespace dlpx
