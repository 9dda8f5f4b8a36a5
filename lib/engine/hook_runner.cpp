#include "engine/hook_runner.h"

#include <cstdlib>

#include "base/error.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/undo.h"
#include "command/table.h"
#include "process/command.h"

namespace dlpx {
namespace {

constexpr const char* kProof = "linked/pre-snapshot.sh";  // a directory that holds it is one of hooks

// Every variable that the tools would take a parameter or a password from: what an operator has exported must
// neither change an operation nor be seen in a child.
std::vector<std::string> parameterVariables() {
  std::vector<std::string> names = {"MYSQL_PWD", "BASH_ENV", "ENV"};
  for (const ParameterSpec& spec : parameterTable()) {
    names.push_back(spec.variable());
    names.push_back(spec.secretVariable());
    for (const Alias& alias : spec.aliases) names.push_back(alias.variable);
  }
  std::erase(names, "");
  return names;
}

// What a hook says while it works reaches the operator at once; its error at the end is told as ours.
void tellLine(std::string_view line) {
  if (!startsWith(line, "{\"error\":")) log::relay(line);
}

void inheritVerbosity(HookEnvironment& environment) {
  if (log::level() == log::Level::debug) environment["DLPX_MYSQL_VERBOSE"] = "true";
  if (log::level() == log::Level::warning) environment["DLPX_MYSQL_QUIET"] = "true";
}

fs::path ownDirectory() {
  return fs::read_symlink("/proc/self/exe").parent_path();
}

ExitCode knownCode(int number) {
  const auto code = static_cast<ExitCode>(number);
  return number == 0 || name(code) == name(ExitCode::internal) ? ExitCode::internal : code;
}

std::string wordOf(const Json& error, const char* member) {
  return error.contains(member) && error[member].is_string() ? error[member].get<std::string>()
                                                             : std::string();
}

// The error that our tools print as the last line of stderr; nothing when it is something else.
std::optional<Error> toldError(const std::string& err) {
  const Json line = Json::parse(trim(lastLines(err, 1)), nullptr, false);
  if (!line.is_object() || !line.contains("error") || !line["error"].is_object()) return std::nullopt;
  const Json& error = line["error"];
  const int number =
      error.contains("code") && error["code"].is_number_integer() ? error["code"].get<int>() : 1;
  return Error(knownCode(number), wordOf(error, "message"), wordOf(error, "remedy"), wordOf(error, "log"));
}

}  // namespace

fs::path HookRunner::find(const std::optional<fs::path>& given) {
  if (given) {
    if (fs::exists(*given / kProof)) return fs::absolute(*given);
    throw Error(ExitCode::usage, "there are no hooks in " + given->string(),
                "give the directory that holds " + std::string(kProof));
  }
  const fs::path own = ownDirectory();
  const fs::path installed = own.parent_path() / "libexec" / "dlpx-mysql" / "hooks";
  if (fs::exists(installed / kProof)) return installed;
  for (fs::path at = own; at.has_relative_path(); at = at.parent_path()) {
    if (fs::exists(at / "hooks" / kProof)) return at / "hooks";
  }
  throw Error(ExitCode::usage, "the hooks are not beside " + own.string(),
              "give their directory with --hooks-dir");
}

HookResult HookRunner::start(const fs::path& script, const HookEnvironment& environment,
                             const fs::path& resultFile, int& exitCode, std::string& err) const {
  Command command;
  command.argv = {"bash", script};
  command.unset = parameterVariables();
  command.environment = environment;
  command.environment["DLPX_MYSQL_OPERATION_ID"] = log::operationId();
  command.environment["DLPX_MYSQL_JSON"] = "true";
  if (!log::file().empty()) command.environment["DLPX_MYSQL_LOG_DIR"] = log::file().parent_path();
  command.environment["DLPX_OUTPUT_FILE"] = resultFile;
  if (std::getenv("DLPX_MYSQL_BIN_DIR") == nullptr)
    command.environment["DLPX_MYSQL_BIN_DIR"] = ownDirectory();
  inheritVerbosity(command.environment);
  command.onErrorLine = tellLine;
  const Finished finished = dlpx::run(command);
  exitCode = finished.exitCode;
  err = finished.err;
  return {trim(finished.out), readFileIfThere(resultFile).value_or("")};
}

HookResult HookRunner::run(const std::string& hook, const HookEnvironment& environment) const {
  const fs::path script = directory_ / (hook + ".sh");
  if (!fs::exists(script)) {
    throw Error(ExitCode::usage, "there is no hook " + script.string(),
                "give the directory of all hooks with --hooks-dir");
  }
  const fs::path resultFile = scratch_ / ("result-" + randomHex(8) + ".json");
  Undo undo;  // never committed: the file goes in any case
  undo.add("remove " + resultFile.string(), [&] { removeTree(resultFile); });
  log::debug("hook " + hook);
  int exitCode = 0;
  std::string err;
  HookResult result = start(script, environment, resultFile, exitCode, err);
  if (exitCode == 0) return result;
  if (const auto told = toldError(err)) throw *told;
  const std::string words = trim(lastLines(err.empty() ? result.out : err, 5));
  throw Error(knownCode(exitCode),
              "hook " + hook + " ended with exit code " + std::to_string(exitCode) +
                  (words.empty() ? "" : ": " + words),
              "see the hook's output", words);
}

void HookRunner::runUserScript(const std::string& point, const fs::path& script,
                               const HookEnvironment& environment) const {
  log::debug("user hook " + point + ": " + script.string());
  int exitCode = 0;
  std::string err;
  const HookResult result = start(script, environment, scratch_ / "unused.json", exitCode, err);
  if (exitCode == 0) return;
  const std::string words = trim(lastLines(err.empty() ? result.out : err, 5));
  throw Error(ExitCode::usage,
              "hook " + point + " (" + script.string() + ") ended with exit code " +
                  std::to_string(exitCode) + (words.empty() ? "" : ": " + words),
              "mend the script, then repeat the command");
}

}  // namespace dlpx
