#include "process/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/text.h"
#include "process/line_watch.h"
#include "process/probe.h"
#include "process/spawn.h"

namespace dlpx {
namespace {

fs::path programOf(const Command& command) {
  const auto program = findProgram(command.argv.at(0));
  if (!program) {
    throw Error(ExitCode::internal, "program " + command.argv[0] + " is not installed",
                "install the package that brings " + command.argv[0]);
  }
  return *program;
}

UniqueFd inputOf(const Command& command) {
  return command.input.empty() ? openFile("/dev/null", O_RDONLY) : memoryFile("stdin", command.input);
}

// Of a program that only tells something.
constexpr uint64_t mostWords = 64 * 1024;

std::string contentOf(const UniqueFd& memory) {
  lseek(memory.get(), 0, SEEK_SET);
  return readAll(memory.get(), "output of a child");
}

int decode(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::optional<int> reap(pid_t pid, int flags) {
  int status = 0;
  for (;;) {
    const pid_t found = waitpid(pid, &status, flags);
    if (found == pid) return decode(status);
    if (found == 0) return std::nullopt;
    if (errno != EINTR) return 255;
  }
}

// Rests until the child has ended, a signal has come or the deadline has passed.
void restUntilEnded(pid_t pid, const Deadline& deadline) {
  const UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!handle) return rest(deadline, Milliseconds(20));  // kernels before 5.3
  pollfd waits[2] = {{handle.get(), POLLIN, 0}, {interruptFd(), POLLIN, 0}};
  poll(waits, 2, static_cast<int>(deadline.remaining().count()));
}

std::optional<int> waitFor(pid_t pid, const Deadline& deadline) {
  for (;;) {
    if (const auto code = reap(pid, WNOHANG)) return code;
    if (deadline.expired()) return std::nullopt;
    throwIfInterrupted();
    restUntilEnded(pid, deadline);
  }
}

// As waitFor, looking for new lines a few times a second.
std::optional<int> waitWatching(pid_t pid, const Deadline& deadline, LineWatch& watch) {
  std::optional<int> code;
  while (!code && !deadline.expired()) {
    code = waitFor(pid, deadline.within(Milliseconds(200)));
    watch.look();
  }
  if (code) watch.finish();
  return code;
}

int endChild(pid_t pid) noexcept {
  const InterruptShield shield;
  kill(pid, SIGTERM);
  try {
    if (const auto code = waitFor(pid, Deadline::in(Seconds(5)))) return *code;
  } catch (const std::exception& e) {
    log::debug(std::string("waiting for a child: ") + e.what());
  }
  kill(pid, SIGKILL);
  return reap(pid, 0).value_or(255);
}

void killGroup(pid_t pid) noexcept {
  kill(-pid, SIGKILL);  // spawn() made it the leader of a group of its own
  reap(pid, 0);
}

Error timedOut(const Command& command) {
  return Error(ExitCode::timeout, command.argv[0] + " did not end in time and was ended",
               "give more time with --timeout, or look for what it waits for");
}

std::string readableName(const Command& command) {
  return fs::path(command.argv[0]).filename().string();
}

// Pipe writes that would block are waited for, with signals and a deadline.
void waitForPipe(int fd, short events, const Deadline& deadline, const std::string& what) {
  pollfd waits[2] = {{fd, events, 0}, {interruptFd(), POLLIN, 0}};
  poll(waits, 2, static_cast<int>(deadline.remaining().count()));
  throwIfInterrupted();
  if (deadline.expired())
    throw Error(ExitCode::timeout, what + " took too long", "give more time with --timeout");
}

}  // namespace

std::optional<fs::path> findProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return access(name.c_str(), X_OK) == 0 ? std::optional(fs::path(name)) : std::nullopt;
  }
  const char* path = std::getenv("PATH");
  for (const std::string& directory :
       split(std::string(path != nullptr ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin", ':')) {
    const fs::path candidate = fs::path(directory) / name;
    if (!directory.empty() && access(candidate.c_str(), X_OK) == 0 && fs::is_regular_file(candidate))
      return candidate;
  }
  return std::nullopt;
}

namespace {

// `wait` waits for the end of a child that writes to these two, `end` ends one that must not go on.
template <typename Wait, typename End>
Finished runUnlessEnded(const Command& command, const Wait& wait, const End& end) {
  const UniqueFd in = inputOf(command);
  const UniqueFd out = memoryFile("stdout");
  const UniqueFd err = memoryFile("stderr");
  log::debug("run: " + join(command.argv, " "));
  const pid_t pid = spawn(command, programOf(command), in.get(), out.get(), err.get());
  std::optional<int> code;
  try {
    code = wait(pid, out, err);
  } catch (...) {
    end(pid);
    throw;
  }
  if (!code) {
    end(pid);
    throw timedOut(command);
  }
  return {*code, contentOf(out), contentOf(err)};
}

uint64_t sizeOf(const UniqueFd& memory) {
  struct stat facts {};
  return fstat(memory.get(), &facts) == 0 ? static_cast<uint64_t>(facts.st_size) : 0;
}

}  // namespace

Finished run(const Command& command) {
  const auto wait = [&](pid_t pid, const UniqueFd&, const UniqueFd& err) {
    if (!command.onErrorLine) return waitFor(pid, command.deadline);
    LineWatch watch(err.get(), command.onErrorLine);
    return waitWatching(pid, command.deadline, watch);
  };
  return runUnlessEnded(command, wait, endChild);
}

Finished probe(const Command& command) {
  const auto wait = [&](pid_t pid, const UniqueFd& out, const UniqueFd& err) {
    std::optional<int> code;
    while (!code && !command.deadline.expired()) {
      code = waitFor(pid, command.deadline.within(Milliseconds(20)));
      if (sizeOf(out) + sizeOf(err) > mostWords)
        throw Error(ExitCode::internal, command.argv[0] + " prints more than a few words");
    }
    return code;
  };
  return runUnlessEnded(command, wait, killGroup);
}

Finished runChecked(const Command& command, ExitCode code, const std::string& what,
                    const std::string& remedy) {
  Finished finished = run(command);
  if (finished.ok()) return finished;
  const std::string words = trim(lastLines(finished.err.empty() ? finished.out : finished.err, 5));
  const std::string problem = what + ": " + readableName(command) + " ended with exit code " +
                              std::to_string(finished.exitCode) + (words.empty() ? "" : ": " + words);
  const bool full = words.find("No space left on device") != std::string::npos ||
                    words.find("out of space") != std::string::npos;  // as ZFS says it
  throw Error(full ? ExitCode::noSpace : code, problem,
              full ? "free space, then repeat the command" : remedy);
}

Child::Child(const Command& command, Pipes pipes) : err_(memoryFile("stderr")) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw systemError(ExitCode::internal, "no pipe", errno);
  UniqueFd readEnd(ends[0]);
  UniqueFd writeEnd(ends[1]);
  fcntl(writeEnd.get(), F_SETPIPE_SZ, 1 << 20);  // fewer switches between us and the child; a refusal is fine
  log::debug("start: " + join(command.argv, " "));
  if (pipes == Pipes::output) {
    const UniqueFd in = inputOf(command);
    pid_ = spawn(command, programOf(command), in.get(), writeEnd.get(), err_.get());
    pipe_ = std::move(readEnd);
  } else {
    const UniqueFd out = openFile("/dev/null", O_WRONLY);
    pid_ = spawn(command, programOf(command), readEnd.get(), out.get(), err_.get());
    pipe_ = std::move(writeEnd);
  }
  fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
}

