#include "support/catch.h"
#include "support/tools.h"

using namespace dlpx;
using test::Shop;

namespace {

constexpr std::string_view kCount = "SELECT COUNT(*) FROM shop.orders";
constexpr std::string_view kOrder = "INSERT INTO shop.orders (what) VALUES ('another')";

}  // namespace

TEST_CASE("the status of a dsource tells how far it is behind its source, and why it does not follow") {
  Shop shop;
  shop.link();
  const auto lag = [&] { return shop.host.json({"dlpx-mysql-engine", "status", "shop"}); };
  const auto text = [&] { return shop.host.tool({"dlpx-mysql-engine", "status"}).out; };
  REQUIRE(waitUntil(Deadline::in(Seconds(60)), [&] { return lag().value("lagSeconds", Json()) == 0; }));
  CHECK(lag().at("replication").at("lagTransactions") == 0);
  CHECK(text().find("0 ms") != std::string::npos);

  {
    Session blocker = shop.onStaging();
    blocker.execute("LOCK TABLES shop.orders READ");
    shop.source.root().execute(kOrder);
    Json behind;
    REQUIRE(waitUntil(Deadline::in(Seconds(60)), [&] {
      behind = lag();
      return behind.value("lagSeconds", Json(0)) > 1;
    }));
    CHECK(behind.at("replication").at("state") == "running");
    CHECK(behind.at("replication").at("lagTransactions") == 1);
    CHECK(text().find("0 ms") == std::string::npos);
    blocker.execute("UNLOCK TABLES");
  }
  REQUIRE(waitUntil(Deadline::in(Seconds(60)), [&] { return lag().value("lagSeconds", Json()) == 0; }));
  CHECK(shop.onStaging().number(kCount) == 1001);

  shop.source.stop();
  Json without;
  REQUIRE(waitUntil(Deadline::in(Seconds(60)), [&] {
    without = lag();
    return without.at("replication").at("state") == "connecting";
  }));
  CHECK_FALSE(without.contains("lagSeconds"));
  CHECK(without.at("status") == "ACTIVE");
  CHECK(text().find("connecting") != std::string::npos);
  CHECK(text().find("shop: replication is connecting; ") != std::string::npos);

  shop.source.start();
  shop.source.root().execute(kOrder);
  REQUIRE(waitUntil(Deadline::in(Seconds(90)), [&] { return shop.onStaging().number(kCount) == 1002; }));
  CHECK(lag().at("replication").at("state") == "running");
  shop.host.json({"dlpx-mysql-engine", "delete", "shop"});
}
