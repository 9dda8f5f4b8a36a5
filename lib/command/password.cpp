#include "command/password.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"

namespace dlpx {
namespace {

constexpr off_t longest = 64 * 1024;

void checkProtection(int fd, const fs::path& path, const std::string& subject) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) throw systemError(ExitCode::usage, "cannot look at " + path.string(), errno);
  if (S_ISDIR(status.st_mode)) {
    throw Error(ExitCode::usage, subject + " names a directory: " + path.string(),
                "name the file with the password");
  }
  // Pipes, of "<(…)" for instance, have no others.
  if (!S_ISREG(status.st_mode)) return;
  if ((status.st_mode & 007) != 0) {
    throw Error(ExitCode::usage, "password file " + path.string() + " is open to every user of this host",
                "protect it: chmod 600 " + path.string());
  }
  if ((status.st_mode & 070) != 0) log::warning("password file " + path.string() + " is open to its group");
  if (status.st_size > longest) {
    throw Error(ExitCode::usage, "password file " + path.string() + " is too large for a password",
                "name the file with the password with " + subject);
  }
}

// Echo is off while it lives.
class Hush {
 public:
  Hush() {
    tcgetattr(STDIN_FILENO, &before_);
    termios hushed = before_;
    hushed.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    hushed.c_lflag |= ECHONL;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hushed);
  }
  ~Hush() { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }
  Hush(const Hush&) = delete;
  Hush& operator=(const Hush&) = delete;

 private:
  termios before_ = {};
};

void waitForInput() {
  std::array<pollfd, 2> watched = {{{STDIN_FILENO, POLLIN, 0}, {interruptFd(), POLLIN, 0}}};
  while (poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) throwIfInterrupted();
  throwIfInterrupted();
}

}  // namespace

void checkPassword(const Secret& password, const std::string& subject) {
  const std::string& value = password.reveal();
  if (value.find('\0') == std::string::npos && value.find('\n') == std::string::npos) return;
  throw Error(ExitCode::usage, "the password of " + subject + " holds a newline or a NUL byte",
              "give a password of one line");
}

Secret readPasswordFile(const fs::path& path, const std::string& subject) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    const Error cause =
        systemError(ExitCode::usage, "password file " + path.string() + " cannot be read", errno);
    throw Error(ExitCode::usage, cause.what(), "name a file that you can read with " + subject);
  }
  checkProtection(fd.get(), path, subject);
  std::string content = readAll(fd.get(), path);
  if (!content.empty() && content.back() == '\n') content.pop_back();
  Secret password(content);
  explicit_bzero(content.data(), content.size());
  if (password.empty()) {
    throw Error(ExitCode::usage, "password file " + path.string() + " is empty",
                "write the password into it");
  }
  checkPassword(password, subject);
  return password;
}

bool canPrompt() {
  return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

Secret promptPassword(const std::string& question) {
  const Hush hush;
  writeAll(STDERR_FILENO, question + ": ", "the terminal");
  waitForInput();
  std::array<char, 4096> line = {};
  const ssize_t count = read(STDIN_FILENO, line.data(), line.size());
  const size_t length = count > 0 && line[static_cast<size_t>(count) - 1] == '\n'
                            ? static_cast<size_t>(count) - 1
                            : static_cast<size_t>(std::max<ssize_t>(count, 0));
  Secret password(std::string(line.data(), length));
  explicit_bzero(line.data(), line.size());
  if (password.empty())
    throw Error(ExitCode::usage, "no password was entered", "repeat the command and enter it");
  return password;
}

}  // namespace dlpx
