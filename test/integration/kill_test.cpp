// Our process is stopped by SIGKILL at every step of its journal; the same command then finishes or undoes
// the work.

#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "support/catch.h"
#include "support/paths.h"
#include "support/tools.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

std::vector<std::string> stepsIn(const fs::path& log) {
  std::vector<std::string> lines = split(readFileIfThere(log).value_or(""), '\n');
  lines.pop_back();
  return lines;
}

// Runs `command` to its end once, undoes it by `reset`, and then, for each step that it journalled, kills it
// there, repeats it, and asks `check`.
void killAtEveryStep(const Host& host, const std::vector<std::string>& command,
                     const std::function<void()>& reset, const std::function<void()>& check) {
  const fs::path log = host / "steps";
  std::map<std::string, std::string> environment{{"LD_PRELOAD", killAtStepLibrary()},
                                                 {"KILL_AT_STEP_LOG", log}};
  const Finished whole = host.tool(command, environment);
  INFO(whole.err);
  REQUIRE(whole.ok());
  check();
  const std::vector<std::string> steps = stepsIn(log);
  REQUIRE(steps.size() > 2);
  for (size_t step = 1; step <= steps.size(); ++step) {
    INFO("killed at step " << step << " of " << steps.size() << ", " << steps[step - 1]);
    reset();
    fs::remove(log);
    environment["KILL_AT_STEP_INDEX"] = std::to_string(step);
    const Finished killed = host.tool(command, environment);
    REQUIRE_FALSE(killed.ok());
    const Finished repeated = host.tool(command);
    INFO(repeated.err);
    REQUIRE(repeated.ok());
    check();
  }
}

size_t serversOf(const Host& host) {
  size_t count = 0;
  for (const std::string& process : host.processesLeft())
    count += process.find("mysqld") != std::string::npos ? 1 : 0;
  return count;
}

constexpr std::string_view countOrders = "SELECT COUNT(*) FROM shop.orders";

}  // namespace

TEST_CASE("a link killed at any step is finished by the same command") {
  const Shop shop;
  const auto reset = [&] { shop.host.json({"dlpx-mysql-engine", "delete", "shop"}); };
  killAtEveryStep(shop.host, shop.linkCommand(), reset, [&] {
    CHECK(shop.onStaging().number(countOrders) == 1000);
    CHECK(serversOf(shop.host) == 1);
  });
  reset();
  CHECK(shop.host.processesLeft().empty());
}

TEST_CASE("a sync killed at any step is finished by the same command, and what it lists can be provisioned") {
  const Shop shop;
  shop.link();
  killAtEveryStep(
      shop.host, {"dlpx-mysql-engine", "sync", "shop"}, [] {}, [&] { CHECK(serversOf(shop.host) == 1); });
  const uint16_t port = test::freePort();
  shop.provision("dev", port);
  CHECK(shop.onVdb(port).number(countOrders) == 1000);
}

TEST_CASE("a provision killed at any step is finished by the same command") {
  const Shop shop;
  shop.link();
  const uint16_t port = test::freePort();
  const auto reset = [&] { shop.host.json({"dlpx-mysql-engine", "delete", "dev"}); };
  killAtEveryStep(shop.host, shop.provisionCommand("dev", port), reset, [&] {
    CHECK(shop.onVdb(port).number(countOrders) == 1000);
    CHECK(serversOf(shop.host) == 2);
  });
}

TEST_CASE("a delete killed at any step is finished by the same command") {
  const Shop shop;
  shop.link();
  const auto reset = [&] { shop.provision("dev", test::freePort()); };
  reset();
  killAtEveryStep(shop.host, {"dlpx-mysql-engine", "delete", "dev"}, reset,
                  [&] { CHECK(serversOf(shop.host) == 1); });
  CHECK(shop.onStaging().number(countOrders) == 1000);
}
