#include "process/proc.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

// Files in /proc may vanish or be forbidden at any time: that is an empty text here.
std::string procText(const fs::path& path) {
  try {
    return readFileIfThere(path).value_or("");
  } catch (const Error&) {
    return {};
  }
}

fs::path linkTarget(const fs::path& link) {
  std::error_code error;
  return fs::read_symlink(link, error);
}

fs::path procOf(pid_t pid) {
  return fs::path("/proc") / std::to_string(pid);
}

std::vector<pid_t> allPids() {
  std::vector<pid_t> pids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c); })) {
      pids.push_back(std::stoi(name));
    }
  }
  return pids;
}

bool readStat(const fs::path& proc, ProcessFacts& facts) {
  const std::string stat = procText(proc / "stat");
  const size_t end = stat.rfind(')');  // the name in parentheses may hold anything
  if (end == std::string::npos) return false;
  std::istringstream fields(stat.substr(end + 1));
  fields >> facts.state >> facts.parent;
  std::string skipped;
  for (int field = 5; field < 20; ++field) fields >> skipped;
  fields >> facts.threads >> skipped;
  fields >> facts.startTicks;
  return true;
}

bool sameProcess(const ProcessFacts& process) {
  ProcessFacts now;
  if (!readStat(procOf(process.pid), now) || now.startTicks != process.startTicks || now.state == 'X')
    return false;
  // The first thread of a process that ends is a zombie while the others still hold its files and ports.
  return now.state != 'Z' || now.threads > 1;
}

bool signalAndWait(const ProcessFacts& process, int signal, const Deadline& deadline) {
  const UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  // Between the look and the signal the pid may have become another process: the handle is checked after it
  // was taken.
  if (!sameProcess(process)) return true;
  const long sent =
      handle ? syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0) : kill(process.pid, signal);
  if (sent != 0 && errno != ESRCH) {
    throw systemError(ExitCode::stop, "cannot signal process " + std::to_string(process.pid), errno);
  }
  return waitUntil(
      deadline, [&] { return !sameProcess(process); }, Milliseconds(20));
}

// Inodes of the sockets that listen on the port, from one of /proc/net/tcp and tcp6.
void addListeners(const fs::path& table, uint16_t port, std::set<std::string>& inodes) {
  std::istringstream lines(procText(table));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, inode, skipped;
    fields >> slot >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) fields >> skipped;
    fields >> inode;
    const size_t colon = local.rfind(':');
    if (state == "0A" && colon != std::string::npos &&
        std::stoul(local.substr(colon + 1), nullptr, 16) == port) {
      inodes.insert("socket:[" + inode + "]");
    }
  }
}

bool holds(pid_t pid, const std::function<bool(const fs::path&)>& wanted) {
  std::error_code error;
  for (fs::directory_iterator at(procOf(pid) / "fd", error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    if (wanted(linkTarget(at->path()))) return true;
  }
  return false;
}

bool isBelow(const fs::path& path, const std::string& prefix) {
  return path.string() == prefix || startsWith(path.string(), prefix + "/");
}

bool maps(pid_t pid, const std::string& prefix) {
  return procText(procOf(pid) / "maps").find(" " + prefix + "/") != std::string::npos;
}

}  // namespace

std::optional<ProcessFacts> lookAtProcess(pid_t pid) {
  ProcessFacts facts;
  facts.pid = pid;
  struct stat status = {};
  if (pid <= 0 || stat(procOf(pid).c_str(), &status) != 0 || !readStat(procOf(pid), facts))
    return std::nullopt;
  facts.uid = status.st_uid;
  facts.executable = linkTarget(procOf(pid) / "exe");
  facts.directory = linkTarget(procOf(pid) / "cwd");
  const std::string arguments = procText(procOf(pid) / "cmdline");
  facts.argv = split(arguments, '\0');
  if (!facts.argv.empty() && facts.argv.back().empty()) facts.argv.pop_back();
  return facts;
}

std::vector<ProcessFacts> processesNamed(const std::string& name) {
  std::vector<ProcessFacts> found;
  for (const pid_t pid : allPids()) {
    // comm first: it is one short read, and most processes end here.
    if (trim(procText(procOf(pid) / "comm")) != name.substr(0, 15)) continue;
    if (const auto facts = lookAtProcess(pid); facts && isAlive(*facts)) found.push_back(*facts);
  }
  return found;
}

bool isAlive(const ProcessFacts& process) {
  return sameProcess(process);
}

bool terminateProcess(const ProcessFacts& process, const Deadline& deadline) {
  return signalAndWait(process, SIGTERM, deadline);
}

bool killProcess(const ProcessFacts& process, const Deadline& deadline) {
  return signalAndWait(process, SIGKILL, deadline);
}

std::vector<ProcessFacts> processesUsing(const fs::path& directory) {
  std::error_code error;
  const std::string prefix = fs::canonical(directory, error).string();
  std::vector<ProcessFacts> found;
  if (error) return found;
  for (const pid_t pid : allPids()) {
    const bool uses = isBelow(linkTarget(procOf(pid) / "cwd"), prefix) ||
                      isBelow(linkTarget(procOf(pid) / "exe"), prefix) ||
                      holds(pid, [&](const fs::path& target) { return isBelow(target, prefix); }) ||
                      maps(pid, prefix);
    if (!uses) continue;
    if (const auto facts = lookAtProcess(pid)) found.push_back(*facts);
  }
  return found;
}

std::optional<pid_t> listenerOf(uint16_t port) {
  std::set<std::string> sockets;
  addListeners("/proc/net/tcp", port, sockets);
  addListeners("/proc/net/tcp6", port, sockets);
  if (sockets.empty()) return std::nullopt;
  // A server's child may have inherited the socket; the oldest holder is the server. Pids wrap: the start
  // time decides.
  std::optional<ProcessFacts> oldest;
  for (const pid_t pid : allPids()) {
    if (!holds(pid, [&](const fs::path& target) { return sockets.count(target.string()) > 0; })) continue;
    const auto facts = lookAtProcess(pid);
    if (facts && (!oldest || facts->startTicks < oldest->startTicks)) oldest = facts;
  }
  return oldest ? oldest->pid : -1;
}

}  // namespace dlpx
