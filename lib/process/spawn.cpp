#include "process/spawn.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "base/error.h"

// Boost 1.86 and newer keep the first API, which has the hooks that we need in the child, under v1/.
#if __has_include(<boost/process/v1/child.hpp>)
#include <boost/process/v1/args.hpp>
#include <boost/process/v1/child.hpp>
#include <boost/process/v1/exe.hpp>
#include <boost/process/v1/extend.hpp>
#include <boost/process/v1/posix.hpp>
#include <boost/process/v1/start_dir.hpp>
namespace bp = boost::process::v1;
#else
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/posix.hpp>
#include <boost/process/start_dir.hpp>
namespace bp = boost::process;
#endif

namespace dlpx {
namespace {

// Runs in the child between fork and exec: only async-signal-safe calls, no allocation.
struct ChildSetup : bp::extend::handler {
  const Command& command;
  char** environment;
  pid_t parent;

  ChildSetup(const Command& c, char** e, pid_t p) : command(c), environment(e), parent(p) {}

  template <typename Executor>
  void on_setup(Executor& executor) const {
    executor.env = environment;
  }

  template <typename Executor>
  void on_exec_setup(Executor& executor) const {
    const auto fail = [&] {
      executor.set_error(std::error_code(errno, std::generic_category()), "child setup");
    };
    // The child leads a session of its own: a Ctrl-C on the terminal is ours to handle, and a server that we
    // start outlives the terminal.
    setsid();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int ignored : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) signal(ignored, SIG_DFL);
    if (command.runAs) {
      if (geteuid() == 0 && setgroups(1, &command.runAs->gid) != 0) return fail();
      if (setgid(command.runAs->gid) != 0 || setuid(command.runAs->uid) != 0) return fail();
    }
    if (!command.outlivesUs) {
      if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return fail();
      // We may have gone before the line above took effect.
      if (getppid() != parent) _exit(127);
    }
    closeAllButWanted();
  }

  // Libraries may have opened descriptors without close-on-exec; a server would keep them for life.
  void closeAllButWanted() const {
    for (int fd = 3; fd < 1024; ++fd) {
      const int flags = fcntl(fd, F_GETFD);
      if (flags >= 0) fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
    }
    for (const int fd : command.inherit) fcntl(fd, F_SETFD, 0);
  }
};

// Ours with the command's changes. Not Boost's own class: in 1.74 it compares names past the end of shorter
// entries.
std::vector<std::string> environmentOf(const Command& command) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string variable = *entry;
    const size_t equals = variable.find('=');
    if (equals != std::string::npos)
      variables.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  for (const std::string& name : command.unset) variables.erase(name);
  for (const auto& [name, value] : command.environment) variables[name] = value;
  std::vector<std::string> result;
  for (const auto& [name, value] : variables) result.push_back(name + "=" + value);
  return result;
}

}  // namespace

pid_t spawn(const Command& command, const fs::path& program, int in, int out, int err) {
  std::vector<std::string> variables = environmentOf(command);
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  const std::vector<std::string> arguments(command.argv.begin() + 1, command.argv.end());
  const fs::path directory = command.directory.empty() ? fs::current_path() : command.directory;
  try {
    bp::child child(bp::exe = program.string(), bp::args = arguments, bp::start_dir = directory.string(),
                    bp::posix::fd.bind(0, in), bp::posix::fd.bind(1, out), bp::posix::fd.bind(2, err),
                    ChildSetup(command, environment.data(), getpid()));
    const pid_t pid = child.id();
    child.detach();  // reaped by us, with a deadline
    return pid;
  } catch (const std::system_error& e) {
    throw systemError(ExitCode::internal, "cannot start " + program.string(), e.code().value());
  }
}

}  // namespace dlpx
