#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"

namespace dlpx::test {

// Looks for secrets where others could see them, over and over while a test runs: in the command line and the
// environment of every process of this host but the test's own. Each secret is given as a fragment that no
// quoting changes.
class SecretWatch {
 public:
  explicit SecretWatch(std::vector<std::string> fragments);
  ~SecretWatch();
  SecretWatch(const SecretWatch&) = delete;
  SecretWatch& operator=(const SecretWatch&) = delete;

  // Looks once in every file below `tree` that holds none of `except` in its name; tells the files that hold
  // a secret.
  std::vector<std::string> filesWith(const fs::path& tree, const std::vector<std::string>& except = {}) const;
  // Stops, and tells what was seen: "pid 12 (mysqldump), cmdline".
  std::set<std::string> stop();
  // How many looks were taken: a test that looked never proves nothing.
  unsigned long looks() const { return looks_; }

 private:
  void look();
  bool holdsSecret(const std::string& text) const;

  std::vector<std::string> fragments_;
  std::set<std::string> seen_;
  std::atomic<bool> stopping_ = false;
  std::atomic<unsigned long> looks_ = 0;
  std::thread thread_;
};

}  // namespace dlpx::test
