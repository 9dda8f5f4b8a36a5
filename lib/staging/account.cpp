#include "staging/account.h"

#include "base/error.h"
#include "base/text.h"
#include "mysql/dialect.h"
#include "mysql/privileges.h"

namespace dlpx {
namespace {

constexpr unsigned accessDenied = 1045;

const Secret& requirePassword(const Instance& instance, const StagingAccess& access) {
  if (access.adminPassword) return *access.adminPassword;
  throw Error(ExitCode::usage,
              "the password of staging's account " + instance.facts().adminUser + " is needed",
              "give it with --staging-password-file");
}

bool isWhole(const Instance& instance, const Secret& password) {
  try {
    Session session = instance.connect(instance.facts().adminUser, password);
    return Privileges::ofCurrentUser(session).missing({"SUPER", "CREATE USER", "RELOAD", "SHUTDOWN"}).empty();
  } catch (const SqlError& e) {
    if (e.number() != accessDenied) throw;
    return false;
  }
}

}  // namespace

std::vector<std::string> accountStatements(const std::string& user, const Secret& password,
                                           const Version& version) {
  const Dialect dialect(version);
  std::vector<std::string> statements = dialect.setPassword(user, "localhost", password);
  statements.push_back(dialect.grantAll(user, "localhost"));
  return statements;
}

bool repairAccount(const Instance& instance, const Secret& password, const Deadline& deadline) {
  const InstanceFacts& facts = instance.facts();
  if (instance.state() == InstanceState::running && isWhole(instance, password)) return false;
  instance.stop(deadline);
  std::vector<std::string> statements = {"SET SESSION sql_log_bin = 0", std::string(neutralSqlMode)};
  for (std::string& each : accountStatements(facts.adminUser, password, facts.version))
    statements.push_back(std::move(each));
  instance.start({.initStatements = join(statements, ";\n") + ";\n",
                  .onInitFailure = ExitCode::createUser,
                  .deadline = deadline});
  instance.connect(facts.adminUser, password, ExitCode::createUser);
  return true;
}

Session connectToStaging(const Instance& instance, const StagingAccess& access) {
  const Secret& password = requirePassword(instance, access);
  try {
    return instance.connect(instance.facts().adminUser, password);
  } catch (const SqlError& e) {
    if (e.number() != accessDenied) throw;
    throw Error(
        e.code(),
        "staging does not know the account " + quoteAccount(instance.facts().adminUser, "localhost") +
            " with this password: a restore may have replaced it",
        "if the password is right, put the account back: dlpx-mysql-stage start --repair-account --mount " +
            instance.mount().root().string(),
        instance.mount().errorLog());
  }
}

}  // namespace dlpx
