#include "base/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/error.h"

namespace dlpx {
namespace {

std::atomic<int> received{0};
std::atomic<int> shields{0};
int pipeEnds[2] = {-1, -1};

void remember(int signal) {
  const int saved = errno;
  received = signal;
  // The result does not matter: a full pipe is readable already.
  if (write(pipeEnds[1], "!", 1) < 0) errno = saved;
  errno = saved;
}

}  // namespace

void catchInterrupts() {
  if (pipeEnds[0] >= 0) return;
  if (pipe2(pipeEnds, O_CLOEXEC | O_NONBLOCK) != 0) {
    throw systemError(ExitCode::internal, "no pipe for signals", errno);
  }
  struct sigaction action = {};
  action.sa_handler = remember;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGHUP, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

bool interrupted() {
  return received != 0 && shields == 0;
}

void throwIfInterrupted() {
  if (interrupted()) {
    throw Error(ExitCode::interrupted, "interrupted by a signal",
                "repeat the command: it finishes or undoes what was begun");
  }
}

int interruptFd() {
  return shields == 0 ? pipeEnds[0] : -1;
}

InterruptShield::InterruptShield() {
  ++shields;
}
InterruptShield::~InterruptShield() {
  --shields;
}

}  // namespace dlpx
