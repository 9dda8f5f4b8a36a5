#include "server/instance.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/text.h"
#include "process/command.h"
#include "server/keyring.h"
#include "server/registry.h"

namespace dlpx {
namespace {

// Our own requests for an end wait for a condition; this is only how long a fatal path may take to stop what
// it started.
constexpr Seconds cleanUpTime(60);
// A server that fails with less than this free failed for that: one log file of InnoDB needs more.
constexpr uint64_t fullDisk = 16ULL << 20;

// A file in memory that only the server's user can read, emptied when the start is over: mysqld keeps
// inherited descriptors open for life.
class InitFile {
 public:
  InitFile(const std::string& statements, Owner owner) : fd_(memoryFile("dlpx-init", statements)) {
    if (geteuid() == 0 && fchown(fd_.get(), owner.uid, owner.gid) != 0) {
      throw systemError(ExitCode::internal, "cannot hand the init file to the server's user", errno);
    }
  }
  ~InitFile() {
    if (ftruncate(fd_.get(), 0) != 0) log::warning("the init file's memory could not be emptied");
  }
  InitFile(const InitFile&) = delete;
  InitFile& operator=(const InitFile&) = delete;

  int fd() const { return fd_.get(); }
  std::string option() const { return "--init-file=/dev/fd/" + std::to_string(fd_.get()); }

