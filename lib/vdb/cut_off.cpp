#include "vdb/cut_off.h"

#include "base/text.h"
#include "mysql/dialect.h"
#include "vdb/accounts.h"
#include "vdb/options.h"

namespace dlpx {

namespace {

std::string lines(const std::vector<std::string>& statements) {
  return join(statements, ";\n") + ";\n";
}

void addAccounts(std::vector<std::string>& statements, const VdbPlan& plan) {
  for (const std::string& host : vdbUserHosts) {
    for (const std::string& statement : accountStatements(plan, host)) statements.push_back(statement);
  }
}

// The server's own accounts are locked from the start; roles, too.
void lockOthers(std::vector<std::string>& statements, const VdbPlan& plan) {
  statements.push_back(
      sql("UPDATE mysql.user SET account_locked = 'Y' WHERE User <> ?", plan.instance.adminUser));
  statements.push_back("FLUSH LOCAL PRIVILEGES");
}

}  // namespace

std::string gtidKeeper(const Version& version) {
  if (!version.atLeast(5, 7, 6)) return {};
  return version.atLeast(8, 0, 26) ? "init_replica" : "init_slave";
}

std::vector<std::string> cutOffOptions(const VdbPlan& plan, const ParentSettings& parent) {
  const Dialect dialect(plan.instance.version);
  std::vector<std::string> options = {"--offline-mode=ON", "--event-scheduler=OFF"};
  for (const Option& option : dialect.option(Setting::skipReplicaStart, "ON"))
    options.push_back("--" + option.name + "=" + option.value.value_or("ON"));
  // my.cnf of a replica has them on; the init statements must be let through.
  if (plan.vdb.isReplica()) {
    options.push_back("--read-only=OFF");
    for (const Option& option : dialect.option(Setting::superReadOnly, "OFF"))
      options.push_back("--" + option.name + "=" + option.value.value_or("OFF"));
  }
  // Recovery needs the parent's binary log, whatever the user's settings say of the VDB's own.
  if (!parent.logBin.empty()) options.push_back("--log-bin=" + parent.logBin);
  return options;
}

std::string cutOffStatements(const VdbPlan& plan) {
  const Dialect dialect(plan.instance.version);
  std::vector<std::string> statements = {"SET SESSION sql_log_bin = 0", std::string(neutralSqlMode),
                                         "SET NAMES utf8mb4"};
  if (const std::string keeper = gtidKeeper(plan.instance.version); !keeper.empty())
    statements.push_back("SET GLOBAL " + keeper + " = @@GLOBAL.gtid_executed");
  statements.push_back(dialect.resetReplicaAll());
  // Without a binary log the statement is refused by some versions; my.cnf of a VDB has one.
  statements.push_back(dialect.resetBinaryLogsAndGtids());
  addAccounts(statements, plan);
  if (plan.vdb.lockAccounts) lockOthers(statements, plan);
  return lines(statements);
}

std::string firstAccountStatements(const VdbPlan& plan) {
  std::vector<std::string> statements = {"SET SESSION sql_log_bin = 0", std::string(neutralSqlMode),
                                         "SET NAMES utf8mb4"};
  if (plan.instance.adminUser != "root") statements.push_back("ALTER USER 'root'@'localhost' ACCOUNT LOCK");
  addAccounts(statements, plan);
  return lines(statements);
}

}  // namespace dlpx
