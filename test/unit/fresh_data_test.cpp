#include "backup/fresh_data.h"

#include "support/catch.h"

using namespace dlpx;

namespace {

const std::string settings =
    "[client]\nsocket=/a/mysql.sock\n[mysqld]\ndatadir=/a/"
    "data\nport=3306\nserver-id=7\ninnodb_page_size=16k\n";

std::optional<std::string> key(const std::string& text, const Version& version = {9, 7, 4},
                               const std::string& stamp = "1:2:3",
                               const std::vector<std::string>& options = {}) {
  return freshDataKey(version, stamp, options, OptionFile::parse(text, "my.cnf"));
}

}  // namespace

TEST_CASE("servers that differ in places, port and ids share an empty data directory") {
  const auto one = key(settings);
  REQUIRE(one);
  CHECK(key("[client]\nsocket=/b.sock\nport=1\n[mysqld]\ndatadir=/b/data\nport=3307\nserver_id=8\nlog-error=/"
            "b/err\n"
            "bind-address=::1\npid-file=/b/pid\ntmpdir=/"
            "b\nreplicate-wild-do-table=a.%\ninnodb_page_size=16k\n") == one);
}

TEST_CASE("servers of another binary, option or setting do not") {
  const auto one = key(settings);
  CHECK(key(settings + "lower_case_table_names=1\n") != one);
  CHECK(key(settings + "innodb_page_size=8k\n") != one);
  CHECK(key(settings + "[mysqld-9.7]\ndefault_table_encryption=ON\n") != one);
  CHECK(key(settings, {9, 7, 5}) != one);
  CHECK(key(settings, {9, 7, 4}, "1:2:4") != one);
  CHECK(key(settings, {9, 7, 4}, "1:2:3", {"--auto-generate-certs=OFF"}) != one);
}

TEST_CASE("a server that is to be filled by CLONE is like others") {
  CHECK(key(settings + "plugin-load-add=mysql_clone.so\n"));
  CHECK_FALSE(key(settings + "plugin-load-add=mysql_clone.so\nplugin-load-add=validate_password.so\n"));
  CHECK_FALSE(key(settings + "plugin-load-add=x=mysql_clone.so;validate_password.so\n"));
}

TEST_CASE("nothing is kept of old servers, unknown binaries, and those that load code or need keys") {
  CHECK_FALSE(key(settings, {5, 7, 40}));
  CHECK_FALSE(key(settings, {9, 7, 4}, ""));
  for (const char* more : {"plugin-load-add=validate_password.so", "loose_plugin_load=a.so",
                           "early-plugin-load=keyring.so", "init-file=/x.sql", "keyring_file_data=/k"}) {
    CAPTURE(more);
    CHECK_FALSE(key(settings + more + "\n"));
  }
}
