#include "support/scratch.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <stdexcept>

namespace dlpx::test {

Scratch::Scratch() {
  std::string pattern = (fs::temp_directory_path() / "dlpx-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch directory");
  path_ = pattern;
  chmod(path_.c_str(), 0755);
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace dlpx::test