 private:
  UniqueFd fd_;
};

void addOptions(Command& command, const std::vector<std::string>& options) {
  command.argv.insert(command.argv.end(), options.begin(), options.end());
}

// To be kept until the command has ended.
std::unique_ptr<InitFile> addInitFile(Command& command, const std::string& statements,
                                      const Instance& instance) {
  if (statements.empty()) return nullptr;
  auto file = std::make_unique<InitFile>(statements, instance.owner());
  command.argv.push_back(file->option());
  command.inherit.push_back(file->fd());
  return file;
}

// InnoDB often says only which file it could not make larger: then what is free tells.
bool isDiskFull(const std::string& errors, const fs::path& root) {
  for (const char* words : {"No space left", "out of disk space", "Disk is full", "errno 28"}) {
    if (errors.find(words) != std::string::npos) return true;
  }
  return freeBytes(root) < fullDisk;
}

std::string remedyFor(const std::string& errors) {
  if (errors.find("Address already in use") != std::string::npos)
    return "free that port, or choose another with --port";
  if (errors.find("unknown variable") != std::string::npos ||
      errors.find("unknown option") != std::string::npos) {
    return "remove that setting: this server version does not know it";
  }
  return "read the server's error log, mend the cause and repeat the command";
}

}  // namespace

std::string_view text(InstanceState state) {
  switch (state) {
    case InstanceState::stopped:
      return "stopped";
    case InstanceState::starting:
      return "starting";
    case InstanceState::running:
      return "running";
    case InstanceState::stopping:
      return "stopping";
    case InstanceState::crashed:
      return "crashed";
    case InstanceState::foreign:
      return "foreign";
  }
  return "unknown";
}

Json InstanceFacts::json() const {
  return {{"role", role},
          {"basedir", basedir.string()},
          {"mysqld", mysqld.string()},
          {"version", version.text()},
          {"port", port},
          {"serverId", serverId},
          {"osUser", osUser},
          {"adminUser", adminUser},
          {"keyring", keyring.string()}};
}

InstanceFacts InstanceFacts::from(const Json& facts) {
  InstanceFacts result;
  result.role = facts.value("role", "");
  result.basedir = facts.value("basedir", "");
  result.mysqld = facts.value("mysqld", "");
  result.version = Version::parse(facts.value("version", ""));
  result.port = facts.value("port", uint16_t{0});
  result.serverId = facts.value("serverId", uint32_t{0});
  result.osUser = facts.value("osUser", "");
  result.adminUser = facts.value("adminUser", "");
  result.keyring = facts.value("keyring", "");
  return result;
}

std::optional<Instance> Instance::on(const Mount& mount) {
  const Json facts = readFacts(mount.stateFile());
  if (!facts.contains("instance")) return std::nullopt;
  return Instance(mount, InstanceFacts::from(facts["instance"]));
}

Instance Instance::require(const Mount& mount) {
  if (const auto instance = on(mount)) return *instance;
  throw Error(ExitCode::usage, "no MySQL instance of ours on mount " + mount.root().string(),
              "name the right directory with --mount, or create the instance first");
}

void Instance::record() const {
  mergeFacts(mount_.stateFile(), {{"instance", facts_.json()}}, {0640, owner()});
  registry::enter(facts_.port, mount_.root());
}

std::optional<ProcessFacts> Instance::process() const {
  std::error_code error;
  const fs::path data = fs::canonical(mount_.data(), error);
  if (error) return std::nullopt;
  const std::string ourOptions = "--defaults-file=" + mount_.optionFile().string();
  for (const ProcessFacts& server : processesNamed(facts_.mysqld.filename().string())) {
    // mysqld changes into its data directory; before that, and where we may not see it, our option file names
    // it.
    const bool ours = server.directory == data ||
                      (std::find(server.argv.begin(), server.argv.end(), ourOptions) != server.argv.end() &&
                       server.directory != "/");
    if (ours) return server;
  }
  return std::nullopt;
}

InstanceState Instance::state() const {
  const auto server = process();
  constexpr pid_t nobody = 0;
  const pid_t listener = facts_.port != 0 ? listenerOf(facts_.port).value_or(nobody) : nobody;
  const bool pidFile = fs::exists(mount_.pidFile());
  if (server) {
    if (pidFile && (listener == server->pid || listener == -1)) return InstanceState::running;
    if (pidFile && fs::exists(mount_.socket())) return InstanceState::running;  // skip_networking
    return pidFile ? InstanceState::stopping : InstanceState::starting;
  }
  if (listener != nobody) return InstanceState::foreign;
  return pidFile ? InstanceState::crashed : InstanceState::stopped;
}

void Instance::initialise(const std::vector<std::string>& options, const std::string& initStatements,
                          const Deadline& deadline) const {
  const ServerProgram mysqld = serverProgram(mount_, facts_);
  Command command{.argv = {mysqld.program.string(), "--defaults-file=" + mount_.optionFile().string(),
                           "--initialize-insecure"},
                  .deadline = deadline};
  if (geteuid() == 0) command.argv.push_back("--user=" + facts_.osUser);
  addOptions(command, mysqld.options);
  addOptions(command, options);
  const auto initFile = addInitFile(command, initStatements, *this);
  const uint64_t before = errorLogSize();
  const Finished finished = run(command);
  const std::string errors = errorsIn(errorLogSince(before) + finished.err);
  if (finished.ok() && errors.find("MY-000061") == std::string::npos) return;
  throw startError("a new data directory could not be initialised in " + mount_.data().string(),
                   errors.empty() ? trim(lastLines(finished.err, 3)) : errors);
}

Error Instance::startError(const std::string& what, const std::string& errors) const {
  if (!isDiskFull(errors, mount_.root())) {
    return Error(ExitCode::serverStart, what + ": " + errors, remedyFor(errors), mount_.errorLog());
  }
  return Error(ExitCode::noSpace, what + ", its disk is full: " + errors,
               "free space on the file system of " + mount_.root().string() + ", then repeat the command",
               mount_.errorLog());
}

// A server of ours that is on its way up or down first gets there.
void Instance::waitForOtherEnd(const Deadline& deadline) const {
  const bool settled = waitUntil(deadline, [&] {
    const InstanceState now = state();
    return now != InstanceState::starting && now != InstanceState::stopping;
  });
  if (!settled) {
    throw Error(ExitCode::timeout,
                "the server on " + mount_.root().string() + " is still " + std::string(text(state())),
                "wait for it, or give more time with --timeout", mount_.errorLog());
  }
}

void Instance::start(const Start& start) const {
  waitForOtherEnd(start.deadline);
  const InstanceState now = state();
  if (now == InstanceState::running) return;
  if (now == InstanceState::foreign) {
    const auto holder = lookAtProcess(listenerOf(facts_.port).value_or(-1));
    throw Error(ExitCode::serverStart,
                "port " + std::to_string(facts_.port) + " is taken by " +
                    (holder ? holder->executable.string() + " (pid " + std::to_string(holder->pid) + ")"
                            : "another process"),
                "free that port, or choose another with --port");
  }
  const uint64_t before = errorLogSize();
  try {
    launch(start);
    checkInitStatements(errorLogSince(before), start);
  } catch (...) {
    const InterruptShield shield;
    stop(Deadline::in(cleanUpTime), true);
    throw;
  }
  registry::enter(facts_.port, mount_.root());
}

void Instance::launch(const Start& start) const {
  const uint64_t before = errorLogSize();
  fs::remove(mount_.pidFile());
  // A snapshot of a running server holds the lock of its socket: mysqld asks only whether that pid lives.
  fs::remove(mount_.socket());
  fs::remove(mount_.socket().string() + ".lock");
  const ServerProgram mysqld = serverProgram(mount_, facts_);
  Command command{
      .argv = {mysqld.program.string(), "--defaults-file=" + mount_.optionFile().string(), "--daemonize"},
      .unset = {"NOTIFY_SOCKET"},
      .directory = "/",
      .outlivesUs = true,
      .deadline = start.deadline};
  if (geteuid() == 0) command.argv.push_back("--user=" + facts_.osUser);
  addOptions(command, mysqld.options);
  addOptions(command, start.options);
  const auto initFile = addInitFile(command, start.initStatements, *this);
  const Finished finished = run(command);
  if (finished.ok() && process()) return;
  const std::string log = errorLogSince(before);
  const std::string errors = errorsIn(log.empty() ? finished.err : log);
  throw startError("the server on " + mount_.root().string() + " did not start",
                   errors.empty() ? trim(lastLines(finished.err + finished.out, 3)) : errors);
}

void Instance::checkInitStatements(const std::string& log, const Start& start) const {
  if (start.initStatements.empty()) return;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("MY-000061") == std::string::npos) continue;
    throw Error(
        start.onInitFailure,
        "a statement of the first start was refused, so the server was stopped again: " + errorsIn(line),
        "mend what the server names, then repeat the command", mount_.errorLog());
  }
}

