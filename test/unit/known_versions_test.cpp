#include "server/known_versions.h"

#include <cstdlib>

#include "support/catch.h"
#include "support/scratch.h"

using namespace dlpx;

TEST_CASE("a version is known of exactly the binary that told it, and of no script") {
  const test::Scratch scratch;
  setenv("DLPX_MYSQL_REGISTRY", (scratch / "state" / "instances").c_str(), 1);
  const fs::path basedir = scratch / "mysql", mysqld = basedir / "bin" / "mysqld";
  fs::create_directories(mysqld.parent_path());
  const auto isKnown = [&] {
    const auto found = known_versions::find(basedir);
    if (found) CHECK((found->basedir == basedir && found->mysqld == mysqld));
    return found && found->version == Version{9, 7, 4};
  };
  known_versions::note(mysqld, {9, 7, 4});
  CHECK_FALSE(isKnown());

  fs::copy_file("/bin/true", mysqld);
  CHECK_FALSE(isKnown());
  known_versions::note(mysqld, {9, 7, 4});
  CHECK(isKnown());
  SECTION("another file in its place") {
    fs::rename(mysqld, basedir / "old");
    fs::copy_file("/bin/true", mysqld);
    CHECK_FALSE(isKnown());
    known_versions::note(mysqld, {9, 7, 5});
    CHECK(known_versions::find(basedir)->version == Version{9, 7, 5});
  }
  SECTION("another one in the same file") {
    fs::resize_file(mysqld, fs::file_size(mysqld) + 1);
    CHECK_FALSE(isKnown());
  }
  SECTION("it cannot be executed") {
    fs::permissions(mysqld, fs::perms::owner_read);
    CHECK_FALSE(isKnown());
  }
  SECTION("a script") {
    fs::remove(mysqld);
    writeFile(mysqld, "#!/bin/sh\necho 'mysqld  Ver 9.7.4'\n", {0755, std::nullopt});
    known_versions::note(mysqld, {9, 7, 4});
    CHECK_FALSE(isKnown());
  }
  SECTION("what was kept cannot be read") {
    writeFile(scratch / "state" / "versions.json", "[{");
    CHECK_FALSE(isKnown());
    known_versions::note(mysqld, {9, 7, 4});
    CHECK(isKnown());
  }
  SECTION("what is gone is kept no longer") {
    fs::create_directories(scratch / "other" / "bin");
    fs::copy_file("/bin/true", scratch / "other" / "bin" / "mysqld");
    fs::remove(mysqld);
    known_versions::note(scratch / "other" / "bin" / "mysqld", {9, 7, 4});
    CHECK(readFile(scratch / "state" / "versions.json").find(basedir.string()) == std::string::npos);
  }
  unsetenv("DLPX_MYSQL_REGISTRY");
}
