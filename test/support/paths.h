#pragma once

#include <string>

namespace dlpx::test {

// Where tests find what they drive; they never use an installed copy. Functions, not macros: every other
// object of the tests is then the same in every checkout, and a compiler's cache serves them all.
std::string binDir();
std::string sourceDir();
std::string buildDir();
std::string killAtStepLibrary();

}  // namespace dlpx::test
