#include "backup/source_snapshot.h"
#include "base/error.h"
#include "replication/channel.h"
#include "support/catch.h"
#include "support/mysql_server.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

const Secret password("it's \"a\" $x\\ é");  // 17 bytes
const std::vector<std::string> noGtids = {"gtid-mode=OFF", "enforce-gtid-consistency=OFF"};
const std::vector<std::string> gtids = {"gtid-mode=ON", "enforce-gtid-consistency=ON"};

std::vector<std::string> with(std::vector<std::string> options, const std::vector<std::string>& more) {
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

void createReplicationAccount(Session& source) {
  const Dialect dialect(source.version());
  for (const std::string& statement : dialect.setPassword("repl", "%", password))
    source.execute(std::string_view(statement));
  source.execute(std::string_view(dialect.grant(dialect.privilegesToReplicate(), "repl", "%")));
  // An anonymous account of the local host would shadow ours.
  source.execute("DELETE FROM mysql.user WHERE User = ''");
  source.execute("FLUSH PRIVILEGES");
}

// A replica that holds what the source holds: nothing but its accounts, which do not replicate here.
Coordinates emptyStart(Session& source, Session& replica, bool gtid) {
  source.execute(std::string_view(Dialect(source.version()).resetBinaryLogsAndGtids()));
  replica.execute(std::string_view(Dialect(replica.version()).resetBinaryLogsAndGtids()));
  Coordinates coordinates = currentCoordinates(source);
  coordinates.usesGtid = gtid;
  return coordinates;
}

ChannelSource sourceOf(const MysqlServer& server) {
  ChannelSource source;
  source.source = {"127.0.0.1", server.port(), {}};
  return source;
}

void writeRows(Session& source) {
  source.execute("CREATE DATABASE shop");
  source.execute("CREATE TABLE shop.t (id INT PRIMARY KEY) ENGINE=InnoDB");
  source.execute("INSERT INTO shop.t VALUES (1), (2), (3)");
}

Deadline soon() {
  return Deadline::in(Seconds(30));
}

// Configures, starts, follows and stops one channel.
void replicates(MysqlServer& sourceServer, MysqlServer& replicaServer, bool gtid) {
  Session source = sourceServer.root();
  Session replica = replicaServer.root();
  createReplicationAccount(source);
  const Coordinates from = emptyStart(source, replica, gtid);
  Channel channel(replica);
  CHECK(channel.status().state == ChannelState::notConfigured);

  channel.configure(sourceOf(sourceServer), from);
  CHECK(channel.status().state == ChannelState::stopped);
  channel.start("repl", password);
  const ChannelStatus running = channel.waitUntilRunning(soon());
  CHECK(running.state == ChannelState::running);
  CHECK(running.replica.autoPosition == gtid);

  writeRows(source);
  Coordinates to = currentCoordinates(source);
  if (gtid) {
    channel.waitForGtids(to.gtids, soon());
  } else {
    channel.waitForPosition(*to.position, soon());
  }
  channel.waitForLag(0, soon());
  CHECK(replica.number("SELECT COUNT(*) FROM shop.t") == 3);

  channel.stop(replicaServer.rootOptions(), soon());
  CHECK(channel.status().state == ChannelState::stopped);
  channel.start("repl", password);
  CHECK(channel.waitUntilRunning(soon()).state == ChannelState::running);
}

}  // namespace

TEST_CASE("a 9.7 replica follows by GTID, and neither user nor password are stored") {
  MysqlServer source({.options = gtids}), replica({.options = gtids});
  replicates(source, replica, true);
  Session session = replica.root();
  const Rows rows = session.query("SELECT User_name, User_password FROM mysql.slave_master_info");
  REQUIRE(rows.size() == 1);
  CHECK(rows.front().text("User_name").empty());
  CHECK(rows.front().text("User_password").empty());
}

TEST_CASE("a 9.7 replica follows by file and position") {
  MysqlServer source({.options = noGtids}), replica({.options = noGtids});
  replicates(source, replica, false);
}

TEST_CASE("the legacy dialect: a 5.6 replica follows a 5.6 source by file and position") {
  MysqlServer source({.version = "5.6", .options = {"log-bin=bin"}}),
      replica({.version = "5.6", .options = {"log-bin=bin"}});
  replicates(source, replica, false);
}

TEST_CASE("the legacy dialect: a 5.6 replica follows a 5.6 source by GTID") {
  const std::vector<std::string> options = with(gtids, {"log-bin=bin", "log-slave-updates"});
  MysqlServer source({.version = "5.6", .options = options}), replica({.version = "5.6", .options = options});
  replicates(source, replica, true);
}

