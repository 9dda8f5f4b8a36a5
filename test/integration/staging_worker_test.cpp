#include "base/files.h"
#include "base/text.h"
#include "mysql/sql.h"
#include "replication/channel.h"
#include "staging_support.h"
#include "support/catch.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

bool contains(const Json& text, std::string_view words) {
  return text.get<std::string>().find(words) != std::string::npos;
}

bool reaches(const StagingBed& bed, const std::function<bool(const ChannelStatus&)>& condition) {
  return waitUntil(Deadline::in(Seconds(90)), [&] {
    Session session = bed.staging();
    return condition(Channel(session).status());
  });
}

void cutReplicas(Session& source) {
  for (const Row& row : source.query(std::string_view(
           "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'")))
    source.execute("KILL " + row.text("id"));
}

void addRow(const StagingBed& bed, const std::string& id) {
  bed.source.root().execute("INSERT INTO shop.seen VALUES (" + id + ", NULL)");
}

}  // namespace

TEST_CASE("the worker lives through a cut connection, a stopped source and a changed password") {
  StagingBed bed;
  bed.source.root().execute("CREATE TABLE shop.seen (id INT PRIMARY KEY, load_ LONGBLOB)");
  bed.expect(0, "init");

  Session source = bed.source.root();
  cutReplicas(source);
  addRow(bed, "1");
  bed.catchUp();
  CHECK(bed.expect(0, "worker")["state"] == "running");
  {
    Session blocker = bed.staging();
    blocker.execute("LOCK TABLES shop.seen READ");
    addRow(bed, "7");
    REQUIRE(reaches(bed, [](const ChannelStatus& now) { return now.lagTransactions.value_or(0) > 0; }));
    CHECK(bed.expect(25, "replication wait", {"--for-lag", "0s", "--timeout", "2s"})["name"] == "timeout");
    bed.expect(0, "replication wait", {"--for-lag", "1h"});
    blocker.execute("UNLOCK TABLES");
  }
  bed.expect(0, "replication wait", {"--for-lag", "0s"});

  bed.source.stop();
  REQUIRE(reaches(bed, [](const ChannelStatus& now) { return now.state == ChannelState::connecting; }));
  const Json away = bed.expect(22, "worker", {"--timeout", "2s"});
  CHECK(contains(away["remedy"], "source runs"));
  bed.source.start();
  CHECK(bed.expect(0, "worker")["state"] == "running");

  Session again = bed.source.root();
  again.execute("ALTER USER 'dlpx'@'%' IDENTIFIED BY 'rotated'");
  cutReplicas(again);
  REQUIRE(reaches(bed, [](const ChannelStatus& now) { return now.errorNumber == 1045; }));
  CHECK(contains(bed.expect(22, "worker")["remedy"], "password"));
  bed.setSourcePassword("rotated");
  CHECK(bed.expect(0, "worker")["state"] == "running");
  addRow(bed, "2");
  bed.catchUp();
  CHECK(bed.staging().number("SELECT COUNT(*) FROM shop.seen") == 3);
}

TEST_CASE("the worker names a resync where nothing else helps: a duplicate key, purged logs") {
  StagingBed bed;
  bed.source.root().execute("CREATE TABLE shop.seen (id INT PRIMARY KEY, load_ LONGBLOB)");
  bed.expect(0, "init");
  {
    Session staging = bed.staging();
    staging.execute("SET GLOBAL super_read_only = 0");
    staging.execute("SET SESSION sql_log_bin = 0");
    staging.execute("INSERT INTO shop.seen VALUES (1, NULL)");
    staging.execute("SET GLOBAL super_read_only = 1");
  }
  addRow(bed, "1");
  REQUIRE(reaches(bed, [](const ChannelStatus& now) { return now.errorNumber == 1062; }));
  CHECK(contains(bed.expect(22, "worker")["remedy"], "resync"));
  const Json broken = bed.expect(0, "status")["replication"];
  CHECK(broken["state"] == "broken");
  CHECK(broken["errorNumber"] == 1062);
  CHECK(broken["applier"] == "stopped");
  CHECK(broken["needsResync"] == true);
  CHECK(broken.contains("lagSeconds"));
  CHECK(broken["lagTransactions"] == 1);
  {
    Session staging = bed.staging();
    staging.execute("SET GLOBAL super_read_only = 0");
    staging.execute("SET SESSION sql_log_bin = 0");
    staging.execute("DELETE FROM shop.seen");
    staging.execute("SET GLOBAL super_read_only = 1");
  }
  CHECK(bed.expect(0, "replication start")["state"] == "running");

  bed.expect(0, "replication stop");
  Session source = bed.source.root();
  addRow(bed, "2");
  source.execute("FLUSH BINARY LOGS");
  const std::string current = source.query(std::string_view("SHOW BINARY LOG STATUS")).front().text("File");
  source.execute(sql("PURGE BINARY LOGS TO ?", current));
  const Json purged = bed.expect(22, "worker");
  CHECK(contains(purged["message"], "purged"));
  CHECK(contains(purged["remedy"], "resync"));
  CHECK(bed.expect(0, "status")["replication"]["needsResync"] == true);
}

TEST_CASE("the worker tells a full disk, and goes on when there is room again") {
  StagingBed bed;
  const SmallDisk disk(bed);
  bed.source.root().execute("CREATE TABLE shop.seen (id INT PRIMARY KEY, load_ LONGBLOB)");
  bed.expect(0, "init");
  disk.leave(16 << 20);
  for (int i = 1; i <= 24; ++i)
    bed.source.root().execute("INSERT INTO shop.seen VALUES (" + std::to_string(i) +
                              ", REPEAT('x', 1024 * 1024))");
  const Json full = bed.expect(28, "worker");
  CHECK(contains(full["remedy"], "space"));
  CHECK(contains(bed.expect(28, "worker")["message"], "left"));
  disk.leave(256 << 20);
  CHECK(bed.expect(0, "worker")["state"] == "running");
  bed.catchUp();
  CHECK(bed.staging().number("SELECT COUNT(*) FROM shop.seen") == 24);
  bed.expect(0, "stop");
}
