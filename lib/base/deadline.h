#pragma once

#include <chrono>
#include <functional>

namespace dlpx {

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

// A point in time that waits share: each takes what is left of it. Monotonic clock.
class Deadline {
 public:
  static Deadline in(Milliseconds span) { return Deadline(Clock::now() + span); }
  static Deadline never() { return Deadline(Clock::time_point::max()); }

  bool expired() const { return Clock::now() >= when_; }
  // What is left, never negative; at most 24 days, so that it fits into poll(2).
  Milliseconds remaining() const;
  // The earlier of this and a span from now.
  Deadline within(Milliseconds span) const;

 private:
  using Clock = std::chrono::steady_clock;
  explicit Deadline(Clock::time_point when) : when_(when) {}

  Clock::time_point when_;
};

// Asks `condition` until it is true, and returns true, or the deadline passes, and returns false. Between two
// questions it rests, from 2 ms growing to `longestRest`. Throws Error{interrupted} after a signal.
bool waitUntil(const Deadline& deadline, const std::function<bool()>& condition,
               Milliseconds longestRest = Milliseconds(100));

// Rests for `span` at the most: less when the deadline passes. Throws Error{interrupted} after a signal.
void rest(const Deadline& deadline, Milliseconds span);

}  // namespace dlpx