TEST_CASE("a wrong replication password ends the wait at once, with the server's own words") {
  MysqlServer source({.options = gtids}), replica({.options = gtids});
  Session sourceSession = source.root(), session = replica.root();
  createReplicationAccount(sourceSession);
  Channel channel(session);
  channel.configure(sourceOf(source), emptyStart(sourceSession, session, true));
  channel.start("repl", Secret("wrong"));
  const Deadline deadline = Deadline::in(Seconds(60));
  try {
    channel.waitUntilRunning(deadline);
    FAIL("a wrong password was accepted");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::replication);
    CHECK(std::string(e.what()).find("Access denied for user 'repl'") != std::string::npos);
    CHECK(std::string(e.what()).find("1045") != std::string::npos);
    CHECK_FALSE(e.remedy().empty());
  }
  CHECK_FALSE(deadline.expired());

  channel.start("repl", password);
  CHECK(channel.waitUntilRunning(soon()).state == ChannelState::running);
}

TEST_CASE("purged logs of the source end the wait at once and ask for a resync") {
  MysqlServer source({.options = gtids}), replica({.options = gtids});
  Session sourceSession = source.root(), session = replica.root();
  createReplicationAccount(sourceSession);
  const Coordinates from = emptyStart(sourceSession, session, true);
  writeRows(sourceSession);
  sourceSession.execute("FLUSH BINARY LOGS");
  sourceSession.execute("PURGE BINARY LOGS TO ?",
                        sourceSession.query(std::string_view("SHOW BINARY LOG STATUS")).front().text("File"));
  Channel channel(session);
  channel.configure(sourceOf(source), from);
  channel.start("repl", password);
  CHECK_THROWS_AS(channel.waitUntilRunning(Deadline::in(Seconds(60))), Error);
  const ChannelStatus status = channel.status();
  CHECK(status.state == ChannelState::broken);
  CHECK(status.needsResync);
}

TEST_CASE("a subset of databases follows exactly these, also by statements from other databases") {
  MysqlServer source({.options = gtids}), replica({.options = gtids});
  Session sourceSession = source.root(), session = replica.root();
  createReplicationAccount(sourceSession);
  ChannelSource subset = sourceOf(source);
  subset.databases = {"my_shop"};
  Channel channel(session);
  channel.configure(subset, emptyStart(sourceSession, session, true));
  channel.start("repl", password);
  channel.waitUntilRunning(soon());
  for (const char* name : {"my_shop", "myXshop", "other"}) {
    sourceSession.execute("CREATE DATABASE !", name);
    sourceSession.execute("CREATE TABLE !.t (id INT PRIMARY KEY)", name);
  }
  sourceSession.execute("USE other");
  sourceSession.execute("INSERT INTO my_shop.t VALUES (1)");
  sourceSession.execute("USE my_shop");
  sourceSession.execute("INSERT INTO other.t VALUES (1)");
  channel.waitForGtids(currentCoordinates(sourceSession).gtids, soon());
  CHECK(session.number("SELECT COUNT(*) FROM my_shop.t") == 1);
  CHECK(session.number(
            "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name IN ('other', 'myXshop')") ==
        0);
}

TEST_CASE("a transaction that blocks the stop ends in exit code 25 that tells what still runs") {
  MysqlServer source({.options = with(noGtids, {"binlog-format=STATEMENT"})}), replica({.options = noGtids});
  Session sourceSession = source.root(), session = replica.root();
  createReplicationAccount(sourceSession);
  Channel channel(session);
  channel.configure(sourceOf(source), emptyStart(sourceSession, session, false));
  channel.start("repl", password);
  channel.waitUntilRunning(soon());
  writeRows(sourceSession);
  sourceSession.execute("CREATE TABLE shop.m (id INT PRIMARY KEY) ENGINE=MyISAM");
  channel.waitForPosition(*currentCoordinates(sourceSession).position, soon());
  channel.stopApplier(replica.rootOptions(), soon());
  session.execute("SET GLOBAL innodb_lock_wait_timeout = 100");
  channel.startApplier();
  Session blocker = replica.root();
  blocker.execute("BEGIN");
  blocker.query("SELECT * FROM shop.t WHERE id = 3 FOR UPDATE");
  // What it wrote into m cannot be rolled back: the applier must come to this transaction's end.
  for (const char* statement :
       {"BEGIN", "UPDATE shop.t SET id = 5 WHERE id = 1", "INSERT INTO shop.m VALUES (1)",
        "UPDATE shop.t SET id = 4 WHERE id = 3", "COMMIT"})
    sourceSession.execute(std::string_view(statement));
  REQUIRE(waitUntil(soon(), [&] {
    return session.number(
               "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'") == 1;
  }));
  const auto before = session.variable("rpl_stop_replica_timeout");
  try {
    channel.stop(replica.rootOptions(), Deadline::in(Seconds(3)));
    FAIL("the blocked applier stopped");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::timeout);
    CHECK(std::string(e.what()).find("applier still runs") != std::string::npos);
  }
  CHECK(session.variable("rpl_stop_replica_timeout") == before);
  blocker.execute("ROLLBACK");
  channel.stop(replica.rootOptions(), soon());
  CHECK(channel.status().state == ChannelState::stopped);
}
