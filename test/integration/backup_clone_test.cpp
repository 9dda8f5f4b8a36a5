#include "backup/clone.h"

#include "backup/schema.h"
#include "base/error.h"
#include "base/text.h"
#include "support/backup_servers.h"
#include "support/catch.h"
#include "support/shop.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

constexpr uint64_t plenty = 1ULL << 50;
const std::string clonePrivileges = "SELECT, PROCESS, REPLICATION CLIENT, BACKUP_ADMIN";

std::vector<std::string> asArguments(const std::vector<Option>& options) {
  std::vector<std::string> result;
  for (const Option& option : options) result.push_back(option.name + "=" + option.value.value_or(""));
  return result;
}

std::string reasonAgainst(const ConnectionOptions& account, const std::vector<std::string>& databases = {},
                          uint64_t freeBytes = plenty) {
  Session source = Session::connect(account);
  const MethodVerdict verdict = cloneFits(source, account, testInstallation(), databases, freeBytes);
  CHECK(verdict.fits == verdict.reason.empty());
  return verdict.reason;
}

}  // namespace

TEST_CASE("a clone under load holds everything, tells its place, and replicates on without a gap") {
  MysqlServer source({"9.7",
                      {"gtid-mode=ON", "enforce-gtid-consistency=ON", "plugin-load-add=mysql_clone.so",
                       "character-set-server=latin1", "max-allowed-packet=32M"}});
  Session root = source.root();
  createShop(root, {2000, 100, 10000, 30000});
  std::vector<std::string> databases = createOddSchema(root);
  databases.push_back("shop");
  const ConnectionOptions account = createAccount(source, clonePrivileges);
  Session reader = Session::connect(account);
  const MethodVerdict verdict = cloneFits(reader, account, testInstallation(), {}, plenty);
  INFO(verdict.reason);
  REQUIRE(verdict.fits);
  CHECK(verdict.bytes > 1'000'000);

  std::vector<std::string> options = asArguments(cloneRecipientOptions(reader));
  CHECK(std::count(options.begin(), options.end(), "character_set_server=latin1") == 1);
  options.insert(options.end(), {"gtid-mode=ON", "enforce-gtid-consistency=ON", "skip-replica-start"});
  MysqlServer target({"9.7", options});
  Coordinates coordinates;
  {
    WriteLoad load(source.rootOptions(), 3, Milliseconds(1));
    cloneInto({account, target.rootOptions(), Deadline::in(Seconds(120))});
    CHECK(load.longestStatement() < Seconds(5));
    const uint64_t before = load.transactions();
    CHECK(waitUntil(Deadline::in(Seconds(10)), [&] { return load.transactions() > before + 20; }));
    load.stop();
  }
  target.restart();
  Session copy = target.root();
  coordinates = cloneCoordinates(copy, true);
  CHECK(coordinates.usesGtid);
  CHECK(coordinates.position.has_value());
  CHECK_FALSE(coordinates.gtids.empty());
  CHECK(coordinates.gtids == GtidSet::parse(*copy.value("SELECT @@gtid_executed")));
  CHECK(tallyProblem(copy) == "");
  replicateToNow(source, target, coordinates);
  CHECK(tallyProblem(copy) == "");
  root.execute("DROP VIEW odd.v_invalid");
  copy.execute("DROP VIEW odd.v_invalid");
  const auto found = differences(root, copy, databases);
  INFO(join(found, "\n"));
  CHECK(found.empty());
}

TEST_CASE("clone is refused for what it cannot copy, and the reason says for what") {
  MysqlServer source({"9.7", {"plugin-load-add=mysql_clone.so"}});
  Session root = source.root();
  createShop(root, {100, 10, 100, 200});
  root.execute("CREATE DATABASE other");
  const ConnectionOptions account = createAccount(source, clonePrivileges);
  CHECK(reasonAgainst(account) == "");
  CHECK(reasonAgainst(account, {"other", "shop"}) == "");
  CHECK_THAT(reasonAgainst(account, {"shop"}), Catch::Contains("only some are wanted"));
  CHECK_THAT(reasonAgainst(account, {}, 1000), Catch::Contains("1.0 kB are free"));
  CHECK_THAT(reasonAgainst(createAccount(source, "SELECT")), Catch::Contains("lacks BACKUP_ADMIN, PROCESS"));

  root.execute("CREATE TABLE other.m (id INT) ENGINE = MyISAM");
  CHECK_THAT(reasonAgainst(account), Catch::Contains("other.m (MyISAM)"));
  root.execute("DROP TABLE other.m");
  root.execute("UNINSTALL PLUGIN clone");
  CHECK_THAT(reasonAgainst(account), Catch::Contains("clone plugin is not active"));
  ConnectionOptions bySocket = source.rootOptions();
  CHECK_THAT(reasonAgainst(bySocket), Catch::Contains("needs TCP"));
}

TEST_CASE("a clone that is refused or comes too late ends with the server's words or a timeout") {
  MysqlServer source({"9.7", {"plugin-load-add=mysql_clone.so"}});
  MysqlServer target({"9.7", {"plugin-load-add=mysql_clone.so"}});
  const ConnectionOptions poor = createAccount(source, "SELECT");
  try {
    cloneInto({poor, target.rootOptions(), Deadline::in(Seconds(60))});
    FAIL("the clone was not refused");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::backup);
    CHECK_THAT(e.what(), Catch::Contains("BACKUP_ADMIN"));
    CHECK_THAT(e.what(), !Catch::Contains("$HOME"));
  }
  const ConnectionOptions account = createAccount(source, clonePrivileges);
  try {
    cloneInto({account, target.rootOptions(), Deadline::in(Milliseconds(1))});
    FAIL("the clone did not time out");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::timeout);
  }
  Session root = source.root();
  CHECK(root.number("SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_COMMAND = 'Clone'") ==
        0);
}
