#include "process/line_watch.h"

#include <unistd.h>

#include <array>

namespace dlpx {

void LineWatch::look() {
  std::array<char, 4096> buffer;
  for (ssize_t count; (count = pread(fd_, buffer.data(), buffer.size(), seen_)) > 0; seen_ += count)
    begun_.append(buffer.data(), static_cast<size_t>(count));
  size_t begin = 0;
  for (size_t end; (end = begun_.find('\n', begin)) != std::string::npos; begin = end + 1)
    tell_(std::string_view(begun_).substr(begin, end - begin));
  begun_.erase(0, begin);
}

void LineWatch::finish() {
  look();
  if (!begun_.empty()) tell_(begun_);
  begun_.clear();
}

}  // namespace dlpx
