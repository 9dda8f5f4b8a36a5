#include "support/backup_servers.h"

#include "base/error.h"
#include "mysql/dialect.h"
#include "process/command.h"

namespace dlpx::test {
namespace {

const std::string password = "it's \"q\" \\ $HOME `x` ü#;";

}  // namespace

const std::string dumpPrivileges =
    "SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT, PROCESS, REPLICATION CLIENT, SHOW_ROUTINE";

Installation testInstallation() {
  return installationAt(mysqlDirectory() / "9.7");
}

fs::path dump(const MysqlServer& server, const fs::path& file, const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{testInstallation().program("mysqldump").string(), "--no-defaults", "-uroot",
                                "--socket=" + server.socket().string(), "--result-file=" + file.string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  runChecked({.argv = argv}, ExitCode::internal, "mysqldump failed");
  return file;
}

ConnectionOptions createAccount(MysqlServer& server, const std::string& privileges) {
  static int count = 0;
  const std::string user = "copy 'er\" " + std::to_string(++count);
  Session root = server.root();
  root.execute("CREATE USER ?@'%' IDENTIFIED BY ?", user, password);
  root.execute(std::string_view("GRANT " + privileges + " ON *.* TO " + quoteAccount(user, "%")));
  return server.tcpOptions(user, Secret(password));
}

void replicateToNow(MysqlServer& source, MysqlServer& replica, const Coordinates& from) {
  Session root = source.root();
  root.execute("CREATE USER IF NOT EXISTS 'repl'@'%' IDENTIFIED BY 'repl'");
  root.execute("GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'");
  Session session = replica.root();
  const Dialect dialect(session.version());
  ReplicationSourceOptions options;
  options.source = source.tcpOptions("repl", Secret("repl")).endpoint;
  options.autoPosition = from.usesGtid;
  if (!from.usesGtid) options.position = from.position;
  options.sourceOffersTls = true;
  session.execute(std::string_view(dialect.changeReplicationSource(options)));
  session.execute(std::string_view(dialect.startReplica("repl", Secret("repl"))));
  const Coordinates end =
      dialect.coordinates(root.query(std::string_view(dialect.showBinaryLogStatus())).at(0));
  const auto result =
      session.value("SELECT SOURCE_POS_WAIT(?, ?, 60)", end.position->file, end.position->position);
  const ReplicaStatus status =
      dialect.replicaStatus(session.query(std::string_view(dialect.showReplicaStatus())).at(0));
  if (!result || *result == "-1" || status.applierProblem.number != 0) {
    throw Error(ExitCode::replication, "replication failed: " + status.applierProblem.message + " " +
                                           status.receiverProblem.message + " " + result.value_or("NULL"));
  }
  session.execute(std::string_view(dialect.stopReplica()));
}

}  // namespace dlpx::test
