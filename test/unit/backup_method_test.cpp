#include "backup/method.h"
#include "backup/schema.h"
#include "base/error.h"
#include "support/catch.h"

using namespace dlpx;

TEST_CASE("auto takes clone where it fits and dump elsewhere, and says why") {
  const MethodChoice clone = methodFor(Method::automatic, {true, "", "", 1});
  CHECK(clone.method == Method::clone);
  CHECK(clone.rejected.empty());
  const MethodChoice dump = methodFor(Method::automatic, {false, "table a.b is MyISAM", "", 1});
  CHECK(dump.method == Method::dump);
  REQUIRE(dump.rejected.size() == 1);
  CHECK(dump.rejected[0].method == Method::clone);
  CHECK(dump.rejected[0].reason == "table a.b is MyISAM");
}

TEST_CASE("a method that was asked for is taken or refused with the reason, never replaced") {
  CHECK(methodFor(Method::dump, {true, "", "", 1}).method == Method::dump);
  CHECK(methodFor(Method::clone, {true, "", "", 1}).method == Method::clone);
  try {
    methodFor(Method::clone, {false, "it is too old", "upgrade it", 1});
    FAIL("it was not refused");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::preflight);
    CHECK_THAT(e.what(), Catch::Contains("it is too old"));
    CHECK_THAT(e.remedy(), Catch::Contains("upgrade it"));
  }
}

TEST_CASE("method names are read in any case and written as they are documented") {
  for (const char* word : {"auto", "clone", "copy", "dump", "file"}) CHECK(text(*parseMethod(word)) == word);
  CHECK(parseMethod("CLONE") == Method::clone);
  CHECK_FALSE(parseMethod("magic"));
}

TEST_CASE("the server's own databases are known in any case, and a table's name is quoted as one of its") {
  CHECK(isSystemDatabase("MySQL"));
  CHECK(isSystemDatabase("performance_schema"));
  CHECK_FALSE(isSystemDatabase("mysql2"));
  CHECK(TableName{"a`b", "c.d"}.quoted() == "`a``b`.`c.d`");
}
