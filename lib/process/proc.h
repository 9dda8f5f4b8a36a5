#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/files.h"

namespace dlpx {

// Facts about processes of this host, from /proc. A process that goes while we look is simply not there.

struct ProcessFacts {
  pid_t pid = -1;
  pid_t parent = -1;
  uid_t uid = 0;
  fs::path executable;  // empty when we may not see it; a deleted file's name ends in " (deleted)"
  fs::path directory;   // current working directory; empty when we may not see it
  std::vector<std::string> argv;
  char state = '?';  // R, S, D, Z …
  unsigned threads = 0;
  uint64_t startTicks = 0;  // with the pid it names one process for good
};

std::optional<ProcessFacts> lookAtProcess(pid_t pid);
// Every process whose program's file name is `name` ("mysqld").
std::vector<ProcessFacts> processesNamed(const std::string& name);
// False for a process of which nothing but a zombie is left: it holds no file and no port any more.
bool isAlive(const ProcessFacts& process);

// SIGTERM, then waits for the end. False at the deadline; the process still runs then. Not for children of
// ours.
bool terminateProcess(const ProcessFacts& process, const Deadline& deadline);
// SIGKILL, then waits for the end.
bool killProcess(const ProcessFacts& process, const Deadline& deadline);

// Processes with an open file, a mapping or their working directory below `directory`.
std::vector<ProcessFacts> processesUsing(const fs::path& directory);

// The pid that listens on this TCP port of the host; nothing when the port is free. -1 when it is taken by a
// process that we may not see.
std::optional<pid_t> listenerOf(uint16_t port);

}  // namespace dlpx
