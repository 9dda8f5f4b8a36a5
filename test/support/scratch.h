#pragma once

#include <filesystem>

#include "base/files.h"

namespace dlpx::test {

// A directory of the test's own that other users may enter (mysqld runs as one) and that goes with the test.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const fs::path& path() const { return path_; }
  fs::path operator/(const fs::path& name) const { return path_ / name; }

 private:
  fs::path path_;
};

}  // namespace dlpx::test
