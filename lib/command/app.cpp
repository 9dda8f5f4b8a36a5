#include "command/app.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "command/boundary.h"
#include "command/command_line.h"
#include "command/environment.h"
#include "command/generate.h"
#include "command/help.h"
#include "command/logged_app.h"
#include "command/resolve.h"
#include "command/steps.h"

namespace dlpx {
namespace {

DocumentKind documentKind(const std::string& word) {
  if (word == "man") return DocumentKind::man;
  if (word == "completion") return DocumentKind::completion;
  if (word == "reference") return DocumentKind::reference;
  throw Error(ExitCode::usage, "there is no document '" + word + "' to generate",
              "give --generate man, completion or reference");
}

// The Delphix Engine's tools on a host are in DLPX_BIN; the archived plugin logs three levels above it. Empty
// without that place, or the right to write there.
fs::path placeOfEngine() {
  const char* tools = std::getenv("DLPX_BIN");
  std::error_code error;
  if (tools == nullptr || *tools == '\0') return {};
  const fs::path place = fs::canonical(fs::path(tools) / "../../..", error);
  return error || !place.has_relative_path() || access(place.c_str(), W_OK) != 0 ? fs::path() : place;
}

// Nobody asked for this log: a place where it cannot be is no failure.
void logWhereUsual(const AppSpec& app, const LogDirectory& own, const Parameters& parameters) {
  try {
    fs::path place = placeOfEngine();
    if (place.empty() && own) place = own(parameters);
    if (!place.empty()) log::configure(log::level(), place / (app.name + ".log"));
  } catch (const Error& e) {
    log::debug(e.what());
  }
}

void warnOf(const Environment& environment) {
  for (const UnknownVariable& variable : environment.unknown()) {
    log::warning("variable " + variable.name + " is not known" +
                 (variable.nearest.empty() ? "" : "; did you mean " + variable.nearest + "?"));
  }
  for (const std::string& name : environment.notNeeded())
    log::warning("variable " + name + " has no effect: no password of the parent's accounts is needed");
}

void setUpReporting(const AppSpec& app, const LogDirectory& own, const Parameters& parameters) {
  const bool quiet = parameters.flag("quiet");
  const bool verbose = parameters.flag("verbose");
  if (quiet && verbose) {
    throw Error(ExitCode::usage, "--quiet and --verbose are both given", "give one of them");
  }
  const char* terminal = std::getenv("TERM");
  const bool redraws =
      isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
  setProgressStyle(quiet ? ProgressStyle::silent : redraws ? ProgressStyle::bar : ProgressStyle::lines);
  const auto level = quiet ? log::Level::warning : verbose ? log::Level::debug : log::Level::info;
  if (const auto directory = parameters.pathIfGiven("log-dir"))
    return log::configure(level, *directory / (app.name + ".log"));
  log::configure(level);
  logWhereUsual(app, own, parameters);
}

// One process's way from its arguments to its exit code. Members are what the error handling wants to know.
class Run {
 public:
  Run(const AppSpec& app, const LogDirectory& logDirectory, std::vector<std::string> arguments)
      : app_(app), logDirectory_(logDirectory), arguments_(std::move(arguments)) {
    json_ = std::find(arguments_.begin(), arguments_.end(), "--json") != arguments_.end();
  }

  int go() {
    try {
      perform();
      return static_cast<int>(ExitCode::success);
    } catch (const ReportedError& e) {
      return failed(e, &e.report());
    } catch (const Error& e) {
      return failed(e, nullptr);
    } catch (const std::bad_alloc&) {
      return failed(Error(ExitCode::internal, "out of memory", "free memory and repeat the command"),
                    nullptr);
    } catch (const std::system_error& e) {
      return failed(systemError(ExitCode::internal, "unexpected failure", e.code().value()), nullptr);
    } catch (const std::exception& e) {
      return failed(Error(ExitCode::internal, std::string("unexpected failure: ") + e.what(),
                          "repeat the command with --verbose and report what it tells"),
                    nullptr);
    } catch (...) {
      return failed(Error(ExitCode::internal, "unexpected failure of an unknown kind"), nullptr);
    }
  }

 private:
  void perform() {
    prepareProcess();
    const Environment environment = Environment::take();
    if (const auto wanted = environment.value("DLPX_MYSQL_JSON"))
      json_ = json_ || *wanted == "true" || *wanted == "1";
    const CommandLine line = parseCommandLine(app_, arguments_);
    if (answerAboutProgram(line)) return;
    const bool show = showIsAsked(line);
    const Parameters parameters = resolve(app_, line, environment, show);
    json_ = parameters.flag("json");
    if (show) {
      warnOf(environment);
      const std::vector<std::string> names = parametersOf(*line.command);
      printResult({parameters.toJson(names), parameters.toText(names)}, json_);
      return;
    }
    const bool changes = line.command->plan && !parameters.flag("dry-run");
    setUpReporting(app_, changes ? logDirectory_ : LogDirectory(), parameters);
    logFile_ = log::file();
    warnOf(environment);
    if (parameters.flag("dry-run")) {
      const StepList steps = line.command->plan(parameters);
      return printResult(describeSteps(parameters.command(), steps), json_);
    }
    log::debug(parameters.command() + " begins");
    const Output output = line.command->run(parameters);
    // A result that nobody can read is a failure: the file first, so that stdout stays empty then.
    writeResultFile(output);
    printResult(output, json_);
    log::debug(parameters.command() + " is done");
  }

  bool answerAboutProgram(const CommandLine& line) const {
    if (line.help) {
      printText(line.command == nullptr ? helpText(app_) : helpText(app_, *line.command));
    } else if (line.version) {
      printText(app_.name + " " + DLPX_VERSION + "\n");
    } else if (!line.generate.empty()) {
      printText(generate(app_, documentKind(line.generate)));
    } else {
      return false;
    }
    return true;
  }

  static bool showIsAsked(const CommandLine& line) {
    const auto found = line.values.find("show-config");
    return found != line.values.end() && found->second.items.back() == "true";
  }

  int failed(const Error& error, const Output* report) const {
    const Error told = afterInterrupt(error);
    log::debug(std::string("failed: ") + told.what());
    printError(app_.name, told, report, json_, logFile_);
    return static_cast<int>(told.code());
  }

  const AppSpec& app_;
  const LogDirectory& logDirectory_;
  std::vector<std::string> arguments_;
  bool json_ = false;
  std::string logFile_;
};

}  // namespace

int runApp(const AppSpec& app, int argc, char** argv) {
  return runApp(app, {}, argc, argv);
}

int runApp(const AppSpec& app, const LogDirectory& logDirectory, int argc, char** argv) {
  return Run(app, logDirectory, std::vector<std::string>(argv + std::min(argc, 1), argv + argc)).go();
}

}  // namespace dlpx
