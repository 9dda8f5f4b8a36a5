#include "support/paths.h"

namespace dlpx::test {

std::string binDir() {
  return DLPX_TEST_BIN_DIR;
}

std::string sourceDir() {
  return DLPX_TEST_SOURCE_DIR;
}

std::string buildDir() {
  return DLPX_TEST_BUILD_DIR;
}

std::string killAtStepLibrary() {
  return DLPX_TEST_KILL_AT_STEP;
}

}  // namespace dlpx::test
