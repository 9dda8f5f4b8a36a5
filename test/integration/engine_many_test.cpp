// Many VDBs of one snapshot on one host.

#include <atomic>
#include <set>
#include <thread>

#include "base/text.h"
#include "process/proc.h"
#include "support/catch.h"
#include "support/tools.h"

using namespace dlpx;
using test::Shop;

namespace {

constexpr unsigned kVdbs = 20;
constexpr unsigned kAtOnce = 4;
constexpr std::string_view kCount = "SELECT COUNT(*) FROM shop.orders";

std::string nameOf(unsigned number) {
  return "dev" + std::to_string(number);
}

// Calls `work` with 1 to kVdbs, from several threads.
void atOnce(const std::function<void(unsigned)>& work) {
  std::atomic<unsigned> next{1};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kAtOnce; ++i) {
    threads.emplace_back([&] {
      for (unsigned number = next++; number <= kVdbs; number = next++) work(number);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("twenty small vdbs of one snapshot are provisioned several at once, answer, and stop") {
  const Shop shop;
  shop.link();
  std::set<uint16_t> ports;
  while (ports.size() < kVdbs) ports.insert(test::freePort());
  const std::vector<uint16_t> portOf(ports.begin(), ports.end());

  std::vector<Finished> made(kVdbs + 1), deleted(kVdbs + 1);
  atOnce([&](unsigned number) {
    std::vector<std::string> command = shop.provisionCommand(nameOf(number), portOf[number - 1]);
    command.insert(command.end(), {"--profile", "small"});
    made[number] = shop.host.tool(command);
  });
  std::set<std::string> uuids;
  for (unsigned number = 1; number <= kVdbs; ++number) {
    INFO(nameOf(number) << ": " << made[number].err);
    REQUIRE(made[number].ok());
    Session vdb = shop.onVdb(portOf[number - 1]);
    CHECK(vdb.number(kCount) == 1000);
    vdb.execute("DELETE FROM shop.orders WHERE id <= " + std::to_string(number));
    uuids.insert(vdb.variable("server_uuid"));
  }
  CHECK(uuids.size() == kVdbs);
  // Each has its own rows: nothing is shared but what nobody wrote.
  for (unsigned number = 1; number <= kVdbs; ++number)
    CHECK(shop.onVdb(portOf[number - 1]).number(kCount) == 1000 - number);
  CHECK(shop.onStaging().number(kCount) == 1000);
  // A name and a port that are taken are refused, whoever is first.
  CHECK_FALSE(shop.host.tool(shop.provisionCommand(nameOf(1), test::freePort())).ok());
  CHECK_FALSE(shop.host.tool(shop.provisionCommand("other", portOf[0])).ok());

  // Disabled: no process and no open file is left on the mount.
  const fs::path mount =
      shop.host.json({"dlpx-mysql-engine", "status", nameOf(1)}).at("mount").get<std::string>();
  shop.host.json({"dlpx-mysql-engine", "disable", nameOf(1)});
  CHECK(processesUsing(mount).empty());
  atOnce([&](unsigned number) {
    deleted[number] = shop.host.tool({"dlpx-mysql-engine", "delete", nameOf(number)});
  });
  for (unsigned number = 1; number <= kVdbs; ++number) {
    INFO(nameOf(number) << ": " << deleted[number].err);
    CHECK(deleted[number].ok());
    CHECK_FALSE(listenerOf(portOf[number - 1]));
  }
  CHECK(shop.host.json({"dlpx-mysql-engine", "list"}).dump().find("dev") == std::string::npos);
}
