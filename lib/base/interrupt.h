#pragma once

namespace dlpx {

// SIGINT and SIGTERM do not end the process: they are remembered, and every wait of ours ends with
// Error{interrupted}, so that what was begun is undone on the way out.
void catchInterrupts();
bool interrupted();
void throwIfInterrupted();

// A descriptor that becomes readable once an interrupt has arrived; -1 before catchInterrupts(). For poll(2).
int interruptFd();

// While it lives, throwIfInterrupted() is silent: clean-up must run to its end.
class InterruptShield {
 public:
  InterruptShield();
  ~InterruptShield();
  InterruptShield(const InterruptShield&) = delete;
  InterruptShield& operator=(const InterruptShield&) = delete;
};

}  // namespace dlpx
