#include "vdb/accounts.h"

#include <algorithm>

#include "base/error.h"
#include "base/json_full.h"
#include "base/text.h"
#include "mysql/dialect.h"

namespace dlpx {

const std::vector<std::string> vdbUserHosts = {"%", "localhost", "127.0.0.1", "::1"};

namespace {

void require(bool holds, const std::string& otherwise) {
  if (holds) return;
  throw Error(ExitCode::unsafeClone, otherwise,
              "repeat the command on a new clone; report this when it happens again");
}

Rows readAccounts(Session& session) {
  return session.query(
      std::string_view("SELECT User, Host, account_locked, Super_priv = 'Y' AND Grant_priv = 'Y' AND "
                       "Create_user_priv = 'Y' AS rights FROM mysql.user WHERE User NOT IN "
                       "('mysql.sys', 'mysql.session', 'mysql.infoschema') ORDER BY User, Host"));
}

}  // namespace

std::vector<std::string> accountStatements(const VdbPlan& plan, const std::string& host) {
  const Dialect dialect(plan.instance.version);
  const std::string& user = plan.instance.adminUser;
  // Dropped first: no limit, second password, factor or partial revoke of the parent's account is left.
  std::vector<std::string> statements = {dialect.dropUser(user, host)};
  for (const std::string& statement : dialect.setPassword(user, host, plan.password))
    statements.push_back(statement);
  statements.push_back(dialect.grantAll(user, host));
  return statements;
}

void letUserInEverywhere(Session& session, const VdbPlan& plan) {
  for (const Row& row : session.query(
           "SELECT DISTINCT Host FROM mysql.user WHERE User IN ('', ?) AND Host <> '' AND Host NOT IN (?)",
           plan.instance.adminUser, vdbUserHosts)) {
    for (const std::string& statement : accountStatements(plan, row.text("Host")))
      session.execute(std::string_view(statement));
  }
}

Json proveAccounts(Session& session, const VdbPlan& plan, ContractReport& report) {
  Json names = Json::array();
  uint64_t locked = 0;
  std::vector<std::string> open, hosts;
  for (const Row& row : readAccounts(session)) {
    const std::string account = row.text("User") + "@" + row.text("Host");
    const bool isLocked = row.text("account_locked") == "Y";
    if (row.text("User") == plan.instance.adminUser) {
      require(!isLocked, "the account " + account + " is locked");
      require(row.text("rights") == "1", "the account " + account + " has not all rights");
      report.add(5, account + " has the given password and full rights");
      hosts.push_back(row.text("Host"));
      continue;
    }
    names.push_back(account);
    if (isLocked) {
      ++locked;
    } else {
      open.push_back(account);
    }
  }
  for (const std::string& host : vdbUserHosts)
    require(std::count(hosts.begin(), hosts.end(), host) == 1,
            "there is no account " + plan.instance.adminUser + "@" + host);
  if (plan.vdb.lockAccounts) require(open.empty(), "accounts are not locked: " + join(open, ", "));
  const size_t total = names.size();
  report.add(5, std::to_string(total) + " other accounts came along, " + std::to_string(locked) + " locked");
  return {{"total", total}, {"locked", locked}, {"names", names}};
}

}  // namespace dlpx
