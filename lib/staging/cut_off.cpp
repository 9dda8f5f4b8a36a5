#include "staging/cut_off.h"

#include "base/error.h"
#include "base/text.h"
#include "mysql/dialect.h"

namespace dlpx {
namespace {

void require(bool holds, const std::string& fact) {
  if (holds) return;
  throw Error(ExitCode::serverStart, "after the clone " + fact,
              "repeat the command; report this when it happens again");
}

}  // namespace

AdminCredential readCredential(Session& session, const std::string& user) {
  const Rows rows = session.query(
      "SELECT plugin, HEX(authentication_string) AS hash FROM mysql.user WHERE User = ? AND Host = ?", user,
      "localhost");
  if (rows.empty())
    throw Error(ExitCode::createUser, "staging has no account " + quoteAccount(user, "localhost"),
                "repeat the command");
  return {user, rows.front().text("plugin"), rows.front().text("hash")};
}

std::string cutOffStatements(const AdminCredential& admin, const Version& version) {
  const Dialect dialect(version);
  const std::string account = quoteAccount(admin.user, "localhost");
  const std::string identified =
      " IDENTIFIED WITH " + quoteString(admin.plugin) + " AS 0x" + admin.hexHash + " REQUIRE NONE";
  std::vector<std::string> statements = {
      "SET SESSION sql_log_bin = 0",
      std::string(neutralSqlMode),
      dialect.resetReplicaAll(),
      "CREATE USER IF NOT EXISTS " + account + identified,
      "ALTER USER " + account + identified + " PASSWORD EXPIRE NEVER ACCOUNT UNLOCK",
      dialect.grantAll(admin.user, "localhost")};
  if (dialect.hasOfflineMode()) statements.push_back("SET GLOBAL offline_mode = OFF");
  return join(statements, ";\n") + ";\n";
}

std::vector<std::string> cutOffOptions(const Version& version) {
  std::vector<std::string> options;
  const Dialect dialect(version);
  if (dialect.hasOfflineMode()) options.push_back("--offline-mode=ON");
  for (const Option& option : dialect.option(Setting::skipReplicaStart, "ON"))
    options.push_back("--" + option.name + "=" + option.value.value_or("ON"));
  options.push_back("--event-scheduler=OFF");
  return options;
}

void proveCutOff(Session& session, const std::string& sourceUuid) {
  const Dialect dialect(session.version());
  require(session.query(std::string_view(dialect.showReplicaStatus())).empty(),
          "a replication channel of the donor is still there");
  require(toLower(session.variable("event_scheduler")) == "off", "the event scheduler runs");
  require(session.variable("server_uuid") != sourceUuid, "staging has the source's server UUID");
  if (dialect.hasOfflineMode())
    require(session.number("SELECT @@GLOBAL.offline_mode") == 0, "staging is still offline");
}

}  // namespace dlpx