void Instance::stop(const Deadline& deadline, bool force) const {
  const auto server = process();
  if (!server) {
    // The pid file of a server that crashed would make it look crashed for ever; the lock of the data
    // directory is mysqld's own.
    fs::remove(mount_.pidFile());
    return;
  }
  if (!terminateProcess(*server, deadline)) {
    if (!force) {
      throw Error(
          ExitCode::stop,
          "the server on " + mount_.root().string() + " (pid " + std::to_string(server->pid) +
              ") did not stop in time",
          "give it more time with --timeout, or end it with --force (crash recovery at its next start)",
          mount_.errorLog());
    }
    log::warning("ending mysqld, pid " + std::to_string(server->pid) +
                 ", by SIGKILL: it did not stop in time");
    killProcess(*server, Deadline::in(cleanUpTime));
  }
  fs::remove(mount_.pidFile());
}

Session Instance::connect(const std::string& user, const Secret& password, ExitCode onFailure) const {
  if (!process()) {
    throw Error(onFailure, "the server on " + mount_.root().string() + " is not running", "start it first",
                mount_.errorLog());
  }
  return Session::connect({.endpoint = {.host = "localhost", .port = facts_.port, .socket = mount_.socket()},
                           .user = user,
                           .password = password},
                          onFailure);
}

uint64_t Instance::errorLogSize() const {
  std::error_code error;
  const uint64_t size = fs::file_size(mount_.errorLog(), error);
  return error ? 0 : size;
}

std::string Instance::errorLogSince(uint64_t size) const {
  const std::string log = readFileIfThere(mount_.errorLog()).value_or("");
  return log.size() > size ? log.substr(size) : "";
}

std::string errorsIn(const std::string& errorLog, size_t count) {
  std::vector<std::string> errors;
  std::istringstream lines(errorLog);
  for (std::string line; std::getline(lines, line) && errors.size() < count;) {
    const size_t at = line.find("[ERROR]");
    if (at == std::string::npos || line.find("Aborting") != std::string::npos) continue;
    errors.push_back(trim(line.substr(at + 7)));
  }
  return join(errors, "; ");
}

}  // namespace dlpx
