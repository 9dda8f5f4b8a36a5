#include "backup/method.h"
#include "backup/schema.h"
#include "base/error.h"
#include "support/catch.h"

using namespace dlpx;

TEST_CASE("auto takes clone where it fits, else copy, else dump, and says why") {
  const MethodVerdict fits{true, "", "", 1};
  const MethodVerdict noClone{false, "table a.b is MyISAM", "", 1};
  const MethodVerdict noCopy{false, "the account may open 2 connections", "raise that", 1};
  const MethodChoice clone = methodFor(Method::automatic, fits, fits);
  CHECK(clone.method == Method::clone);
  CHECK(clone.rejected.empty());
  const MethodChoice copy = methodFor(Method::automatic, noClone, fits);
  CHECK(copy.method == Method::copy);
  CHECK_THAT(copy.reason, Catch::Contains("table a.b is MyISAM"));
  REQUIRE(copy.rejected.size() == 1);
  CHECK(copy.rejected[0].method == Method::clone);
  CHECK(copy.rejected[0].reason == "table a.b is MyISAM");
  const MethodChoice dump = methodFor(Method::automatic, noClone, noCopy);
  CHECK(dump.method == Method::dump);
  REQUIRE(dump.rejected.size() == 2);
  CHECK(dump.rejected[1].method == Method::copy);
  CHECK(dump.rejected[1].reason == noCopy.reason);
}

TEST_CASE("a method that was asked for is taken or refused with the reason, never replaced") {
  const MethodVerdict fits{true, "", "", 1};
  const MethodVerdict refused{false, "it is too old", "upgrade it", 1};
  for (const Method method : {Method::clone, Method::copy, Method::dump})
    CHECK(methodFor(method, fits, fits).method == method);
  CHECK(methodFor(Method::dump, refused, refused).method == Method::dump);
  for (const Method method : {Method::clone, Method::copy}) {
    try {
      methodFor(method, refused, refused);
      FAIL("it was not refused");
    } catch (const Error& e) {
      CHECK(e.code() == ExitCode::preflight);
      CHECK_THAT(e.what(), Catch::Contains("it is too old"));
      CHECK_THAT(e.remedy(), Catch::Contains("upgrade it"));
    }
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
