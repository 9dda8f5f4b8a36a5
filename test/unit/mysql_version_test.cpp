#include "base/error.h"
#include "mysql/version.h"
#include "support/catch.h"

using namespace dlpx;

TEST_CASE("a version is read from the server's and its programs' words") {
  CHECK(Version::parse("8.0.36").text() == "8.0.36");
  CHECK(Version::parse("8.0.36-28", "Percona Server (GPL), Release 28").flavour == Flavour::percona);
  CHECK(Version::parse("5.6.24-log").text() == "5.6.24");
  CHECK(Version::parse("/opt/mysql-8.4.1/bin/mysqld  Ver 8.4.2 for Linux on x86_64 (Source)").text() ==
        "8.4.2");
  CHECK(Version::parse("5.5.5-10.11.6-MariaDB-log").text() == "10.11.6");
  CHECK(Version::parse("5.5.5-10.11.6-MariaDB-log").isMariaDb());
  CHECK(Version::parse("mysql  Ver 15.1 Distrib 10.11.6-MariaDB, for debian-linux-gnu").text() == "10.11.6");
  CHECK_FALSE(Version::find("9.7").has_value());
  CHECK_THROWS_AS(Version::parse("no server here"), Error);
}

TEST_CASE("versions compare by number, not by text") {
  CHECK(Version{8, 0, 9} < Version{8, 0, 22});
  CHECK(Version{9, 7, 0} > Version{8, 4, 10});
  CHECK(Version{8, 0, 22}.atLeast(8, 0, 22));
  CHECK_FALSE(Version{8, 0, 21}.atLeast(8, 0, 22));
}

TEST_CASE("point releases of one series fit each other") {
  CHECK(sameSeries({8, 0, 11}, {8, 0, 42}));
  CHECK_FALSE(sameSeries({8, 0, 42}, {8, 4, 0}));
  CHECK_FALSE(sameSeries({9, 6, 0}, {9, 7, 0}));
  CHECK(Version{9, 7, 4}.series() == "9.7");
}

TEST_CASE("CLONE works within a series, and before 8.0.37 within one release") {
  CHECK(canClone({9, 7, 0}, {9, 7, 4}));
  CHECK(canClone({8, 0, 37}, {8, 0, 42}));
  CHECK(canClone({8, 0, 17}, {8, 0, 17}));
  CHECK_FALSE(canClone({8, 0, 36}, {8, 0, 37}));
  CHECK_FALSE(canClone({8, 0, 16}, {8, 0, 16}));
  CHECK_FALSE(canClone({8, 0, 42}, {8, 4, 0}));
}
