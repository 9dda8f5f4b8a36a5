#include <regex>

#include "base/files.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace dlpx;

// CTest takes such a name for two, of which Catch knows neither: it runs nothing, and calls that a success.
TEST_CASE("no name of a test holds a semicolon") {
  const std::regex test("TEST_CASE\\(\\s*(?:\"[^\"]*\"\\s*)+");
  size_t names = 0;
  walk(fs::path(test::sourceDir()) / "test", [&](const fs::directory_entry& file) {
    if (file.path().extension() != ".cpp") return;
    const std::string text = readFile(file.path());
    for (std::sregex_iterator found(text.begin(), text.end(), test), end; found != end; ++found) {
      ++names;
      CAPTURE(file.path(), found->str());
      CHECK(found->str().find(';') == std::string::npos);
    }
  });
  CHECK(names > 400);
}
