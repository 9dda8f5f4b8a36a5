#include "base/deadline.h"

#include <poll.h>

#include <algorithm>

#include "base/interrupt.h"

namespace dlpx {
namespace {

constexpr Milliseconds longest = std::chrono::hours(24 * 24);

}  // namespace

Milliseconds Deadline::remaining() const {
  if (when_ == Clock::time_point::max()) return longest;
  const auto left = std::chrono::ceil<Milliseconds>(when_ - Clock::now());
  return std::clamp(left, Milliseconds(0), longest);
}

Deadline Deadline::within(Milliseconds span) const {
  return Deadline(std::min(when_, Clock::now() + span));
}

void rest(const Deadline& deadline, Milliseconds span) {
  const auto timeout = std::min(deadline.remaining(), span).count();
  pollfd signals{interruptFd(), POLLIN, 0};
  poll(&signals, 1, static_cast<int>(timeout));
  throwIfInterrupted();
}

bool waitUntil(const Deadline& deadline, const std::function<bool()>& condition, Milliseconds longestRest) {
  for (Milliseconds span(2);; span = std::min(span * 2, longestRest)) {
    if (condition()) return true;
    if (deadline.expired()) return false;
    rest(deadline, span);
  }
}

}  // namespace dlpx
