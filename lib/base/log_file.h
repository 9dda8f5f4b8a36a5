#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string_view>

#include "base/files.h"

namespace dlpx {

// A log file that several processes may write to at once, of one program or of many: each line stands in it
// once and whole, and one of them rotates it (`name.log` → `name.1.log` …) before it would exceed
// `mostBytes`; the `kept` newest old files stay. Made 0640.
class LogFile {
 public:
  // Throws Error{storage} when it cannot be opened for writing.
  LogFile(fs::path path, uint64_t mostBytes, int kept);

  // Where it can be neither rotated nor opened anew, the present file grows on: no line is lost. Throws
  // Error{storage} (noSpace) when it cannot be written.
  void write(std::string_view line);

 private:
  class Locked;
  void openAgain();
  // False when another file is at the path now, or must be.
  bool writtenToPresent(std::string_view line);
  bool isAtPath(const struct stat& file) const;
  bool rotate();
  fs::path old(int number) const;

  fs::path path_;
  uint64_t mostBytes_;
  int kept_;
  UniqueFd fd_;
};

}  // namespace dlpx
