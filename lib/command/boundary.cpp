#include "command/boundary.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/text.h"

namespace dlpx {
namespace {

// A closed descriptor 1 would be given to the next file we open, and results would be printed into it.
void openStandardDescriptors() {
  for (const int wanted : {0, 1, 2}) {
    if (fcntl(wanted, F_GETFD) >= 0 || errno != EBADF) continue;
    const int fd = open("/dev/null", wanted == 0 ? O_RDONLY : O_WRONLY);
    if (fd >= 0 && fd != wanted) dup2(fd, wanted);
  }
}

std::string withNewline(std::string text) {
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

std::string indented(const std::string& text) {
  return "    " + replaceAll(trim(text), "\n", "\n    ");
}

void printQuietly(const std::string& text) {
  try {
    writeAll(STDERR_FILENO, text, "standard error");
  } catch (const Error&) {
    // There is nobody left to tell.
  }
}

}  // namespace

void prepareProcess() {
  openStandardDescriptors();
  catchInterrupts();
  umask(027);
  // The hard limit stays: whoever wants mysqld's core dumps can still ask mysqld for them.
  rlimit core = {};
  if (getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = 0;
    setrlimit(RLIMIT_CORE, &core);
  }
}

void printText(const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = write(STDOUT_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) return;
    if (written < 0)
      throw systemError(ExitCode::storage, "cannot write the result to standard output", errno);
    rest.remove_prefix(static_cast<size_t>(written));
  }
}

void printResult(const Output& output, bool json) {
  if (!json) return printText(withNewline(output.text));
  printText(output.json.is_null() ? "{}\n" : pretty(output.json));
}

void writeResultFile(const Output& output) {
  const char* name = std::getenv("DLPX_OUTPUT_FILE");
  if (name == nullptr || *name == '\0') return;
  const std::string content = (output.json.is_null() ? "{}" : compact(output.json)) + "\n";
  struct stat status = {};
  const bool exists = stat(name, &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    writeAll(openFile(name, O_WRONLY).get(), content, name);
    return;
  }
  // A file that the engine has made keeps its owner and mode; a symbolic link stays one.
  const fs::path target = exists ? fs::canonical(name) : fs::path(name);
  FileTraits traits{exists ? status.st_mode & 0777 : 0640, std::nullopt};
  if (exists && geteuid() == 0) traits.owner = Owner{status.st_uid, status.st_gid};
  writeFile(target, content, traits);
}

std::string errorText(const std::string& app, const Error& error) {
  std::string text = app + ": error: " + error.what() + "\n";
  if (!error.remedy().empty()) text += "  remedy: " + error.remedy() + "\n";
  if (error.log().find('\n') != std::string::npos) {
    text += "  log:\n" + indented(error.log()) + "\n";
  } else if (!error.log().empty()) {
    text += "  log: " + error.log() + "\n";
  }
  return text;
}

Json errorJson(const Error& error, const Output* report, const std::string& logFile) {
  Json inner;
  inner["code"] = static_cast<int>(error.code());
  inner["name"] = std::string(name(error.code()));
  inner["message"] = error.what();
  inner["remedy"] = error.remedy();
  inner["log"] = error.log().empty() ? logFile : error.log();
  if (report != nullptr) inner["report"] = report->json;
  Json outer;
  outer["error"] = std::move(inner);
  return outer;
}

void printError(const std::string& app, const Error& error, const Output* report, bool json,
                const std::string& logFile) {
  if (json) return printQuietly(compact(errorJson(error, report, logFile)) + "\n");
  printQuietly((report == nullptr ? "" : withNewline(report->text)) + errorText(app, error));
}

Error afterInterrupt(const Error& error) {
  if (!interrupted() || error.code() == ExitCode::interrupted) return error;
  return Error(ExitCode::interrupted, std::string("interrupted by a signal: ") + error.what(),
               "repeat the command: it finishes or undoes what was begun", error.log());
}

}  // namespace dlpx