Child::~Child() {
  if (pipe_ || err_) terminate();
}

size_t Child::read(char* buffer, size_t size, const Deadline& deadline) {
  for (;;) {
    const ssize_t count = ::read(pipe_.get(), buffer, size);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EAGAIN && errno != EINTR)
      throw systemError(ExitCode::internal, "cannot read from a child", errno);
    waitForPipe(pipe_.get(), POLLIN, deadline, "reading from a child");
  }
}

bool Child::write(std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(pipe_.get(), bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EPIPE) {
      return false;
    } else if (errno == EAGAIN || errno == EINTR) {
      waitForPipe(pipe_.get(), POLLOUT, deadline, "writing to a child");
    } else {
      throw systemError(ExitCode::internal, "cannot write to a child", errno);
    }
  }
  return true;
}

std::optional<int> Child::exitCodeIfEnded() {
  if (!exitCode_) exitCode_ = reap(pid_, WNOHANG);
  return exitCode_;
}

Finished Child::wait(const Deadline& deadline) {
  pipe_.reset();
  if (!exitCode_) exitCode_ = waitFor(pid_, deadline);
  if (!exitCode_) {
    terminate();
    throw Error(ExitCode::timeout, "a child process did not end in time", "give more time with --timeout");
  }
  return {*exitCode_, "", errorOutput()};
}

std::string Child::errorOutput() {
  return contentOf(err_);
}

void Child::terminate() noexcept {
  pipe_.reset();
  if (!exitCode_) exitCode_ = endChild(pid_);
}

}  // namespace dlpx
