// Which snapshots retention keeps, by their times.

#include <algorithm>

#include "engine/workflow_checks.h"
#include "support/catch.h"
#include "support/engine_host.h"

using namespace dlpx;
using Names = std::vector<std::string>;
using Host = test::EngineHost;

TEST_CASE("retention keeps the newest of as many hours, days and weeks as are asked for") {
  Host host;
  Catalogue& catalogue = host.engine.catalogue();
  EngineObject shop;
  shop.name = "shop";
  shop.pool = "plain";
  shop.pending = Pending::none;
  catalogue.addObject(shop);
  // A Friday and a Saturday, and the Monday after.
  for (const auto& [name, created] :
       std::vector<std::pair<std::string, std::string>>{{"a", "2026-01-30T10:10:00Z"},
                                                        {"b", "2026-01-30T10:59:59Z"},
                                                        {"c", "2026-01-30T11:05:00Z"},
                                                        {"d", "2026-01-31T11:00:00Z"},
                                                        {"e", "2026-02-02T12:00:00Z"},
                                                        {"f", "2026-02-02T12:59:59Z"},
                                                        {"g", "2026-02-02T13:00:00Z"}}) {
    const SnapshotRecord snapshot{0, shop.id, name, {}, "{}", created};
    catalogue.save(shop, &snapshot);
  }
  const auto kept = [&](const RetentionPolicy& policy) {
    const RetentionResult result = chooseForRemoval(host.engine, "shop", policy);
    std::string names;
    for (const SnapshotRecord& snapshot : catalogue.snapshots(shop)) {
      const std::string full = "shop@" + snapshot.name;
      if (std::count(result.removed.begin(), result.removed.end(), full) == 0) names += snapshot.name;
    }
    return names;
  };
  CHECK(kept({.keepHourly = 1}) == "g");
  CHECK(kept({.keepHourly = 2}) == "fg");
  CHECK(kept({.keepHourly = 4}) == "cdfg");  // hours that have none do not count
  CHECK(kept({.keepHourly = 24}) == "bcdfg");
  CHECK(kept({.keepDaily = 2}) == "dg");
  CHECK(kept({.keepWeekly = 2}) == "dg");
  CHECK(kept({.keepLast = 3, .keepHourly = 3, .keepDaily = 3}) == "cdefg");
  CHECK(kept({.keepFor = Seconds(60)}) == "g");

  EngineObject dev = shop;
  dev.name = "dev";
  dev.kind = ObjectKind::vdb;
  dev.parent = shop.id;
  dev.origin = catalogue.snapshot(shop, "e").id;
  dev.port = 0;
  dev.serverId = 0;
  catalogue.addObject(dev);
  const RetentionResult result = applyRetention(host.engine, "shop", {.keepHourly = 2});
  CHECK(result.removed == Names{"shop@d", "shop@c", "shop@b", "shop@a"});
  CHECK(result.inUse == Names{"shop@e"});
  catalogue.removeObject(dev);
  CHECK(applyRetention(host.engine, "shop", {.keepHourly = 2}).removed == Names{"shop@e"});
  CHECK(catalogue.snapshots(shop).size() == 2);
}
