#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

namespace dlpx {

// Tells each whole line of a file that a child writes, while it does; the child's own place in the file
// stays.
class LineWatch {
 public:
  using Tell = std::function<void(std::string_view line)>;
  LineWatch(int fd, Tell tell) : fd_(fd), tell_(std::move(tell)) {}

  // What has been written since the last look. A line that has not ended yet waits for the next one.
  void look();
  // The child has ended: also what it left without an end of line.
  void finish();

 private:
  int fd_;
  Tell tell_;
  off_t seen_ = 0;
  std::string begun_;
};

}  // namespace dlpx
