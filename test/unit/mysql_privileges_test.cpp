#include "mysql/privileges.h"
#include "support/catch.h"

using namespace dlpx;

TEST_CASE("global privileges are read from either version's rows") {
  const auto old = Privileges::parse(
      {"GRANT SELECT, REPLICATION  CLIENT ON *.* TO 'u'@'%' IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD16'"});
  CHECK(old.has("replication client"));
  CHECK(old.has("SELECT"));
  CHECK_FALSE(old.has("RELOAD"));
  CHECK_FALSE(old.hasGrantOption());
  const auto now = Privileges::parse({"GRANT SELECT, RELOAD ON *.* TO `u`@`%` WITH GRANT OPTION",
                                      "GRANT BACKUP_ADMIN,CLONE_ADMIN ON *.* TO `u`@`%`"});
  CHECK(now.has("BACKUP_ADMIN"));
  CHECK(now.has("CLONE_ADMIN"));
  CHECK(now.hasGrantOption());
  CHECK(now.missing({"SELECT", "EVENT", "CLONE_ADMIN", "TRIGGER"}) ==
        std::vector<std::string>{"EVENT", "TRIGGER"});
}

TEST_CASE("GRANT ALL grants everything on its level") {
  CHECK(Privileges::parse({"GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION"})
            .has("SUPER"));
  const auto one =
      Privileges::parse({"GRANT USAGE ON *.* TO `u`@`%`", "GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`%`"});
  CHECK_FALSE(one.has("SELECT"));
  CHECK(one.hasOn("SELECT", "shop"));
  CHECK(one.hasOn("SELECT", "shop", "orders"));
  CHECK_FALSE(one.hasOn("SELECT", "shop2"));
}

TEST_CASE("a database grant is a pattern") {
  const auto some =
      Privileges::parse({"GRANT SELECT ON `shop\\_%`.* TO `u`@`%`", "GRANT EVENT ON `a_c`.* TO `u`@`%`"});
  CHECK(some.hasOn("SELECT", "shop_eu"));
  CHECK_FALSE(some.hasOn("SELECT", "shopXeu"));
  CHECK(some.hasOn("EVENT", "abc"));
  CHECK_FALSE(some.hasOn("EVENT", "ac"));
}

TEST_CASE("table grants count for their table, column and routine grants for nothing") {
  const auto some = Privileges::parse({"GRANT SELECT, TRIGGER ON `shop`.`or``ders` TO `u`@`%`",
                                       "GRANT SELECT (`a`, `b)`), INSERT ON `shop`.`items` TO `u`@`%`",
                                       "GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `u`@`%`",
                                       "GRANT PROXY ON ``@`` TO `u`@`%`"});
  CHECK(some.hasOn("SELECT", "shop", "or`ders"));
  CHECK_FALSE(some.hasOn("SELECT", "shop"));
  CHECK_FALSE(some.hasOn("SELECT", "shop", "items"));
  CHECK(some.hasOn("INSERT", "shop", "items"));
  CHECK_FALSE(some.hasOn("EXECUTE", "shop", "p"));
}

TEST_CASE("partial revokes take a database out of a global grant") {
  const auto some =
      Privileges::parse({"GRANT SELECT ON *.* TO `u`@`%`", "REVOKE SELECT ON `hr`.* FROM `u`@`%`"});
  CHECK(some.hasOn("SELECT", "shop"));
  CHECK_FALSE(some.hasOn("SELECT", "hr"));
}

TEST_CASE("roles are listed") {
  const auto some = Privileges::parse({"GRANT `dev`@`%`,`it's`@`10.%` TO `u`@`%` WITH ADMIN OPTION"});
  CHECK(some.roles() == std::vector<std::string>{"`dev`@`%`", "`it's`@`10.%`"});
}

TEST_CASE("a row that is not understood grants nothing") {
  CHECK_FALSE(
      Privileges::parse({"", "GRANT", "GRANT SELECT", "nonsense ON *.* TO x", "GRANT ` ON"}).has("SELECT"));
}
